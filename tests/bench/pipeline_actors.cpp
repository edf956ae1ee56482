#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <simgrid/s4u.hpp>

#include "tests/bench/pipeline.hpp"

// The pipeline as a SimGrid user writes it: an actor an instance, a mailbox a receiver, channels bounded
// as weir's are. Receivers are faster than senders, so no backlog stands in a mailbox (which 3.32 is slow
// with). With SimGrid's settings as they come, and with the fastest that it has for this.

namespace weir::bench {

namespace {

namespace sg = simgrid::s4u;

struct Message {
  std::int64_t records;
};

// What one instance sends to the receivers of an edge: at most channel_batches messages are under way to
// each, as in the channels of weir's pipeline; then the sender waits for the oldest to be received.
class Channels {
 public:
  Channels(const std::vector<sg::Mailbox*>& receivers, ActorChannels kind)
      : receivers_(receivers), kind_(kind), under_way_(receivers.size()) {}
  void send(std::size_t receiver, std::unique_ptr<Message> message, std::uint64_t size) {
    if (kind_ == ActorChannels::rendezvous) {
      receivers_[receiver]->put(message.release(), size);
      return;
    }
    auto& under_way = under_way_[receiver];
    if (under_way.size() == channel_batches) {
      under_way.front()->wait();
      under_way.pop_front();
    }
    under_way.push_back(receivers_[receiver]->put_async(message.release(), size));
  }

  void wait_for_all() {
    for (auto& under_way : under_way_) {
      for (const sg::CommPtr& comm : under_way) comm->wait();
      under_way.clear();
    }
  }

 private:
  static constexpr std::size_t channel_batches = 4;
  const std::vector<sg::Mailbox*>& receivers_;
  ActorChannels kind_;
  std::vector<std::deque<sg::CommPtr>> under_way_;
};

void serve(ActorService service, std::int64_t records) {
  const double work_s = Pipeline::cost_s * static_cast<double>(records);
  if (service == ActorService::execute) {
    sg::this_actor::execute(work_s * 1e9);
  } else {
    sg::this_actor::sleep_for(work_s);
  }
}

}  // namespace

Sample pipeline_with_actors(const Pipeline& pipeline, ActorService service, ActorChannels kind,
                            ActorSettings settings) {
  int argc = 1;
  char name[] = "bench";
  char* argv[] = {name, nullptr};
  xbt_log_control_set("root.thresh:error");
  auto* engine = new sg::Engine(&argc, argv);  // lives as long as the process
  if (settings == ActorSettings::tuned) {
    engine->set_config("network/model:CM02");
    engine->set_config("network/crosstraffic:0");
  }
  auto* zone = sg::create_full_zone("zone");
  std::array<sg::Host*, 2> hosts{};
  for (int i = 0; i < 2; ++i) {
    hosts[i] = zone->create_host("host" + std::to_string(i), 1e9)
                   ->set_core_count(std::max(16, 2 * pipeline.instances))
                   ->seal();
    sg::Link* loop = zone->create_link("loop" + std::to_string(i), 1e12)->set_latency(0);
    loop->set_sharing_policy(sg::Link::SharingPolicy::FATPIPE)->seal();
    zone->add_route(hosts[i]->get_netpoint(), hosts[i]->get_netpoint(), nullptr, nullptr,
                    {sg::LinkInRoute(loop)});
  }
  sg::Link* link = zone->create_split_duplex_link("link", 1.25e9 * 0.9415)->set_latency(50e-6)->seal();
  zone->add_route(hosts[0]->get_netpoint(), hosts[1]->get_netpoint(), nullptr, nullptr,
                  {sg::LinkInRoute(link, sg::LinkInRoute::Direction::UP)});
  zone->seal();

  const int n = pipeline.instances;
  const auto size = static_cast<std::uint64_t>(Pipeline::batch_records * Pipeline::record_bytes);
  const auto batches = static_cast<std::int64_t>(pipeline.batches());
  std::int64_t done = 0;
  int placed = 0;
  std::vector<sg::Mailbox*> to_map, to_sink;
  for (int i = 0; i < n; ++i) {
    to_map.push_back(sg::Mailbox::by_name("map" + std::to_string(i)));
    to_sink.push_back(sg::Mailbox::by_name("sink" + std::to_string(i)));
  }
  for (int i = 0; i < n; ++i) {
    sg::Actor::create("source", hosts[placed++ % 2], [&, i] {
      const double interval_s = static_cast<double>(Pipeline::batch_records) / Pipeline::rate_per_s;
      Channels channels(to_map, kind);
      for (std::int64_t b = 1; b <= batches / n; ++b) {
        const double wait_s = static_cast<double>(b) * interval_s - sg::Engine::get_clock();
        if (wait_s > 0) sg::this_actor::sleep_for(wait_s);
        channels.send((i + b) % n, std::make_unique<Message>(Message{Pipeline::batch_records}), size);
      }
      channels.wait_for_all();
    });
  }
  for (int i = 0; i < n; ++i) {
    sg::Actor::create("map", hosts[placed++ % 2], [&, i] {
      Channels channels(to_sink, kind);
      for (std::int64_t b = 0;; ++b) {
        std::unique_ptr<Message> message(to_map[i]->get<Message>());
        serve(service, message->records);
        channels.send((i + b) % n, std::move(message), size);
      }
    })->daemonize();
  }
  for (int i = 0; i < n; ++i) {
    sg::Actor::create("sink", hosts[placed++ % 2], [&, i] {
      for (;;) {
        const std::unique_ptr<Message> message(to_sink[i]->get<Message>());
        serve(service, message->records);
        ++done;
      }
    })->daemonize();
  }
  const Stopwatch watch;
  engine->run();
  Sample sample = watch.finish(static_cast<double>(done));
  sample.value = sg::Engine::get_clock();
  return sample;
}

}  // namespace weir::bench
