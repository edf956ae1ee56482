#pragma once

#include <cstdint>
#include <vector>

#include "sim/analyzer/edge_window.hpp"
#include "tests/support/dice.hpp"

// A synthetic trace of whole edges: workers that process, wait and send to one another, with log-normal-like
// durations; about a fifth of the edges are messages. Every waiting ends with a message.

namespace weir::test {

struct TraceEdge {
  int worker = 0;
  int peer = -1;  // sender of a message; -1: an activity
  Nanos begin_ns = 0;
  Nanos end_ns = 0;
  Activity activity{};
  std::int32_t operator_id = -1;
};

// Calls take(edge) with edges in the order in which a simulator would tell them, each worker's activities
// without a gap.
template <class Take>
void synthetic_trace(int workers, std::int64_t edges, std::uint64_t seed, Take&& take) {
  Dice dice(seed);
  std::vector<Nanos> at(static_cast<std::size_t>(workers), 0);
  std::vector<Nanos> sent_at(static_cast<std::size_t>(workers), 0);
  const auto some_time = [&] { return static_cast<Nanos>(2000 + dice.below(30000) * (1 + dice.below(4))); };
  std::int64_t made = 0;
  while (made < edges) {
    // Who is behind the others goes on.
    int worker = 0;
    for (int w = 1; w < workers; ++w) {
      if (at[w] < at[worker]) worker = w;
    }
    Nanos& now = at[worker];
    const auto act = [&](Activity activity, Nanos until) {
      take(TraceEdge{worker, -1, now, until, activity, activity == Activity::waiting ? -1 : worker % 5});
      now = until;
      ++made;
    };
    if (dice.below(3) == 0) {
      const int peer = (worker + 1 + dice.below(workers - 1)) % workers;
      // Sent when the peer ended what it did last: nobody sends while it waits.
      const Nanos sent = sent_at[peer];
      const Nanos received = std::max(now, sent) + some_time() / 4;
      if (received > now) act(Activity::waiting, received);
      take(TraceEdge{worker, peer, sent, received, Activity::data_message, worker % 5});
      ++made;
    }
    act(dice.below(5) == 0 ? Activity::serialization : Activity::processing, now + some_time());
    sent_at[worker] = now;
    if (dice.coin()) act(Activity::buffer, now + some_time() / 3);
  }
}

}  // namespace weir::test
