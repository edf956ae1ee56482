#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "sim/cluster/platform.hpp"
#include "sim/cluster/platform_file.hpp"

// Platform files in SimGrid's XML.

namespace weir {

namespace sg = simgrid::s4u;

namespace {

std::string resolve(const ClusterSpec& spec, const std::string& base_dir) {
  const std::filesystem::path platform(spec.platform);
  return platform.is_absolute() ? spec.platform : (std::filesystem::path(base_dir) / platform).string();
}

}  // namespace

int slot_count(const ClusterSpec& spec, const std::string& base_dir) {
  int slots = 0;
  if (spec.platform.empty()) {
    for (const HostGroupSpec& group : spec.hosts) slots += group.count * group.slots.value_or(group.cores);
    return slots;
  }
  const std::string file = resolve(spec, base_dir);
  for (const ProbedHost& host : probe_platform(read_platform_file(file), file)) {
    slots += spec.platform_slots.value_or(host.cores);
  }
  return slots;
}

void Platform::load(const ClusterSpec& spec, const std::string& base_dir) {
  const std::string file = resolve(spec, base_dir);
  const PlatformFile platform = read_platform_file(file);
  const std::vector<ProbedHost> probed = probe_platform(platform, file);
  create_simgrid_engine();
  sg::Engine* engine = sg::Engine::get_instance();
  {
    const TemporaryXml xml(platform.text);
    engine->load_platform(xml.path());
    engine->seal_platform();
  }

  std::vector<sg::Link*> links = engine->get_all_links();
  std::sort(links.begin(), links.end(),
            [](const sg::Link* a, const sg::Link* b) { return natural_less(a->get_name(), b->get_name()); });
  for (sg::Link* link : links) {
    const double bytes_per_s = link->get_bandwidth() * bandwidth_factor_;
    link_ids_[link] = static_cast<int>(links_.size());
    links_.push_back(
        {.name = link->get_name(), .bytes_per_s = bytes_per_s, .latency_s = link->get_latency()});
    link->set_bandwidth(bytes_per_s * simgrid_bytes_scale);
    link->set_latency(0);  // weir adds it
  }

  const double reference_flops = spec.reference_speed_gflops * 1e9;
  std::map<const sg::NetZone*, int> zones;  // a rack is a zone, numbered as its first host is
  for (const ProbedHost& known : probed) {
    sg::Host* host = engine->host_by_name(known.name);
    const auto [zone, is_new] = zones.try_emplace(host->get_englobing_zone(), static_cast<int>(zones.size()));
    hosts_.push_back({.name = known.name,
                      .rack = zone->second,
                      .cores = known.cores,
                      .slots = spec.platform_slots.value_or(known.cores),
                      .speed = host->get_speed() / reference_flops,
                      .memory_bytes = spec.platform_memory_gib * 1024 * 1024 * 1024,
                      .nic_bytes_per_s = 0});
    simgrid_hosts_.push_back(host);
    flops_per_work_s_.push_back(reference_flops);
  }
  const auto directory = std::filesystem::path(file).parent_path();
  for (const auto& [name, profile] : platform.speed_files) {
    const auto at =
        std::find_if(hosts_.begin(), hosts_.end(), [&](const HostInfo& host) { return host.name == name; });
    if (at == hosts_.end()) continue;
    ProfileSpec described;
    described.file = (directory / profile).string();
    profiles_.push_back({static_cast<int>(at - hosts_.begin()), described});
  }
}

}  // namespace weir
