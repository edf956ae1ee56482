#pragma once

#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/kernel/random.hpp"

// How fast hosts are over time: profiles and other tenants, as events of class fault.

namespace weir {

struct SpeedProfile {
  struct Step {
    Nanos time_ns;
    double factor;
  };
  std::vector<Step> steps;
  Nanos period_ns = 0;  // 0: the last step stays
};

// SimGrid's profile format: lines `time factor`, comments with #, and `LOOPAFTER delay` (or `PERIODICITY
// delay`): the pattern begins anew that long after its last step. Throws std::runtime_error with one line.
SpeedProfile parse_profile(const std::string& text, const std::string& file);
SpeedProfile make_profile(const ProfileSpec& spec, const std::string& base_dir);

class Speeds final : EventHandler {
 public:
  Speeds(Calendar& calendar, Cpus& cpus, std::uint64_t seed);
  void add_profile(int host, SpeedProfile profile);
  void add_interference(int host, const std::string& host_name, const InterferenceSpec& spec);
  bool empty() const { return profiles_.empty() && tenants_.empty(); }
  std::size_t profiles() const { return profiles_.size(); }
  std::size_t tenants() const { return tenants_.size(); }

 private:
  struct Running {
    int host;
    SpeedProfile profile;
    std::size_t next = 0;
    Nanos round_ns = 0;
  };
  struct Tenant {
    int host;
    InterferenceSpec spec;
    RandomStream stream;
    bool there = false;
  };
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void schedule_step(std::uint32_t index);
  void schedule_turn(std::uint32_t index);

  Calendar& calendar_;
  Cpus& cpus_;
  const std::uint64_t seed_;
  std::vector<Running> profiles_;
  std::vector<Tenant> tenants_;
};

}  // namespace weir
