#include "sim/kernel/calendar.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

using namespace weir;

namespace {

struct Recorder final : EventHandler {
  Recorder() { handler_id = 1; }
  std::function<void(std::uint32_t, std::uint32_t)> action;
  void on_event(std::uint32_t kind, std::uint32_t argument) override { action(kind, argument); }
};

}  // namespace

TEST_CASE("events of one instant run by class, then in the order scheduled", "[calendar]") {
  Calendar calendar;
  std::vector<std::uint32_t> seen;
  Recorder recorder;
  recorder.action = [&](std::uint32_t kind, std::uint32_t) { seen.push_back(kind); };
  calendar.schedule(5, EventClass::policy, recorder, 6, 0);
  calendar.schedule(5, EventClass::timer, recorder, 4, 0);
  calendar.schedule(5, EventClass::metrics, recorder, 5, 0);
  calendar.schedule(5, EventClass::completion, recorder, 2, 0);
  calendar.schedule(5, EventClass::completion, recorder, 3, 0);
  calendar.schedule(5, EventClass::fault, recorder, 1, 0);
  calendar.schedule(4, EventClass::policy, recorder, 0, 0);
  calendar.run_before(never, never, false);
  CHECK(seen == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(calendar.executed() == 7);
}

TEST_CASE("what an event causes at its own instant runs in the next micro-step, before metrics and policy",
          "[calendar]") {
  Calendar calendar;
  std::string seen;
  Recorder recorder;
  recorder.action = [&](std::uint32_t kind, std::uint32_t) {
    seen += static_cast<char>(kind);
    if (kind == 'a') calendar.schedule(calendar.now(), EventClass::fault, recorder, 'c', 0);
    if (kind == 'p') calendar.schedule(calendar.now(), EventClass::timer, recorder, 'q', 0);
    if (kind == 'q') calendar.schedule(calendar.now(), EventClass::fault, recorder, 'r', 0);
  };
  calendar.schedule(1, EventClass::policy, recorder, 'p', 0);
  calendar.schedule(1, EventClass::metrics, recorder, 'm', 0);
  calendar.schedule(1, EventClass::timer, recorder, 'a', 0);
  calendar.schedule(1, EventClass::timer, recorder, 'b', 0);
  calendar.run_before(never, never, false);
  CHECK(seen == "abcmpqr");
}

TEST_CASE("a loop without delay is found, not run for ever", "[calendar]") {
  Calendar calendar;
  Recorder recorder;
  recorder.action = [&](std::uint32_t, std::uint32_t) {
    calendar.schedule(calendar.now(), EventClass::timer, recorder, 0, 0);
  };
  calendar.schedule(1, EventClass::timer, recorder, 0, 0);
  CHECK_THROWS_WITH(calendar.run_before(never, never, false), Catch::Contains("loop without delay"));
}

TEST_CASE("the run-ahead ends at the horizon, at the end, and after an instant that posts", "[calendar]") {
  struct Outbox final : OutboxHandler {
    int calls = 0;
    void on_simgrid(std::uint32_t, std::uint32_t) override { ++calls; }
  } outbox;
  Calendar calendar;
  Recorder recorder;
  recorder.action = [&](std::uint32_t kind, std::uint32_t) {
    if (kind == 1) calendar.post(outbox, 0, 0);
  };
  for (Nanos at : {10, 20, 20, 30, 40}) {
    calendar.schedule(at, EventClass::timer, recorder, at == 20 ? 1 : 0, 0);
  }
  calendar.run_before(never, never, false);
  CHECK(calendar.now() == 20);
  CHECK(calendar.executed() == 3);
  calendar.carry_out();
  CHECK(outbox.calls == 2);
  calendar.run_before(30, never, false);
  CHECK(calendar.executed() == 3);
  calendar.run_before(never, 35, false);
  CHECK(calendar.now() == 30);
  CHECK(calendar.next_time() == 40);
}

TEST_CASE("the heap sorts any mix of times like a stable sort", "[calendar]") {
  Calendar calendar;
  std::vector<std::pair<Nanos, std::uint32_t>> expected, seen;
  Recorder recorder;
  recorder.action = [&](std::uint32_t, std::uint32_t argument) {
    seen.push_back({calendar.now(), argument});
  };
  std::uint64_t state = 42;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    const Nanos at = 1 + static_cast<Nanos>((state >> 33) % 700);
    expected.push_back({at, i});
    calendar.schedule(at, EventClass::timer, recorder, 0, i);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  calendar.run_before(never, never, false);
  CHECK(seen == expected);
}

TEST_CASE("the fingerprint depends on what happened and when, and not on observers", "[calendar]") {
  const auto run = [](Nanos shift, bool observed) {
    Calendar calendar;
    Recorder actor, observer;
    actor.handler_id = 7;
    observer.handler_id = 0;
    actor.action = observer.action = [](std::uint32_t, std::uint32_t) {};
    calendar.schedule(10 + shift, EventClass::timer, actor, 1, 0);
    if (observed) calendar.schedule(5, EventClass::timer, observer, 1, 0);
    calendar.schedule(20, EventClass::timer, actor, 2, 0);
    calendar.run_before(never, never, false);
    return calendar.fingerprint();
  };
  CHECK(run(0, false) == run(0, true));
  CHECK(run(0, false) != run(1, false));
}
