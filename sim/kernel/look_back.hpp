#pragma once

#include <algorithm>

#include "sim/kernel/time.hpp"

// When records of a batch would have been served, had they come one by one.
//
// Batches are handed over late: a sender gathers records for a while. All their times are those of the
// records themselves, so an executor serves in the past of the calendar, and lags behind it by the gathering,
// which so adds no latency. Batches of several senders overlap in time and are served one after the other;
// their records would have been served interleaved. So the executor is seen as a queue of work:
//
//      lag ▲      ▁▂▃▄▅▅▄▃▂▁▁▂▃▄     how long a record that arrives then waits: between the ends of a batch
//      in
//          └──────────────────────▶   a straight line, afterwards falling as the work is done
//
// For deterministic costs and evenly spaced records this is exact. What it cannot see is the queueing between
// the records of one batch: see sim/dataflow/unseen.hpp.

namespace weir {

class LookBack {
 public:
  struct Served {
    Nanos begin_ns;       // the work is done in one piece from here on, if it is all there
    Nanos first_done_ns;  // the first record
    Nanos last_done_ns;   // and the last
  };

  // A batch whose records became available from first_ns to last_ns, and take duration_ns, each record_ns.
  Served serve(Nanos first_ns, Nanos last_ns, Nanos duration_ns, Nanos record_ns) {
    const Nanos first_lag_ns = lag_at(first_ns);
    horizon_ns_ = std::max(horizon_ns_, std::max(last_ns, last_ns_) - first_ns);
    if (first_ns > free_ns_) {
      unused_ns_ = std::min(unused_ns_ + first_ns - free_ns_, horizon_ns_);
      unused_until_ns_ = first_ns;
      free_ns_ = first_ns;
    }
    // A batch may be older than one served before: time that was left over then is its own.
    const Nanos left_over_ns =
        std::min({unused_ns_, std::max<Nanos>(0, unused_until_ns_ - first_ns), duration_ns});
    unused_ns_ -= left_over_ns;
    const Nanos begin_ns = free_ns_ - left_over_ns;
    free_ns_ += duration_ns - left_over_ns;
    const Nanos last_lag_ns =
        left_over_ns == duration_ns ? 0 : std::max<Nanos>(0, free_ns_ - last_ns - record_ns);
    if (last_ns >= last_ns_) {
      restarted_ = false;
      first_ns_ = first_ns;
      last_ns_ = last_ns;
      first_lag_ns_ = first_lag_ns;
      last_lag_ns_ = last_lag_ns;
    }
    const Nanos last_done_ns = last_ns + last_lag_ns + record_ns;
    return {begin_ns, std::min(first_ns + first_lag_ns + record_ns, last_done_ns), last_done_ns};
  }

  // For so long it could do nothing, and does it later.
  void delay(Nanos by_ns) {
    free_ns_ += by_ns;
    last_lag_ns_ += by_ns;
  }

  // Nothing before `now` counts any more: the executor is free from then on.
  void restart(Nanos now) {
    free_ns_ = first_ns_ = last_ns_ = now;
    first_lag_ns_ = last_lag_ns_ = unused_ns_ = 0;
    restarted_ = true;
  }

 private:
  Nanos lag_at(Nanos time_ns) const {
    if (time_ns >= last_ns_ || restarted_) return std::max<Nanos>(0, free_ns_ - time_ns);
    if (time_ns <= first_ns_) return first_lag_ns_;
    const double share = static_cast<double>(time_ns - first_ns_) / static_cast<double>(last_ns_ - first_ns_);
    return first_lag_ns_ + static_cast<Nanos>(share * static_cast<double>(last_lag_ns_ - first_lag_ns_));
  }

  Nanos free_ns_ = 0;    // if all work known were done as early as possible
  Nanos unused_ns_ = 0;  // time left over before, the latest of it just before unused_until_ns_
  Nanos unused_until_ns_ = 0;
  Nanos horizon_ns_ = 0;    // how far back a batch ever reached
  bool restarted_ = false;  // and no batch since then that is not older
  // Of the latest batch.
  Nanos first_ns_ = 0;
  Nanos last_ns_ = 0;
  Nanos first_lag_ns_ = 0;
  Nanos last_lag_ns_ = 0;
};

}  // namespace weir
