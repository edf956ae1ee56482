#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/calibrate/job_series.hpp"
#include "sim/calibrate/outages.hpp"

// The model of a job that is fitted: a fluid queue with one parameter of capacity, and what can be added.
//
//   offered(t) ──▶ [ what waits, first in first out ] ──▶ achieved(t) <= capacity(p)
//
//   capacity(p) = p * rate / (1 + sigma (p - 1))          (ContentionSpec of a scenario, kappa = 0)
//
// During an outage nothing is achieved; at its end the input since `replay_s` before its begin is read again
// (what a checkpoint does not cover). With an imbalance, the shares of the p instances rise linearly from
// 1 - imbalance to 1 + imbalance times even (the key law `tilted` of a scenario), and each has a queue of its
// own.
//
// What comes out is as it would be recorded: rates and latencies over the trailing window of the meters.

namespace weir::calibrate {

struct JobModel {
  double rate_per_s = 0;  // of one instance that is alone
  double sigma = 0;
  double imbalance = 0;  // 0 ... 1
  double replay_s = 0;
  double floor_s = 0;  // latency without a queue

  double capacity_per_s(double workers) const { return workers * rate_per_s / (1 + sigma * (workers - 1)); }
};

struct JobPrediction {
  std::vector<double> achieved_per_s;
  std::vector<double> latency_s;  // 95th percentile over what comes out in a row
};

class JobQueue {
 public:
  // `workers` instead of the recorded ones, if not 0.
  JobQueue(const JobSeries& series, std::span<const Outage> outages, std::size_t window_rows,
           double workers = 0);
  // As recorded: over the window.
  JobPrediction predict(const JobModel& model, std::size_t rows) const;
  // The rate only, which is all that a fit needs.
  std::vector<double> achieved(const JobModel& model, std::size_t rows) const;

 private:
  struct Group;
  void run(const JobModel& model, std::size_t rows, JobPrediction& out, bool latencies) const;
  double workers_at(std::size_t row) const;

  const JobSeries& series_;
  std::vector<Outage> outages_;
  std::size_t window_rows_;
  double workers_;
  std::vector<double> offered_before_;  // records offered before the begin of each row, and of the end
  std::vector<double> up_share_;        // of each row, in which the job ran
  std::vector<int> restart_;            // outage that ends in the row; -1: none
};

}  // namespace weir::calibrate
