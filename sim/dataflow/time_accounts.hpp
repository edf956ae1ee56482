#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/time.hpp"

// Where the time of an instance goes: every nanosecond is useful, waiting, blocked or overhead, and they add
// up to the elapsed time exactly.
//   useful    processing records (DS2's useful time: without waiting for input or output)
//   waiting   no input, or its executor serves somebody else
//   blocked   output refused (backpressure), or held back by the engine
//   overhead  not processing for the engine's own reasons: restart, snapshot; or its thread works for another
//             operator that it is chained with

namespace weir {

enum class TimeUse : std::uint8_t { useful, waiting, blocked, overhead };

class TimeAccounts {
 public:
  void begin(Nanos now, TimeUse use) {
    since_ns_ = now;
    use_ = use;
  }

  // From `at` on, the time goes to `use`.
  void change(Nanos at, TimeUse use) {
    close(at);
    use_ = use;
    useful_share_ = 1;
    overhead_share_ = 0;
  }

  // A service over [begin_ns, …) of which `useful_share` is useful, `overhead_share` is overhead, and the
  // rest is waiting between records (a service credited by look-back can contain gaps). Waiting until
  // begin_ns.
  void begin_service(Nanos begin_ns, double useful_share, double overhead_share = 0) {
    close(begin_ns);
    use_ = TimeUse::useful;
    useful_share_ = useful_share;
    overhead_share_ = overhead_share;
  }

  // Its thread works for somebody else from `at` on, for this share of the time; the rest is waiting.
  void lend(Nanos at, double share) {
    close(at);
    use_ = TimeUse::overhead;
    useful_share_ = 0;
    overhead_share_ = share;
  }

  // Accounts for everything until `now`. Nothing before it can be re-interpreted later.
  void close(Nanos now) {
    WEIR_ASSERT(now >= since_ns_, "an account is closed backwards");
    const Nanos elapsed = now - since_ns_;
    since_ns_ = now;
    if (useful_share_ < 1) {
      const auto useful = static_cast<Nanos>(static_cast<double>(elapsed) * useful_share_ + 0.5);
      const auto overhead = std::min(
          elapsed - useful, static_cast<Nanos>(static_cast<double>(elapsed) * overhead_share_ + 0.5));
      total_[static_cast<int>(TimeUse::useful)] += useful;
      total_[static_cast<int>(TimeUse::overhead)] += overhead;
      total_[static_cast<int>(TimeUse::waiting)] += elapsed - useful - overhead;
    } else {
      total_[static_cast<int>(use_)] += elapsed;
    }
  }

  Nanos closed_until() const { return since_ns_; }
  // Of a service, or of what is lent: the share of its time that is no waiting.
  double busy_share() const { return useful_share_ + overhead_share_; }
  bool lent() const { return use_ == TimeUse::overhead && useful_share_ < 1; }
  TimeUse use() const { return use_; }
  Nanos total(TimeUse use) const { return total_[static_cast<int>(use)]; }

 private:
  std::array<Nanos, 4> total_{};
  Nanos since_ns_ = 0;
  TimeUse use_ = TimeUse::waiting;
  double useful_share_ = 1;
  double overhead_share_ = 0;
};

}  // namespace weir
