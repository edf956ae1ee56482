#include "sim/cluster/platform.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <xbt/log.h>

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

#include "sim/kernel/assert.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

// Ethernet: 1448 bytes of payload in 1538 on the wire.
constexpr double ethernet_efficiency = 0.9415;
// SimGrid's LV08, calibrated by P. Velho and A. Legrand (SIMUTools 2009) for messages that open a connection.
constexpr double lv08_bandwidth_factor = 0.97;

constexpr double bytes_per_gbit = 1e9 / 8;
constexpr double bytes_per_gib = 1024.0 * 1024 * 1024;
constexpr double reference_flops = 1e9;

// SimGrid puts a handler of SIGINT, which exits at once, in the place of whatever is there. What comes
// meanwhile is for whom it would have been for.
class KeepsInterrupts {
 public:
  KeepsInterrupts() {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &mask_);
    sigaction(SIGINT, nullptr, &action_);
  }
  ~KeepsInterrupts() {
    sigaction(SIGINT, &action_, nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  KeepsInterrupts(const KeepsInterrupts&) = delete;
  KeepsInterrupts& operator=(const KeepsInterrupts&) = delete;

 private:
  sigset_t mask_;
  struct sigaction action_;
};

}  // namespace

void create_simgrid_engine() {
  WEIR_ASSERT(!sg::Engine::has_instance(), "a process simulates one cluster");
  xbt_log_control_set("root.thres:error");
  const KeepsInterrupts keeps;
  new sg::Engine("weir");  // never destroyed: see cluster.hpp
  // Max-min shares and nothing else: latency, factors and windows are weir's, in closed form. The precisions
  // are those of its clock (default 1e-9 s: as coarse as ours) and of shares (default 1e-5).
  for (const char* setting : {"network/model:CM02", "network/bandwidth-factor:1", "network/latency-factor:1",
                              "network/weight-S:0", "network/TCP-gamma:0", "network/crosstraffic:0",
                              "surf/precision:1e-12", "maxmin/precision:1e-9", "debug/clean-atexit:0"}) {
    sg::Engine::set_config(setting);
  }
}

Platform::Platform(const ClusterSpec& spec, const std::string& base_dir) {
  const NetworkSpec& network = spec.network;
  const bool described = spec.platform.empty();
  if (network.efficiency) {
    bandwidth_factor_ = *network.efficiency;
  } else if (network.bandwidth_factor) {
    bandwidth_factor_ = *network.bandwidth_factor;
  } else if (network.model == NetworkModel::lv08) {
    bandwidth_factor_ = lv08_bandwidth_factor;
  } else if (described) {
    bandwidth_factor_ = ethernet_efficiency;
  }
  if (described) {
    build(spec);
  } else {
    load(spec, base_dir);
  }
}

void Platform::add_link(sg::Link* link, double latency_s) {
  const double bytes_per_s = link->get_bandwidth();
  link_ids_[link] = static_cast<int>(links_.size());
  links_.push_back({.name = link->get_name(), .bytes_per_s = bytes_per_s, .latency_s = latency_s});
}

// A star: every host has a link up and a link down; racks with an uplink are stars of their own, below it.
void Platform::build(const ClusterSpec& spec) {
  create_simgrid_engine();
  same_rack_latency_s_ = spec.network.latency_us * 1e-6;
  cross_rack_latency_s_ = spec.network.cross_rack_latency_us * 1e-6;
  sg::NetZone* root = sg::create_star_zone("cluster");

  struct Rack {
    int id;
    sg::NetZone* zone;
  };
  std::map<std::string, Rack> racks;
  const bool tiers = std::any_of(spec.racks.begin(), spec.racks.end(),
                                 [](const RackSpec& rack) { return rack.uplink_gbit_per_s > 0; });
  const auto split_duplex = [&](sg::NetZone* zone, const std::string& name, double bytes_per_s, bool shared) {
    auto* link = zone->create_split_duplex_link(name, bytes_per_s * bandwidth_factor_ * simgrid_bytes_scale);
    link->set_latency(0);
    for (sg::Link* half : {link->get_link_up(), link->get_link_down()}) {
      if (!shared) half->set_sharing_policy(sg::Link::SharingPolicy::FATPIPE);
      add_link(half, 0);
    }
    link->seal();
    return link;
  };
  const auto rack_of = [&](const std::string& name) {
    const auto [at, is_new] = racks.try_emplace(name, Rack{static_cast<int>(racks.size()), root});
    if (is_new && tiers) {
      const auto described = std::find_if(spec.racks.begin(), spec.racks.end(),
                                          [&](const RackSpec& rack) { return rack.name == name; });
      double gbit_per_s = described == spec.racks.end() ? 0 : described->uplink_gbit_per_s;
      const bool shared = gbit_per_s > 0;
      if (!shared) gbit_per_s = 1e6;  // no bottleneck
      sg::NetZone* zone = sg::create_star_zone("rack-" + name);
      zone->set_parent(root);
      auto* router = zone->create_router("rack-" + name + "-switch");
      at->second.zone = zone;
      auto* uplink = split_duplex(root, "rack-" + name + "-uplink", gbit_per_s * bytes_per_gbit, shared);
      root->add_route(zone->get_netpoint(), nullptr, router, nullptr,
                      {{uplink, sg::LinkInRoute::Direction::UP}}, true);
    }
    return at->second;
  };
  for (const HostGroupSpec& group : spec.hosts) {
    for (int index = 0; group.profile && index < group.count; ++index) {
      profiles_.push_back({static_cast<int>(hosts_.size()) + index, *group.profile});
    }
    const Rack rack = rack_of(group.rack);
    for (int index = 0; index < group.count; ++index) {
      const std::string name = host_name(group, index);
      sg::Host* host = rack.zone->create_host(name, group.speed * reference_flops);
      host->set_core_count(group.cores);
      host->seal();
      auto* nic = split_duplex(rack.zone, name + "-nic", group.nic_gbit_per_s * bytes_per_gbit, true);
      rack.zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr,
                           {{nic, sg::LinkInRoute::Direction::UP}}, true);
      hosts_.push_back({.name = name,
                        .rack = rack.id,
                        .cores = group.cores,
                        .slots = group.slots.value_or(group.cores),
                        .speed = group.speed,
                        .memory_bytes = group.memory_gib * bytes_per_gib,
                        .nic_bytes_per_s = group.nic_gbit_per_s * bytes_per_gbit * bandwidth_factor_});
      simgrid_hosts_.push_back(host);
      flops_per_work_s_.push_back(reference_flops);
    }
  }
  for (auto& [name, rack] : racks) {
    if (rack.zone != root) rack.zone->seal();
  }
  root->seal();
  for (PlatformLink& link : links_) link.bytes_per_s /= simgrid_bytes_scale;
}

PlatformRoute Platform::route(int from, int to) const {
  PlatformRoute route;
  route.bytes_per_s = std::numeric_limits<double>::infinity();
  std::vector<sg::Link*> links;
  double latency_s = 0;  // of the links: all zero; a zone may add its own
  simgrid_host(from)->route_to(simgrid_host(to), links, &latency_s);
  for (const sg::Link* link : links) {
    const auto known = link_ids_.find(link);
    if (known == link_ids_.end()) continue;
    const PlatformLink& described = links_[static_cast<std::size_t>(known->second)];
    route.bytes_per_s = std::min(route.bytes_per_s, described.bytes_per_s);
    latency_s += described.latency_s;
    if (link->get_sharing_policy() != sg::Link::SharingPolicy::FATPIPE) route.shared.push_back(known->second);
  }
  std::sort(route.shared.begin(), route.shared.end());
  route.shared.erase(std::unique(route.shared.begin(), route.shared.end()), route.shared.end());
  if (same_rack_latency_s_ >= 0) {
    const bool same_rack =
        hosts_[static_cast<std::size_t>(from)].rack == hosts_[static_cast<std::size_t>(to)].rack;
    latency_s = same_rack ? same_rack_latency_s_ : cross_rack_latency_s_;
  }
  route.latency_s = latency_s;
  return route;
}

}  // namespace weir
