#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/calibrate/job_series.hpp"
#include "sim/scenario/errors.hpp"

// Times in which a job stood still. They are an input of the calibration, not something that it predicts.
//
// The rule, which looks at rates only (latencies are left for the prediction):
//
//   prior(t)  median of the achieved rate over the window before the fall can have begun
//   down(t)   achieved(t) < (1 - drop) * min(prior(t), trailing mean of the offered rate)
//
// A run of rows that are down is one outage. Where the meter's window is W, a job that stops at s falls below
// (1 - drop) of its rate at s + drop * W, and if it stands still for D < W, the least that is recorded is
// (1 - D / W) of its rate. So
//
//   s = first row that is down - drop * W,    D = W (1 - least / prior),
//
// and if hardly anything is left (under 5 %), the end is where it ceases to be so. Rows with less than
// `load_min` of the largest recorded load say nothing. A run of more than 3 W that never comes near to
// nothing is a job that got slower, not one that stood still: it is told, and is no outage.

namespace weir::calibrate {

struct Outage {
  double start_s = 0, end_s = 0;
  double duration_s() const { return end_s - start_s; }
};

struct OutageRule {
  double drop = 0.25;      // share of its rate that a job must have lost
  double load_min = 0.01;  // of the largest load, below which rows say nothing
};

struct Outages {
  std::vector<Outage> found;  // by time, apart from each other
  std::size_t slow = 0;       // falls of another kind: the job got slower
};

Outages find_outages(const JobSeries& series, std::size_t window_rows, const OutageRule& rule);

// From a table start_s,end_s in seconds since the first row.
std::vector<Outage> read_outages(const std::string& path, Errors& errors);

}  // namespace weir::calibrate
