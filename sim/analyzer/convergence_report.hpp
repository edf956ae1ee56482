#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/analyzer/convergence.hpp"

// Convergence reports, for people and for programs.

namespace weir::analyzer {

struct ConvergenceReport {
  RunMetrics run;
  ConvergenceOptions options;
  std::vector<Convergence> jobs;  // as in run.jobs
};

ConvergenceReport convergence_report(RunMetrics run, const ConvergenceOptions& options = {});

// A sentence for each finding, then the steps with their costs.
std::string convergence_text(const ConvergenceReport& report);
// Several runs side by side, with the ratios to the first one.
std::string comparison_text(const std::vector<ConvergenceReport>& reports);

// { run, scenario, seed, complete, simulated_s, slo: {…}, jobs: { name: { policy, engine, sentences, steps:
// […],
//   operators: {…}, and the quantities of the CSV by name; null where unknown } }, published: [ … ] }
nlohmann::ordered_json convergence_json(const ConvergenceReport& report);
// { runs: [ the above … ], comparison: [ { quantity, unit, values, ratios, published, published_ratios } ] }
nlohmann::ordered_json comparison_json(const std::vector<ConvergenceReport>& reports);

// run,job,policy,quantity,unit,value,published,calibrated: a line for each quantity of each job.
std::string convergence_csv(const std::vector<ConvergenceReport>& reports);

}  // namespace weir::analyzer
