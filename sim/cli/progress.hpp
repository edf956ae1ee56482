#pragma once

#include <chrono>
#include <string>

// The line that a run shows on a terminal: how far it is, how much faster than real time, how long it will
// take. Drawn on stderr, at most ten times a second, and wiped at the end.

namespace weir {

// `  42 % [████████            ] 252 s of 600 s, 1.2 k× real time, 3 s left`, cut to `columns`.
std::string progress_line(double simulated_s, double until_s, double wall_s, int columns);

class ProgressBar {
 public:
  explicit ProgressBar(bool shown);
  ~ProgressBar() { wipe(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(double simulated_s, double until_s);
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;
};

}  // namespace weir
