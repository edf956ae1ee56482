#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

// Measurements on machines that are shared and noisy.
//
//   alternate({weir, baseline}, rounds)  ──▶  weir, baseline, weir, baseline, …  ──▶  medians, and their
//   ratio
//
// Each measurement is a process of its own: SimGrid's engine is a singleton, and no measurement may warm up
// another's allocator. The sides of a comparison take turns, so that both see the same neighbours; only their
// ratio means anything. Time is processor time of the process, which other tenants disturb least.

namespace weir::bench {

struct Sample {
  double cpu_s = 0;   // of the measured part
  double wall_s = 0;  // of the same
  double work = 0;    // how many of whatever is counted were done in it
  double peak_rss_mib = 0;
  double value = 0;  // anything else that the measurement wants to tell
  std::array<double, 8> values{};
};

// Times the part of a measurement between its making and finish().
class Stopwatch {
 public:
  Stopwatch();
  Sample finish(double work) const;

 private:
  double cpu_s_;
  double wall_s_;
};

using Measurement = std::function<Sample()>;

// In a child process. Throws std::runtime_error when the child did not come to its end.
Sample run_apart(const Measurement& measurement);

// `rounds` samples of each side, taken in turn; after a first round that does not count when rounds > 1.
std::vector<std::vector<Sample>> alternate(const std::vector<Measurement>& sides, int rounds);

double median(std::vector<double> values);
double median_rate(const std::vector<Sample>& samples);  // work per second of processor time
double median_of(const std::vector<Sample>& samples, double Sample::*member);
// Median over rounds of rate(a) / rate(b).
double median_ratio(const std::vector<Sample>& a, const std::vector<Sample>& b);

// The table that a run of the benchmarks prints: what was measured, how much, and against which aim.
class Report {
 public:
  void heading(const std::string& title);
  void line(const std::string& what, const std::string& measured, const std::string& aim = {});
  // A comparison with an aim: "at least" (or, with `most`, at most) `aim`.
  void ratio(const std::string& what, double measured, double aim, bool most = false);
  int missed() const { return missed_; }

 private:
  int missed_ = 0;
};

std::string rate_text(double per_s);  // "3.21 M/s"

}  // namespace weir::bench
