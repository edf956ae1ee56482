#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/kernel/queueing.hpp"
#include "sim/kernel/time.hpp"

// What happens between the records of one batch, and so cannot be seen: that they do not come evenly, and
// queue behind each other even where a server keeps up; and that one service takes longer than another.
//
//   sender's spacing ──▶ load, as observed ──▶ waits and spread of ──▶ sink: latency = interval of the batch
//   of departures        by the receiver       services by formula,       + random delay of these cumulants
//                                              added up as cumulants
//
// A parametric decomposition (Whitt's QNA, see sim/kernel/queueing.hpp), with the load as it is at the time.
// Only what batches leave out is added: nothing for a single record; little where batches are small against
// the time in which a queue forgets; and nothing while a backlog stands, which batches do show.

namespace weir {

// Of the records of a stream. `scv`s are squared coefficients of variation of the gaps over many records (1:
// Poisson, 0: even); of bulks of b, b times that of the bulks.
struct Spacing {
  double scv = 1;
  double served_scv = 1;     // while the sender has a queue
  double idle = 1;           // weight of scv at least, against served_scv
  double relaxation_ns = 0;  // of the sender's queue; 0: there is none, scv is all
  double companions = 0;     // how many others come at the same instant, on average
  double gap_min_ns = 0;     // from one instant to the next

  // A receiver whose queue forgets in this time sees it so.
  double scv_over(double time_ns) const;
  // A part of it, chosen at random; or as evenly as can be.
  Spacing drawn(double share) const;
  Spacing in_turn(double share) const;
  // So many records of each.
  Spacing multiplied(double selectivity) const;
};

// A random delay by its cumulants.
struct UnseenDelay {
  float mean_ns = 0;
  float variance_ns2 = 0;
  float third_ns3 = 0;

  bool none() const { return variance_ns2 == 0 && mean_ns == 0; }
  // Of other records, which now are this share of all.
  void mix(const UnseenDelay& other, float share) {
    mean_ns += share * (other.mean_ns - mean_ns);
    variance_ns2 += share * (other.variance_ns2 - variance_ns2);
    third_ns3 += share * (other.third_ns3 - third_ns3);
  }
};

// At one instance.
class UnseenWaiting {
 public:
  // Takes note of a batch whose records came from first_ns to last_ns and take duration_ns. True: the time to
  // call refresh() has come.
  bool note(std::int64_t count, Nanos first_ns, Nanos last_ns, Nanos duration_ns) {
    const auto n = static_cast<double>(count);
    if (records_ == 0) latest_ns_ = first_ns;
    const double keep = 1 - std::min(1.0 / 16, n * forget_);
    records_ = keep * records_ + n;
    work_ns_ = keep * work_ns_ + static_cast<double>(duration_ns);
    time_ns_ = keep * time_ns_ + static_cast<double>(std::max<Nanos>(0, last_ns - latest_ns_));
    spans_ns_ = keep * spans_ns_ + n * static_cast<double>(last_ns - first_ns);
    pairs_ = keep * pairs_ + n * (n - 1);
    latest_ns_ = std::max(latest_ns_, last_ns);
    return --until_refresh_ <= 0;
  }

  // `arrivals`: of the batch noted last. `service_scv`, `service_third`: second and third central moment of
  // one record's service, relative to its mean. `shared_queue`: it takes from a queue together with others,
  // for which there is no formula here.
  void refresh(const Spacing& arrivals, double service_scv, double service_third, bool shared_queue);

  // Adds what the batch's service leaves out, after a wait of lag_ns that batches show.
  void add_to(UnseenDelay& delay, std::int64_t count, Nanos lag_ns) const {
    if (!adds_) return;
    const double lag = static_cast<double>(lag_ns) * lag_scale_;
    const double waits = lag == 0 ? 1 : 1 / (1 + lag * lag);
    delay.mean_ns += static_cast<float>(waits * wait_.mean);
    double variance_ns2 = waits * wait_.variance;
    double third_ns3 = waits * wait_.third;
    if (service_.variance > 0) {
      const double spread = 1 - 1 / static_cast<double>(count);
      variance_ns2 += spread * service_.variance;
      third_ns3 += spread * service_.third;
    }
    delay.variance_ns2 += static_cast<float>(variance_ns2);
    delay.third_ns3 += static_cast<float>(third_ns3);
  }

  bool any() const { return known_; }
  const Spacing& departures() const { return departures_; }
  void reset() { *this = UnseenWaiting(); }

 private:
  // Sums over the batches so far, the older ones forgotten by and by.
  double records_ = 0;
  double work_ns_ = 0;
  double time_ns_ = 0;
  double spans_ns_ = 0;  // of batches, by record
  double pairs_ = 0;     // of a record and another of its batch
  Nanos latest_ns_ = 0;
  double forget_ = 1.0 / 512;  // a record
  int until_refresh_ = 1;

  // Of the senders' streams.
  bool known_ = false;
  double scv_ = 0;
  double companions_ = 0;
  double gap_min_ns_ = 0;

  // What follows.
  double relaxation_ns_ = 0;
  bool adds_ = false;  // anything at all
  double lag_scale_ = 0;
  // What all that follows was last computed from, apart from the operator.
  struct Basis {
    double service = 0, utilization = 0, scv = 0, companions = 0, gap_min_ns = 0, part = 0;
    double span_arrivals = 0, count = 0;
    bool operator==(const Basis&) const = default;
  };
  Basis basis_;
  Cumulants wait_;     // that batches do not show
  Cumulants service_;  // around its mean
  Spacing departures_;
};

}  // namespace weir
