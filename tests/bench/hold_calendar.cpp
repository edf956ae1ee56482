#include <simgrid/s4u.hpp>

#include "sim/kernel/simgrid_loop.hpp"
#include "tests/bench/hold_model.hpp"

namespace weir::bench {

namespace {

struct Source final : EventHandler {
  Calendar* calendar = nullptr;
  Gaps* gaps = nullptr;
  std::uint32_t number = 0;
  std::int64_t* events_left = nullptr;
  void on_event(std::uint32_t kind, std::uint32_t argument) override {
    if (--*events_left == 0) calendar->stop();
    calendar->schedule(calendar->now() + gaps->next_ns(number), EventClass::timer, *this, kind, argument);
  }
};

}  // namespace

Sample hold_on_calendar(const HoldModel& model, int flows) {
  namespace sg = simgrid::s4u;
  int argc = 1;
  char name[] = "bench";
  char* argv[] = {name, nullptr};
  new sg::Engine(&argc, argv);  // lives as long as the process
  auto* zone = sg::create_full_zone("zone");
  std::vector<sg::Host*> hosts;
  for (int i = 0; i < 2; ++i) {
    hosts.push_back(zone->create_host("host" + std::to_string(i), 1e9));
    hosts.back()->set_core_count(flows + 1)->seal();
  }
  sg::Link* link = zone->create_link("link", 1e9)->set_latency(1e-4)->seal();
  zone->add_route(hosts[0]->get_netpoint(), hosts[1]->get_netpoint(), nullptr, nullptr,
                  {sg::LinkInRoute(link)});
  zone->seal();

  Calendar calendar;
  SimGridLoop loop(calendar, {true});
  Gaps gaps(model.gaps, model.sources);
  std::int64_t events_left = model.events;
  std::vector<Source> sources(model.sources);
  for (int i = 0; i < model.sources; ++i) {
    sources[i].handler_id = i + 1;
    sources[i].calendar = &calendar;
    sources[i].gaps = &gaps;
    sources[i].number = i;
    sources[i].events_left = &events_left;
    calendar.schedule(gaps.next_ns(i), EventClass::timer, sources[i], 0, 0);
  }
  // Flows that end one after the other, each after about as many events as the sources make in 10 ms.
  auto& comms =
      *new std::vector<sg::CommPtr>;  // SimGrid complains about activities that are dropped under way
  const double span_s = 1e-3 * static_cast<double>(model.events) / model.sources;
  const auto start = [&] {
    sg::CommPtr comm = sg::Comm::sendto_init(hosts[0], hosts[1]);
    comm->set_payload_size(static_cast<std::uint64_t>(1e9 * 10e-3));
    comm->vetoable_start();
    comms.push_back(comm);
  };
  sg::Activity::on_completion_cb([&](const sg::Activity&) {
    if (sg::Engine::get_clock() < span_s) start();
  });
  for (int i = 0; i < flows; ++i) start();
  const Stopwatch watch;
  loop.run(to_nanos(1e6));
  return watch.finish(static_cast<double>(model.events));
}

}  // namespace weir::bench
