#include "sim/kernel/queueing.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"

namespace weir {

namespace {

// A bulk is served like one record that takes as long as all of them.
struct Bulks {
  double size, service, service_scv, arrival_scv;
};

Bulks bulks(const QueueLoad& load) {
  const double size = 1 + load.companions;
  return {size, size * load.service, load.service_scv / size, load.arrival_scv / size};
}

// Work minus time, from one arrival to the next: its drift squared over its variance.
double drift_over_spread(const QueueLoad& load, const Bulks& bulk) {
  const double rho = load.utilization;
  return (1 - rho) * (1 - rho) / std::max(1e-9, bulk.arrival_scv + rho * rho * bulk.service_scv);
}

// Of the mean of the maximum of a Brownian motion with negative drift, the share that is seen at points y
// apart, in units of variance over drift squared. By Spitzer's identity ("A combinatorial lemma and its
// application to probability theory", Trans. AMS 82, 1956) it is
//   2 sum over j of sqrt(y / j) E[(N - sqrt(j y))^+],   N standard normal;
// this is within 0.001 of it. 1.1652 is -zeta(1/2) sqrt(2 / pi) (Chernoff 1965), the rest fitted to the sum.
double seen_at_points(double y) {
  const double root = std::sqrt(y);
  return math_exp(-1.1652 * root - (0.18 + 0.031 * root) * y);
}

}  // namespace

Cumulants waiting_time(const QueueLoad& load) {
  WEIR_ASSERT(load.utilization >= 0 && load.utilization < 1, "a queue that never ends");
  const Bulks bulk = bulks(load);
  if (!(load.utilization > 0) || !(bulk.arrival_scv + bulk.service_scv > 1e-9)) return {};
  // Waits depend on services minus gaps alone (Lindley), so what both have at least can be left out of both.
  const double common = std::min(load.gap_min, bulk.service * shortest_service(bulk.service_scv));
  const double service = bulk.service - common;
  if (service < 1e-3 * bulk.service) return {};
  const double whole_gap = bulk.service / load.utilization;
  const double gap = whole_gap - common;
  const double rho = service / gap;
  const double stretch = bulk.service / service;
  const double ca = bulk.arrival_scv * (whole_gap / gap) * (whole_gap / gap);
  const double cs = bulk.service_scv * stretch * stretch;
  const double correction =
      ca < 1 ? math_exp(-2 * (1 - rho) * (1 - ca) * (1 - ca) / (3 * rho * (ca + cs))) : 1;
  const double mean = service * rho * (ca + cs) * correction / (2 * (1 - rho));
  const double h = ca <= 1 ? (1 + ca + rho * cs) / (1 + rho * (cs - 1) + rho * rho * (4 * ca + cs))
                           : 4 * rho / (ca + rho * rho * (4 * ca + cs));
  const double waits = std::clamp(rho + (ca - 1) * rho * (1 - rho) * h, 0.01, 1.0);
  // Of those that wait: mean / waits, and this squared coefficient of variation; the third moment as a gamma.
  const double service_cubed =
      1 + 3 * cs + load.service_third / (bulk.size * bulk.size) * stretch * stretch * stretch;
  const double scv = std::max(0.0, 2 * rho - 1 + 4 * (1 - rho) * service_cubed / (3 * (cs + 1) * (cs + 1)));
  const double second = mean * mean * (1 + scv) / waits;
  const double third = mean * mean * mean * (1 + scv) * (1 + 2 * scv) / (waits * waits);
  return {mean, second - mean * mean, third - 3 * mean * second + 2 * mean * mean * mean};
}

double shortest_service(double service_scv) {
  return std::max(0.0, 1 - std::sqrt(3 * service_scv));
}

Cumulants waiting_within_bulk(const QueueLoad& load) {
  const double u = load.companions;
  const double s = load.service;
  // Below one companion the bulks are singles and pairs: so many are second.
  const double second = 0.5 * u;
  const double spread = u < 1 ? second * (1 - second) : u * (u + 2) / 12;
  const double third = u < 1 ? second * (1 - second) * (1 - 2 * second) : 0;
  return {second * s, (spread + second * load.service_scv) * s * s,
          (third + second * load.service_third) * s * s * s};
}

double waiting_seen(const QueueLoad& load, double arrivals) {
  const Bulks bulk = bulks(load);
  if (arrivals <= bulk.size) return 1;
  const double y = drift_over_spread(load, bulk);
  return std::min(1.0, seen_at_points(y * arrivals / bulk.size) / seen_at_points(y));
}

double relaxation_arrivals(const QueueLoad& load) {
  const Bulks bulk = bulks(load);
  return bulk.size / drift_over_spread(load, bulk);
}

double weight_of_arrivals(double relaxations) {
  return 1 - 1 / (1 + 0.82 * std::sqrt(relaxations) + 1.18 * relaxations);
}

double superposed_scv(const QueueLoad& load, double scv, double concentration) {
  const double idle = 1 - load.utilization;
  const double weight = 1 / (1 + 4 * idle * idle * (1 / std::clamp(concentration, 1e-6, 1.0) - 1));
  return weight * scv + (1 - weight) * (1 + load.companions);
}

// ---------------------------------------------------------------- the gamma distribution

namespace {

// Stirling's series (Abramowitz and Stegun, Handbook of Mathematical Functions, 6.1.41), moved up to where it
// converges.
double log_gamma(double x) {
  double product = 1;
  for (; x < 8; ++x) product *= x;
  const double inverse = 1 / x, square = inverse * inverse;
  const double series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
  return (x - 0.5) * math_log(x) - x + 0.9189385332046727 + series - math_log(product);
}

}  // namespace

void gamma_table(double shape, double step, std::span<double> below) {
  WEIR_ASSERT(shape > 0 && step > 0 && below.size() > 1, "a gamma distribution without a shape, or no table");
  const double log_whole = log_gamma(shape);
  const auto density = [&](double x) { return math_exp((shape - 1) * math_log(x) - x - log_whole); };
  // The density may be infinite at 0: there by its series (6.5.29). Then by Simpson's rule.
  double term = 1 / shape, series = term;
  for (double k = shape + 1; term > 1e-9 * series; ++k) series += term *= step / k;
  below[0] = 0;
  below[1] = step * density(step) * series;
  double left = density(step);
  for (std::size_t i = 2; i < below.size(); ++i) {
    const double x = static_cast<double>(i) * step;
    const double right = density(x);
    below[i] = below[i - 1] + step / 6 * (left + 4 * density(x - 0.5 * step) + right);
    left = right;
  }
  for (double& share : below) share /= below.back();
}

}  // namespace weir
