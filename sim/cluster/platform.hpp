#pragma once

#include <simgrid/s4u.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/cluster/cluster.hpp"

// The SimGrid platform behind a cluster. Included by the .cpp files of sim/cluster only.

namespace weir {

// SimGrid takes the size of a message as an integer. All its bandwidths and sizes are multiplied by this (a
// power of two, so exactly), which makes it round to a thousandth of a byte.
inline constexpr double simgrid_bytes_scale = 1024;

struct PlatformLink {
  std::string name;
  double bytes_per_s = 0;  // as used here: factors included
  double latency_s = 0;    // as described
};

struct PlatformRoute {
  std::vector<int> shared;  // links that others may use too, each once, sorted
  double bytes_per_s = 0;   // of the slowest link; infinity without links
  double latency_s = 0;     // as described
};

class Platform {
 public:
  // Builds it (once per process). Throws std::runtime_error with a line for people.
  Platform(const ClusterSpec& spec, const std::string& base_dir);

  const std::vector<HostInfo>& hosts() const { return hosts_; }
  simgrid::s4u::Host* simgrid_host(int id) const { return simgrid_hosts_[static_cast<std::size_t>(id)]; }
  // On this host, one second of work of a reference core takes so many flops.
  double flops_per_work_s(int id) const { return flops_per_work_s_[static_cast<std::size_t>(id)]; }
  const std::vector<PlatformLink>& links() const { return links_; }
  // Between two different hosts.
  PlatformRoute route(int from, int to) const;
  double bandwidth_factor() const { return bandwidth_factor_; }
  // Speed profiles, of the description or of a platform file.
  struct HostProfile {
    int host;
    ProfileSpec profile;
  };
  const std::vector<HostProfile>& profiles() const { return profiles_; }

 private:
  void build(const ClusterSpec& spec);
  void load(const ClusterSpec& spec, const std::string& base_dir);
  void add_link(simgrid::s4u::Link* link, double latency_s);

  std::vector<HostInfo> hosts_;
  std::vector<simgrid::s4u::Host*> simgrid_hosts_;
  std::vector<double> flops_per_work_s_;
  std::vector<PlatformLink> links_;
  std::unordered_map<const simgrid::s4u::Link*, int> link_ids_;
  std::vector<HostProfile> profiles_;
  double bandwidth_factor_ = 1;
  // Latencies of a described (not loaded) cluster; negative: the links' own.
  double same_rack_latency_s_ = -1;
  double cross_rack_latency_s_ = -1;
};

// Creates SimGrid's engine and sets what weir needs of it; used by the check of a platform file, too.
void create_simgrid_engine();

}  // namespace weir
