#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/calibrate/job_series.hpp"
#include "sim/calibrate/outages.hpp"

// Where capacity can be seen. While a job keeps up, it achieves what is offered, whatever it could do: that
// is a lower bound. Only while something waits does it do what it can:
//
//   waiting(t)   latency(t) > 3 times its median over the rows in which achieved = offered (to 5 %);
//                without latencies: achieved(t) differs from the measured offered rate by more than 5 %
//
// outside of outages and the meter's window behind them. Runs of less than 10 rows are noise.

namespace weir::calibrate {

struct Window {
  std::size_t from = 0, to = 0;  // rows; to is behind the last
  std::size_t rows() const { return to - from; }
};

struct Seen {
  std::vector<bool> waiting;       // of each row
  std::vector<Window> catch_up;    // its runs
  double calm_latency_s = 0;       // the median where the job keeps up; 0: not recorded
  double calm_achieved_per_s = 0;  // the 99th percentile there: capacity is no less

  // Of the catch-up windows before `row`, cut there.
  std::size_t windows_before(std::size_t row) const;
  std::size_t rows_before(std::size_t row) const;
};

// Of the medians, only rows before `train_rows` count.
Seen find_catch_up(const JobSeries& series, std::span<const Outage> outages, std::size_t window_rows,
                   std::size_t train_rows);

}  // namespace weir::calibrate
