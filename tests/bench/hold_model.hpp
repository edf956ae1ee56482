#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/random.hpp"
#include "tests/bench/harness.hpp"

// The model on which event kernels are compared: `sources` independent sources of events, each of which waits
// for an exponential time (mean 1 ms) and begins again. All kernels draw the same gaps.
//
//   drawn      each gap is drawn when it is needed, from weir's own streams, one for each source
//   prepared   gaps come from a table made beforehand: what remains is the kernel itself

namespace weir::bench {

enum class GapKind { drawn, prepared };

class Gaps {
 public:
  Gaps(GapKind kind, int sources) : kind_(kind) {
    for (int i = 0; i < sources; ++i) streams_.emplace_back(1, "source", std::to_string(i));
    if (kind == GapKind::prepared) {
      for (std::int64_t& gap : table_) gap = draw(streams_[0]);
    }
  }
  std::int64_t next_ns(std::uint32_t source) {
    return kind_ == GapKind::prepared ? table_[at_++ % table_size] : draw(streams_[source]);
  }

 private:
  static constexpr std::size_t table_size = 4096;
  static std::int64_t draw(RandomStream& stream) {
    return 1 + static_cast<std::int64_t>(stream.exponential(1e6));
  }
  GapKind kind_;
  std::vector<RandomStream> streams_;
  std::vector<std::int64_t> table_ = std::vector<std::int64_t>(table_size);
  std::size_t at_ = 0;
};

struct HoldModel {
  int sources = 16;
  std::int64_t events = 1'000'000;
  GapKind gaps = GapKind::drawn;
};

// The limit: std::priority_queue and a virtual call; no order among equal times, no fingerprint, no checks.
Sample hold_on_binary_heap(const HoldModel& model);
// A process a source, waiting for timeout events, in the manner of SimPy and of simcpp20: events are objects
// that several processes may wait for, that can have callbacks, and that live as long as somebody refers to
// them.
Sample hold_on_coroutines(const HoldModel& model);
// The least that coroutines can do: a handle in a heap. No event objects, so nothing to wait for but time.
Sample hold_on_bare_coroutines(const HoldModel& model);
// weir's calendar in SimGrid's loop, with conservative lookahead; `flows` SimGrid activities are under way.
Sample hold_on_calendar(const HoldModel& model, int flows);

}  // namespace weir::bench
