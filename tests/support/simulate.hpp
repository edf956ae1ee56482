#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Runs scenarios from tests, each in a child of its own (SimGrid's engine is a singleton), two at a time.
//
//   text, seed ──fork──▶ load_scenario_text + simulate ──pipe──▶ JSON:
//     { "summary":   the content of summary.json,
//       "instances": [ by operator: [ { "records_in", "records_out", "arrived", "suppressed", "lost",
//       "queue",
//                      "useful_ns", "waiting_ns", "blocked_ns", "overhead_ns",
//                      "backpressure_ns" } ] ],   of the first job
//       "latency":   { "count", "mean_ns", "min_ns", "max_ns", "buckets": [ [from_ns, count] … ] },
//       "windows":   [ … ]  if asked for
//       "trace":     { "instances": as above, but the _ns only, as the program activity graph has them,
//       "converting_ns" (serialization and deserialization), "uncaused" (who waited goes on without a
//       message), "windows",
//                      "without_path", "cp_sum_min", "cp_sum_max", "left_out" }  if asked for
//       "error":     "…"    instead of all, if the run threw }

namespace weir::test {

struct Run {
  std::string scenario;  // JSON text
  std::uint64_t seed = 1;
  bool lookahead = true;
  bool windows = false;
  bool trace = false;
  std::vector<std::string> sets = {};  // path.to.key=VALUE
};

nlohmann::json run(const Run& what);
// The same for many, in their order.
std::vector<nlohmann::json> run_all(const std::vector<Run>& runs);
// Runs `work` in a forked child and returns what it returned.
nlohmann::json in_child(const std::function<nlohmann::json()>& work);

// A mean with its confidence interval, from independent replications (Student's t).
struct Estimate {
  double mean = 0;
  double half_width = 0;
  double low() const { return mean - half_width; }
  double high() const { return mean + half_width; }
  bool covers(double value) const { return low() <= value && value <= high(); }
};
inline constexpr double confidence = 0.999;
Estimate estimate(const std::vector<double>& replications);

// The mean latency, in s, of the records that came out in windows that end after `from_s`.
double mean_latency_s(const nlohmann::json& result, double from_s);
// Means over the same windows. `share`: "useful_s", "waiting_s", "blocked_s", "overhead_s", as share of time
// and mean over instances. `rate`: "records_in" or "records_out" per second, sum over instances. Queue: mean
// of the records that waited when a window ended, sum over instances.
double mean_share(const nlohmann::json& result, int operator_id, const std::string& use, double from_s);
double mean_rate_per_s(const nlohmann::json& result, int operator_id, const std::string& counter,
                       double from_s);
double mean_queue(const nlohmann::json& result, int operator_id, double from_s);

// Replications of one scenario with windows, seeds first_seed, first_seed + 1, …; fails the test on errors
// and failed self-checks.
std::vector<nlohmann::json> replicate(const std::string& scenario, int replications,
                                      std::uint64_t first_seed = 1);

}  // namespace weir::test
