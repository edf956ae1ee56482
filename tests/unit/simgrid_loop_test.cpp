#include "sim/kernel/simgrid_loop.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <simgrid/s4u.hpp>
#include <vector>

using namespace weir;
namespace sg = simgrid::s4u;

namespace {

// Two Execs on one core, the second started by a calendar event in the middle of the first; ticks in between.
// By processor sharing, with 1 Gflop/s: A starts at 1 with 2 Gflop, B at 2 with 2 Gflop: A has 1 left, both
// run at half speed: A ends at 4, B has 1 left, ends at 5.
struct Sharing final : EventHandler, OutboxHandler {
  explicit Sharing(bool lookahead) : loop(calendar, {lookahead}) {
    handler_id = 1;
    sg::Activity::on_completion_cb([this](const sg::Activity& activity) {
      calendar.completed(*this, 100, activity.get_name() == "A" ? 0 : 1);
    });
  }
  void on_event(std::uint32_t kind, std::uint32_t argument) override {
    seen.push_back({calendar.now(), kind + argument});
    if (kind == 1) calendar.post(*this, 1, argument);
    if (kind == 0 && calendar.now() < to_nanos(10)) {
      calendar.schedule(calendar.now() + to_nanos(0.25), EventClass::timer, *this, 0, 0);
    }
  }
  void on_simgrid(std::uint32_t, std::uint32_t argument) override {
    auto exec = sg::Exec::init()->set_host(sg::Host::by_name("host"))->set_flops_amount(2e9);
    exec->set_name(argument == 0 ? "A" : "B");
    exec->vetoable_start();
    execs.push_back(exec);
  }
  Calendar calendar;
  SimGridLoop loop;
  std::vector<sg::ExecPtr> execs;
  std::vector<std::pair<Nanos, std::uint32_t>> seen;
};

std::vector<std::pair<Nanos, std::uint32_t>> share(bool lookahead, std::uint64_t* rounds = nullptr) {
  int argc = 1;
  char name[] = "test";
  char* argv[] = {name, nullptr};
  new sg::Engine(&argc, argv);  // lives as long as the process: destroying it in mid-run is not supported
  auto* zone = sg::create_full_zone("zone");
  zone->create_host("host", 1e9)->seal();
  zone->seal();
  Sharing sharing(lookahead);
  sharing.calendar.schedule(to_nanos(1), EventClass::timer, sharing, 1, 0);
  sharing.calendar.schedule(to_nanos(2), EventClass::timer, sharing, 1, 1);
  sharing.calendar.schedule(to_nanos(0.25), EventClass::timer, sharing, 0, 0);
  sharing.loop.run(to_nanos(6));
  if (rounds != nullptr) *rounds = sharing.loop.rounds();
  return sharing.seen;
}

}  // namespace

TEST_CASE("calendar events and SimGrid completions interleave in time", "[simgrid_loop]") {
  std::uint64_t rounds = 0;
  const auto seen = share(true, &rounds);
  std::map<std::uint32_t, Nanos> completed;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (i > 0) CHECK(seen[i - 1].first <= seen[i].first);
    if (seen[i].second >= 100) {
      completed[seen[i].second] = seen[i].first;
      // First of its instant: the tick of the same instant comes after it.
      CHECK((i == 0 || seen[i - 1].first < seen[i].first));
    }
  }
  CHECK(completed.at(100) == to_nanos(4));
  CHECK(completed.at(101) == to_nanos(5));
  CHECK(seen.back().first == to_nanos(6));
  CHECK(rounds < 15);
}

TEST_CASE("without lookahead the same happens, in more rounds", "[simgrid_loop]") {
  std::uint64_t rounds = 0;
  const auto seen = share(false, &rounds);
  std::map<std::uint32_t, Nanos> completed;
  for (const auto& [at, what] : seen) {
    if (what >= 100) completed[what] = at;
  }
  CHECK(completed.at(100) == to_nanos(4));
  CHECK(completed.at(101) == to_nanos(5));
  CHECK(seen.size() == 2 + 2 + 24);
  CHECK(rounds > 24);
}
