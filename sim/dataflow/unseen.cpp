#include "sim/dataflow/unseen.hpp"

namespace weir {

namespace {

// Above, the load is not stationary for long enough to have a meaning, and a backlog tells more.
constexpr double utilization_max = 0.98;

// Times within which a queue is built up, in times within which it forgets. Fitted, once, to queues of equal
// load in line (D/M/1 to M/1, at loads of 0.7 and 0.9): see docs/decisions/batches.md.
constexpr double relaxations_seen = 0.75;

Cumulants scaled(const Cumulants& c, double share) {
  return {share * c.mean, share * share * c.variance, share * share * share * c.third};
}

}  // namespace

double Spacing::scv_over(double time_ns) const {
  if (relaxation_ns <= 0) return scv;
  const double weight = std::max(idle, weight_of_arrivals(relaxations_seen * time_ns / relaxation_ns));
  return weight * scv + (1 - weight) * served_scv;
}

Spacing Spacing::drawn(double share) const {
  Spacing part = *this;
  part.scv = 1 - share + share * scv;
  part.served_scv = 1 - share + share * served_scv;
  part.companions = share * companions;
  return part;
}

Spacing Spacing::in_turn(double share) const {
  Spacing part = *this;
  part.scv = share * scv;
  part.served_scv = share * served_scv;
  // Bulks are dealt in parts of two sizes that differ by one; what is less than one, whole to one or other.
  const double bulk = share * (1 + companions);
  const auto least = static_cast<double>(static_cast<std::int64_t>(bulk));
  part.companions = bulk <= 1 ? 0 : least * (2 * bulk - least - 1) / bulk;
  part.gap_min_ns = bulk < 1 ? gap_min_ns / bulk : gap_min_ns;
  return part;
}

Spacing Spacing::multiplied(double selectivity) const {
  if (selectivity < 1) return drawn(selectivity);
  Spacing all = *this;
  all.scv = selectivity * scv;
  all.served_scv = selectivity * served_scv;
  all.companions = selectivity * (1 + companions) - 1;
  return all;
}

void UnseenWaiting::refresh(const Spacing& arrivals, double service_scv, double service_third,
                            bool shared_queue) {
  until_refresh_ = 16;
  // One sender after the other tells its own.
  const double told = known_ ? 0.25 : 1;
  known_ = true;
  const double scv = arrivals.scv_over(relaxation_ns_ > 0 ? relaxation_ns_ : arrivals.relaxation_ns);
  scv_ += told * (scv - scv_);
  companions_ += told * (arrivals.companions - companions_);
  gap_min_ns_ += told * (arrivals.gap_min_ns - gap_min_ns_);

  QueueLoad load;
  load.service = work_ns_ / records_;
  load.utilization = work_ns_ < utilization_max * time_ns_ ? work_ns_ / time_ns_ : utilization_max;
  load.service_scv = service_scv;
  load.service_third = service_third;
  load.companions = companions_;
  const double rate = load.utilization / load.service;
  // A sender's batch of n records comes at a rate of n - 1 a span: a part of the rate of all.
  const double part = spans_ns_ > 0 ? std::min(1.0, pairs_ / (rate * spans_ns_)) : 1;
  const double span_arrivals = rate * spans_ns_ / records_;
  const double count = 1 + pairs_ / records_;
  // Even streams come to a standstill here, to the last bit.
  const Basis basis = {load.service, load.utilization, scv_, companions_, gap_min_ns_,
                       part,         span_arrivals,    count};
  if (basis == basis_) return;
  basis_ = basis;

  load.arrival_scv = superposed_scv(load, scv_, part);
  load.gap_min = std::max(0.0, 2 * part - 1) * gap_min_ns_;  // of one sender's records; of several: none
  const double relaxation = relaxation_arrivals(load);
  relaxation_ns_ = relaxation / rate;

  const Cumulants wait = shared_queue ? Cumulants{} : waiting_time(load);
  const Cumulants apart = wait.mean > 0 ? scaled(wait, 1 - waiting_seen(load, span_arrivals)) : wait;
  const double in_bulk = shared_queue                                   ? 0
                         : count > 1 + companions_ && span_arrivals > 0 ? 1 - (1 + companions_) / count
                                                                        : 0;
  const Cumulants bulk = scaled(waiting_within_bulk(load), in_bulk);
  wait_ = {apart.mean + bulk.mean, apart.variance + bulk.variance, apart.third + bulk.third};
  lag_scale_ = wait.mean > 0 ? 0.125 / wait.mean : 0;
  const double s = load.service;
  service_ = {0, service_scv * s * s, service_third * s * s * s};
  adds_ = wait_.mean > 0 || service_.variance > 0;

  departures_.scv = load.arrival_scv;
  departures_.served_scv = service_scv;
  departures_.idle = 1 - load.utilization * load.utilization;
  departures_.relaxation_ns = relaxation_ns_;
  departures_.gap_min_ns = s * shortest_service(service_scv);

  // Long enough that the estimate adds little to the mean wait, which is convex in the load; not longer.
  forget_ = 1 / std::clamp(32 * relaxation, 512.0, 65536.0);
}

}  // namespace weir
