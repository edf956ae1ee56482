#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "sim/cli/version_text.hpp"
#include "tests/bench/accuracy_workloads.hpp"
#include "tests/bench/scenario_run.hpp"

// What batches cost in accuracy, and what they save: the table of docs/accuracy.md.
//
//   weir_accuracy [--seeds N] [--smoke] [--only PART-OF-NAME] [--into FILE]
//
// Each workload runs as finely as it can, record by record, and then in batches, with the same seeds; errors
// are relative to the finest run of the same seed, so that the noise of one seed is largely common to both.
// With
// --into, the table replaces what stands between the two markers of that file.

namespace weir::bench {

namespace {

constexpr int measures = 5;
const std::array<const char*, measures> measure_names = {"mean", "p50", "p95", "p99", "throughput"};

struct Outcome {
  std::array<double, measures> values{};  // latencies in s; throughput in records/s
  double events = 0;
  double cpu_s = 0;
};

Outcome outcome_of(const RunSummary& summary, const Sample& sample) {
  const JobSummary& job = summary.jobs[0];
  Outcome outcome;
  outcome.values = {job.latency.mean_s.value_or(0), job.latency.p50_s.value_or(0),
                    job.latency.p95_s.value_or(0), job.latency.p99_s.value_or(0),
                    static_cast<double>(job.conservation.delivered) / summary.simulated_s};
  outcome.events = sample.work;
  outcome.cpu_s = sample.cpu_s;
  return outcome;
}

// As numbers through the pipe of a child process: one measure a run would be five runs.
Outcome run(const AccuracyWorkload& workload, const Dial& dial, std::uint64_t seed, bool smoke) {
  const LoadedScenario scenario = scenario_of_text(workload.scenario(dial, seed, smoke));
  Outcome outcome;
  const Sample sample = run_apart([&] {
    const TimedRun timed = timed_run(scenario, false);
    Sample told = timed.sample;
    const Outcome o = outcome_of(timed.summary, timed.sample);
    std::copy(o.values.begin(), o.values.end(), told.values.begin());
    return told;
  });
  std::copy_n(sample.values.begin(), measures, outcome.values.begin());
  outcome.events = sample.work;
  outcome.cpu_s = sample.cpu_s;
  return outcome;
}

struct Spread {
  double mean = 0;
  double half_width = 0;  // of the 95 % confidence interval
};

// Student's t for 95 %, two-sided.
double t_quantile(std::size_t freedom) {
  constexpr std::array<double, 10> table = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23};
  return freedom == 0 ? 0 : freedom <= table.size() ? table[freedom - 1] : 2.0;
}

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) spread.mean += v / n;
  double squares = 0;
  for (const double v : values) squares += (v - spread.mean) * (v - spread.mean);
  if (values.size() > 1) spread.half_width = t_quantile(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
  return spread;
}

std::string error_text(const Spread& error) {
  return fmt::format("{:+.2f} ± {:.2f}", 100 * error.mean, 100 * error.half_width);
}

std::string table_of(const AccuracyWorkload& workload, int seeds, bool smoke) {
  std::string text = fmt::format("\n### {}\n\n{}\n\n", workload.name, workload.description);
  std::vector<Outcome> exact;
  for (int seed = 1; seed <= seeds; ++seed) exact.push_back(run(workload, workload.finest, seed, smoke));
  std::array<std::vector<double>, measures> values;
  for (const Outcome& outcome : exact) {
    for (int m = 0; m < measures; ++m) values[m].push_back(outcome.values[m]);
  }
  text += fmt::format(
      "Record by record: latency mean {:.3f} ms, p50 {:.3f} ms, p95 {:.3f} ms, p99 {:.3f} ms; {:.0f} "
      "records/s delivered.\n\n",
      1e3 * spread_of(values[0]).mean, 1e3 * spread_of(values[1]).mean, 1e3 * spread_of(values[2]).mean,
      1e3 * spread_of(values[3]).mean, spread_of(values[4]).mean);
  text +=
      "| batch | span, ms | error of the mean, % | p50, % | p95, % | p99, % | throughput, % | fewer events | "
      "less processor time |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const Dial& dial : workload.dials) {
    std::array<std::vector<double>, measures> errors;
    std::vector<double> fewer_events, less_time;
    for (int seed = 1; seed <= seeds; ++seed) {
      const Outcome& reference = exact[seed - 1];
      const Outcome outcome = run(workload, dial, seed, smoke);
      for (int m = 0; m < measures; ++m) errors[m].push_back(outcome.values[m] / reference.values[m] - 1);
      fewer_events.push_back(reference.events / outcome.events);
      less_time.push_back(reference.cpu_s / outcome.cpu_s);
    }
    text += fmt::format("| {} | {:g} |", dial.batch_records, dial.batch_span_ms);
    for (int m = 0; m < measures; ++m) text += " " + error_text(spread_of(errors[m])) + " |";
    text += fmt::format(" {:.1f}× | {:.1f}× |\n", median(fewer_events), median(less_time));
  }
  return text;
}

const std::string begin_marker = "<!-- table: begin (written by weir_accuracy) -->\n";
const std::string end_marker = "<!-- table: end -->\n";

void write_into(const std::string& path, const std::string& table) {
  std::ifstream in(path);
  std::stringstream read;
  read << in.rdbuf();
  std::string text = read.str();
  const std::size_t begin = text.find(begin_marker);
  const std::size_t end = text.find(end_marker);
  if (!in || begin == std::string::npos || end == std::string::npos || end < begin) {
    throw std::runtime_error(path + ": no place for the table");
  }
  const std::size_t from = begin + begin_marker.size();
  text.replace(from, end - from, table);
  std::ofstream(path) << text;
}

}  // namespace

int accuracy_main(int seeds, bool smoke, const std::string& only, const std::string& into) {
  const std::time_t now = std::time(nullptr);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d", std::gmtime(&now));
  std::string text = fmt::format("\nMeasured on {} with {}; {} seeds, mean and 95 % confidence.\n",
                                 date.data(), version_line(), seeds);
  for (const AccuracyWorkload& workload : accuracy_workloads()) {
    if (workload.name.find(only) == std::string::npos) continue;
    const std::string table = table_of(workload, seeds, smoke);
    fmt::print("{}", table);
    std::fflush(stdout);
    text += table;
  }
  if (!into.empty()) write_into(into, text + "\n");
  return 0;
}

}  // namespace weir::bench

int main(int argc, char** argv) {
  int seeds = 5;
  bool smoke = false;
  std::string only, into;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--smoke") {
      smoke = true;
      seeds = 1;
    } else if (argument == "--seeds" && i + 1 < argc) {
      seeds = std::max(1, std::atoi(argv[++i]));
    } else if (argument == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else if (argument == "--into" && i + 1 < argc) {
      into = argv[++i];
    } else {
      std::fprintf(stderr,
                   "usage: weir_accuracy [--seeds N] [--smoke] [--only PART-OF-NAME] [--into FILE]\n");
      return 2;
    }
  }
  try {
    return weir::bench::accuracy_main(seeds, smoke, only, into);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
