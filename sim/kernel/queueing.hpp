#pragma once

#include <span>

// Waiting times of a single server by formula: what records of one batch, whose queueing among themselves a
// batch cannot show, wait on average and how that spreads (see sim/dataflow/unseen.hpp).
//
// Two-moment approximations of W. Whitt, "The queueing network analyzer", Bell System Technical Journal
// 62(9), 1983, section 5, with the correction of W. Kraemer and M. Langenbach-Belz, "Approximate formulae for
// the delay in the queueing system GI/G/1", 8th International Teletraffic Congress, 1976. Exact for Poisson
// arrivals (Pollaczek and Khinchine; also of bulks of one size) up to the second moment.

namespace weir {

// Of a distribution: mean, variance, third central moment. Those of independent sums add up.
struct Cumulants {
  double mean = 0;
  double variance = 0;
  double third = 0;
};

struct QueueLoad {
  double utilization = 0;    // 0 ... 1, below 1
  double service = 0;        // mean time of one record
  double service_scv = 0;    // variance over mean squared
  double service_third = 0;  // third central moment over mean cubed
  double arrival_scv = 1;    // of the records; of bulks of b records each b times that of the bulks
  double gap_min = 0;        // between one record, or bulk, and the next
  double companions = 0;     // how many others come at the same instant as a record, on average: b - 1
};

// The time that a record waits until those before it are served, those of its own bulk left out.
Cumulants waiting_time(const QueueLoad& load);

// The time that a record waits for those of its own bulk.
Cumulants waiting_within_bulk(const QueueLoad& load);

// How much of the mean wait shows if the queue is looked at only every so many arrivals (>= 0; up to one
// bulk: all).
double waiting_seen(const QueueLoad& load, double arrivals);

// How many arrivals it takes a queue to forget, in order of magnitude.
double relaxation_arrivals(const QueueLoad& load);

// The shortest service over the mean one: as if it were distributed evenly.
double shortest_service(double service_scv);

// Departures are spaced like arrivals over times long against the relaxation of the queue, and like services
// over short ones. The weight of the arrivals over a time of so many relaxations: that of reflected Brownian
// motion, W. Whitt and W. You, "A robust queueing network analyzer based on indices of dispersion", Naval
// Research Logistics 69(1), 2022, equation 27, within 0.03.
double weight_of_arrivals(double relaxations);

// Of several independent streams together, each with a part of the rate; `concentration` is the sum of the
// squares of these parts (1 for one stream), `scv` their mean.
double superposed_scv(const QueueLoad& load, double scv, double concentration);

// A gamma distribution of mean and variance `shape`: the shares below 0, step, 2 step, … The last is 1.
void gamma_table(double shape, double step, std::span<double> below);

}  // namespace weir
