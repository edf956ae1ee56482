#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "sim/analyzer/critical_path.hpp"
#include "sim/analyzer/edge_window.hpp"
#include "tests/support/dice.hpp"

// Random small traces, nanosecond by nanosecond: the path that CriticalPath finds, window by window, equals
// one walked back from the end on the trace as a whole.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Dice;

constexpr Nanos end_of_trace_ns = 200;

struct Trace {
  int workers = 0;
  std::vector<std::vector<EdgeWindow::Span>> spans;  // by worker
  std::vector<EdgeWindow::Message> messages;
};

// Most waitings end with a message, as they should.
Trace random_trace(Dice& dice, Nanos shortest_message_ns) {
  static constexpr Activity some[] = {Activity::processing, Activity::waiting,    Activity::blocked,
                                      Activity::input,      Activity::processing, Activity::buffer};
  Trace trace;
  trace.workers = 1 + dice.below(4);
  trace.spans.resize(static_cast<std::size_t>(trace.workers));
  std::set<std::tuple<std::uint32_t, std::uint32_t, Nanos, Nanos>> known;
  const auto message = [&](std::uint32_t to, Nanos received_ns) {
    const auto from = static_cast<std::uint32_t>(dice.below(trace.workers));
    const Nanos sent_ns = std::max<Nanos>(0, received_ns - shortest_message_ns - dice.below(60));
    if (received_ns - sent_ns < shortest_message_ns || received_ns > end_of_trace_ns) return;
    if (!known.emplace(from, to, sent_ns, received_ns).second) return;
    trace.messages.push_back({from, to, sent_ns, received_ns,
                              dice.coin() ? Activity::data_message : Activity::control_message,
                              dice.below(2)});
  };
  for (int w = 0; w < trace.workers; ++w) {
    Nanos at = 0;
    while (at < end_of_trace_ns) {
      const Nanos to = std::min<Nanos>(end_of_trace_ns, at + 1 + dice.below(30));
      const Activity activity = some[dice.below(6)];
      trace.spans[static_cast<std::size_t>(w)].push_back({at, to, activity, dice.below(3) - 1});
      if (is_waiting(activity) && dice.below(8) > 0) message(static_cast<std::uint32_t>(w), to);
      at = to;
    }
  }
  const int more = dice.below(12);
  for (int m = 0; m < more; ++m)
    message(static_cast<std::uint32_t>(dice.below(trace.workers)), 1 + dice.below(end_of_trace_ns));
  return trace;
}

EdgeWindow window_of(const Trace& trace, Nanos start_ns, Nanos end_ns) {
  EdgeWindow window;
  window.start_ns = start_ns;
  window.end_ns = end_ns;
  for (int w = 0; w < trace.workers; ++w) {
    window.workers.push_back({w, static_cast<std::uint32_t>(window.spans.size())});
    for (const auto& span : trace.spans[static_cast<std::size_t>(w)]) {
      if (span.begin_ns < end_ns && span.end_ns > start_ns) window.spans.push_back(span);
    }
  }
  for (const auto& message : trace.messages) {
    if (message.sent_ns < end_ns && message.reaches(start_ns)) window.messages.push_back(message);
  }
  return window;
}

struct Found {
  std::vector<PathPiece> pieces;
  Nanos begin_ns = -1;
  Nanos end_ns = -1;
  Nanos waiting_ns = never;
};

Found found_in_windows(const Trace& trace, Nanos window_ns) {
  CriticalPath path;
  Found found;
  EdgeConstruction construction(0);
  Pag pag;
  const auto all_windows = [&](const auto& what) {
    for (Nanos start_ns = 0; start_ns < end_of_trace_ns; start_ns += window_ns) {
      construction.build(window_of(trace, start_ns, std::min(start_ns + window_ns, end_of_trace_ns)), pag);
      REQUIRE(pag.defect() == nullptr);
      what();
    }
  };
  all_windows([&] { path.learn(pag); });
  if (!path.choose()) return found;
  const auto collect = [&](const PathPiece& piece) { found.pieces.push_back(piece); };
  all_windows([&] { path.tell(pag, collect); });
  path.end(collect);
  found.begin_ns = path.begin_ns();
  found.end_ns = path.end_ns();
  found.waiting_ns = path.waiting_ns();
  return found;
}

// What a worker does in the nanosecond before `at`.
const EdgeWindow::Span& before(const Trace& trace, std::uint32_t worker, Nanos at) {
  const auto& spans = trace.spans[worker];
  return *std::find_if(spans.begin(), spans.end(),
                       [&](const auto& s) { return s.begin_ns < at && at <= s.end_ns; });
}

Found walked_back_from(const Trace& trace, std::uint32_t worker, Nanos at) {
  Found found;
  found.end_ns = at;
  found.waiting_ns = 0;
  for (;;) {
    if (at == 0) break;
    const auto& span = before(trace, worker, at);
    const EdgeWindow::Message* cause = nullptr;
    for (const auto& m : trace.messages) {
      if (!is_waiting(span.activity) || m.to != worker || m.received_ns != at) continue;
      if (cause == nullptr || std::tuple(-m.sent_ns, m.from) < std::tuple(-cause->sent_ns, cause->from))
        cause = &m;
    }
    if (cause == nullptr) {
      found.pieces.push_back({.begin_ns = at - 1,
                              .end_ns = at,
                              .worker = worker,
                              .activity = span.activity,
                              .operator_id = span.operator_id});
      if (is_waiting(span.activity)) ++found.waiting_ns;
      --at;
      continue;
    }
    found.pieces.push_back({.begin_ns = cause->sent_ns,
                            .end_ns = at,
                            .worker = cause->from,
                            .to_worker = worker,
                            .activity = cause->activity,
                            .operator_id = cause->operator_id});
    worker = cause->from;
    at = cause->sent_ns;
  }
  found.begin_ns = at;
  std::reverse(found.pieces.begin(), found.pieces.end());
  std::vector<PathPiece> merged;
  for (const PathPiece& piece : found.pieces) {
    if (!merged.empty() && merged.back().same_as(piece)) {
      merged.back().end_ns = piece.end_ns;
    } else {
      merged.push_back(piece);
    }
  }
  found.pieces = merged;
  return found;
}

Found walked_back(const Trace& trace) {
  Found best;
  for (int w = 0; w < trace.workers; ++w) {
    const auto worker = static_cast<std::uint32_t>(w);
    Nanos at = end_of_trace_ns;
    while (at > 0 && is_waiting(before(trace, worker, at).activity)) --at;
    if (at == 0) continue;
    const Found found = walked_back_from(trace, worker, at);
    if (found.end_ns > best.end_ns || (found.end_ns == best.end_ns && found.waiting_ns < best.waiting_ns))
      best = found;
  }
  return best;
}

auto tuple_of(const PathPiece& p) {
  return std::tuple(p.begin_ns, p.end_ns, p.worker, p.to_worker, p.activity, p.operator_id);
}

}  // namespace

TEST_CASE("the critical path found window by window is the one walked back from the end", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int long_ones = 0, with_waiting = 0;
  for (int round = 0; round < 3000; ++round) {
    INFO("round " << round);
    const Trace trace = random_trace(dice, 1);
    const Found expected = walked_back(trace);
    const Found found = found_in_windows(trace, 1 + dice.below(dice.coin() ? 20 : 250));
    REQUIRE(found.end_ns == expected.end_ns);
    REQUIRE(found.begin_ns == expected.begin_ns);
    REQUIRE(found.waiting_ns == expected.waiting_ns);
    REQUIRE(found.pieces.size() == expected.pieces.size());
    for (std::size_t i = 0; i < found.pieces.size(); ++i)
      REQUIRE(tuple_of(found.pieces[i]) == tuple_of(expected.pieces[i]));
    long_ones += found.pieces.size() > 8;
    with_waiting += found.waiting_ns > 0;
  }
  CHECK(long_ones > 300);
  CHECK(with_waiting > 300);
}

TEST_CASE("messages that take no time lead the critical path in no circle", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int round = 0; round < 2000; ++round) {
    INFO("round " << round);
    Trace trace = random_trace(dice, 0);
    for (auto& message : trace.messages) {
      if (dice.coin()) message.sent_ns = message.received_ns;
    }
    const Found found = found_in_windows(trace, 1 + dice.below(60));
    if (found.end_ns < 0) continue;
    Nanos at = 0, waiting_ns = 0;
    for (const PathPiece& piece : found.pieces) {
      REQUIRE(piece.begin_ns == at);
      REQUIRE(piece.end_ns >= at);
      if (is_waiting(piece.activity)) waiting_ns += piece.end_ns - piece.begin_ns;
      at = piece.end_ns;
    }
    REQUIRE(at == found.end_ns);
    REQUIRE(waiting_ns == found.waiting_ns);
  }
}

TEST_CASE("of a trace in which nobody does anything there is no critical path", "[analyzer]") {
  Trace trace;
  trace.workers = 1;
  trace.spans = {{{0, end_of_trace_ns, Activity::waiting, no_operator}}};
  CHECK(found_in_windows(trace, 10).end_ns < 0);
}
