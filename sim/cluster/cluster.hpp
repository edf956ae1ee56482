#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cpu.hpp"
#include "sim/cluster/network.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/scenario/params.hpp"

// A cluster as a stream engine sees it: hosts with cores and slots, their processors, their connections.
//
//   ClusterSpec ──(Cluster)──▶ SimGrid platform ──▶ Cpus, Network
//
// One per process, and before the SimGridLoop: SimGrid's engine is a singleton. It is never destroyed, since
// SimGrid does not support that in mid-run; the process simply ends.
//
// Hosts are numbered in the order of the description: groups in their order, hosts of a group by their index
// (`worker-0`, `worker-1`, …). Hosts of a SimGrid platform file are numbered in the natural order of their
// names (`node-2` before `node-10`), since SimGrid keeps them in a hash table.

namespace weir {

// How fast a host is over time: from `time_s` on, its own speed times `factor`.
struct SpeedStep {
  double time_s = 0;
  double factor = 1;
};

struct ProfileSpec {
  std::vector<SpeedStep> steps;
  double repeat_s = 0;  // from then on all over again, with this period; 0: the last step stays
  std::string file;     // instead of steps: a file in SimGrid's profile format
};

// Another tenant that comes and goes: exponential times with and without it.
struct InterferenceSpec {
  double off_mean_s = 0;  // 0: there is none
  double on_mean_s = 60;
  double factor = 0.5;  // of the speed while it is there
};

struct HostGroupSpec {
  std::string name = "host";
  int count = 1;
  int cores = 4;
  std::optional<int> slots = {};  // default: one a core
  double speed = 1;               // of one core, relative to the reference core
  double memory_gib = 16;
  double nic_gbit_per_s = 10;
  std::string rack = {};
  std::optional<ProfileSpec> profile = {};
  std::optional<InterferenceSpec> interference = {};
};

struct RackSpec {
  std::string name;
  double uplink_gbit_per_s = 0;  // 0: not a bottleneck
};

enum class NetworkModel : std::uint8_t { cm02, lv08 };

struct NetworkSpec {
  NetworkModel model = NetworkModel::cm02;
  double latency_us = 50;                  // one way, within a rack
  double cross_rack_latency_us = 100;      // one way, between racks
  std::optional<double> efficiency;        // payload share of the line rate
  std::optional<double> bandwidth_factor;  // instead of efficiency
  std::optional<double> latency_factor;    // default: the model's
  double loopback_latency_us = 0;
  double loopback_gbit_per_s = 0;  // 0: infinitely fast
  double transfer_max_kib = 4096;
  double window_kib = 0;
  bool fair_share = true;
};

struct ClusterSpec {
  std::vector<HostGroupSpec> hosts;
  std::vector<RackSpec> racks;
  NetworkSpec network;
  std::string platform;               // a SimGrid XML file instead of hosts and racks
  double reference_speed_gflops = 1;  // with a platform file: the speed of the reference core
  std::optional<int> platform_slots;  // with a platform file: slots per host; default: one a core
  double platform_memory_gib = 16;    // with a platform file: SimGrid knows no memory
};

ParamTable<ClusterSpec> cluster_table();
// `worker-3`; the name alone in a group of one.
std::string host_name(const HostGroupSpec& group, int index);
// Without building the cluster. Throws std::runtime_error with one line for people when a platform file
// cannot be used. Call it before there is a Cluster.
int slot_count(const ClusterSpec& spec, const std::string& base_dir);

struct HostInfo {
  std::string name;
  int rack = 0;
  int cores = 1;
  int slots = 1;
  double speed = 1;  // of one core, relative to the reference core; without profile
  double memory_bytes = 0;
  double nic_bytes_per_s = 0;  // payload; 0: not known or not limited
};

class Cluster {
 public:
  // Files are looked up relative to base_dir. Throws std::runtime_error with one line for people when a file
  // cannot be used.
  Cluster(const ClusterSpec& spec, Calendar& calendar, const std::string& base_dir, std::uint64_t seed = 1);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  int host_count() const;
  const HostInfo& host(int id) const;
  int slot_count() const;
  Cpus& cpus();
  Network& network();
  // Which models and factors are in force, what is shared, and when SimGrid is asked: one line each.
  std::vector<std::string> explain() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
