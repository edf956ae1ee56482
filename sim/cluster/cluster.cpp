#include "sim/cluster/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/cluster/activity.hpp"
#include "sim/cluster/platform.hpp"
#include "sim/cluster/speeds.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

// SimGrid's LV08: what the opening of a TCP connection costs, on every message.
constexpr double lv08_latency_factor = 13.01;

Network::Settings network_settings(const NetworkSpec& spec) {
  const double model_factor = spec.model == NetworkModel::lv08 ? lv08_latency_factor : 1;
  return {.loopback_latency_s = spec.loopback_latency_us * 1e-6,
          .loopback_bytes_per_s = spec.loopback_gbit_per_s * 1e9 / 8,
          .latency_factor = spec.latency_factor.value_or(model_factor),
          .transfer_bytes_max = spec.transfer_max_kib * 1024,
          .window_bytes = spec.window_kib * 1024,
          .fair_share = spec.fair_share};
}

}  // namespace

class Cluster::Impl {
 public:
  Impl(const ClusterSpec& spec, Calendar& calendar, const std::string& base_dir, std::uint64_t seed)
      : spec_(spec),
        platform_(spec, base_dir),
        cpus_(calendar),
        network_settings_(network_settings(spec.network)),
        network_(calendar, network_settings_, platform_),
        speeds_(calendar, cpus_, seed) {
    for (int id = 0; id < static_cast<int>(platform_.hosts().size()); ++id) {
      const HostInfo& host = platform_.hosts()[static_cast<std::size_t>(id)];
      cpus_.add_host({.cores = host.cores, .speed = host.speed}, platform_.simgrid_host(id),
                     platform_.flops_per_work_s(id));
    }
    for (const auto& [host, profile] : platform_.profiles()) {
      speeds_.add_profile(host, make_profile(profile, base_dir));
    }
    int host = 0;
    for (const HostGroupSpec& group : spec.hosts) {
      for (int index = 0; index < group.count; ++index, ++host) {
        if (group.interference) speeds_.add_interference(host, host_name(group, index), *group.interference);
      }
    }
    sg::Activity::on_completion_cb([](const sg::Activity& activity) {
      if (auto* owner = activity.get_data<ActivityOwner>()) owner->on_activity_end();
    });
  }

  const ClusterSpec spec_;
  Platform platform_;
  Cpus cpus_;
  const Network::Settings network_settings_;
  Network network_;
  Speeds speeds_;
};

Cluster::Cluster(const ClusterSpec& spec, Calendar& calendar, const std::string& base_dir, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(spec, calendar, base_dir, seed)) {}
Cluster::~Cluster() = default;

int Cluster::host_count() const {
  return static_cast<int>(impl_->platform_.hosts().size());
}
const HostInfo& Cluster::host(int id) const {
  return impl_->platform_.hosts()[static_cast<std::size_t>(id)];
}
int Cluster::slot_count() const {
  int slots = 0;
  for (const HostInfo& host : impl_->platform_.hosts()) slots += host.slots;
  return slots;
}
Cpus& Cluster::cpus() {
  return impl_->cpus_;
}
Network& Cluster::network() {
  return impl_->network_;
}

namespace {

std::string counted(std::size_t count, const char* one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string> Cluster::explain() const {
  const Platform& platform = impl_->platform_;
  const ClusterSpec& spec = impl_->spec_;
  const Network::Settings& network = impl_->network_settings_;
  std::vector<std::string> lines;
  int cores = 0;
  std::set<int> racks;
  for (const HostInfo& host : platform.hosts()) {
    cores += host.cores;
    racks.insert(host.rack);
  }
  lines.push_back(
      fmt::format("cluster: {}, {}, {}, {}, from {}", counted(static_cast<std::size_t>(host_count()), "host"),
                  counted(static_cast<std::size_t>(cores), "core"),
                  counted(static_cast<std::size_t>(slot_count()), "slot"), counted(racks.size(), "rack"),
                  spec.platform.empty() ? "the scenario" : "the SimGrid platform " + spec.platform));
  lines.push_back(
      "processors: closed form while no more tasks are busy on a host than it has cores (exact); otherwise "
      "what is in service there goes on as SimGrid Execs (Cas01, processor sharing) until it ends");
  const auto oversubscribed = std::count_if(platform.hosts().begin(), platform.hosts().end(),
                                            [](const HostInfo& host) { return host.slots > host.cores; });
  lines.push_back(
      fmt::format("processors: {} of {} hosts have more slots than cores, so that slots may share cores",
                  oversubscribed, host_count()));
  lines.push_back(
      fmt::format("processors: {} speed profiles, {} hosts with other tenants; changes are calendar events",
                  impl_->speeds_.profiles(), impl_->speeds_.tenants()));
  lines.push_back(
      fmt::format("network: {}: latency factor {}, bandwidth factor {}; SimGrid shares bandwidth max-min "
                  "(CM02, no weights, no "
                  "cross traffic), weir adds latency in closed form",
                  spec.network.model == NetworkModel::lv08 ? "LV08" : "CM02", network.latency_factor,
                  platform.bandwidth_factor()));
  lines.push_back(network.window_bytes > 0
                      ? fmt::format("network: a connection is no faster than {} bytes / (2 latency)",
                                    network.window_bytes)
                      : "network: no TCP window");
  lines.push_back(
      "network: a transfer is closed form while it is alone on every shared link of its route; when another "
      "overlaps on one of them, both go on as SimGrid Comms with the bytes that remain");
  lines.push_back(fmt::format(
      "network: one transfer at a time per connection; what queues meanwhile travels together, up "
      "to {} bytes; inside a Comm, arrivals are spread evenly",
      network.transfer_bytes_max));
  lines.push_back(fmt::format("network: inside a host {} us, {}", network.loopback_latency_s * 1e6,
                              network.loopback_bytes_per_s > 0
                                  ? fmt::format("{} bytes/s a connection", network.loopback_bytes_per_s)
                                  : "infinitely fast"));
  // Equal links in one line.
  std::map<double, int> by_rate;
  for (const PlatformLink& link : platform.links()) ++by_rate[link.bytes_per_s];
  for (const auto& [rate, count] : by_rate)
    lines.push_back(fmt::format("links: {} of {:.6g} bytes/s", count, rate));
  if (host_count() > 1) {
    const auto line = [&](int from, int to) {
      const PlatformRoute route = platform.route(from, to);
      std::string names;
      for (const int link : route.shared)
        names += " " + platform.links()[static_cast<std::size_t>(link)].name;
      lines.push_back(fmt::format("route {} -> {}: {:.6g} bytes/s, {:.6g} us, shared links:{}",
                                  host(from).name, host(to).name, route.bytes_per_s,
                                  route.latency_s * network.latency_factor * 1e6,
                                  names.empty() ? " none" : names));
    };
    // One example within a rack and one between racks.
    for (const bool same : {true, false}) {
      for (int to = 1; to < host_count(); ++to) {
        if ((host(0).rack == host(to).rack) != same) continue;
        line(0, to);
        break;
      }
    }
  }
  return lines;
}

}  // namespace weir
