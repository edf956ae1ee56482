#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "policies/irm/packing.hpp"
#include "policies/irm/rules.hpp"

// What HarmonicIO's Intelligent Resource Manager keeps: containers on their way from a request to a worker.
//
//   request ─▶ container queue ──packing run──▶ bins, allocation queue ──queue manager──▶ start on worker
//                  ▲                                                                          │
//                  └──────────── while its time to live lasts ◀───────────── it failed ◀──────┘
//
// Free of clocks: the policy (policies/irm.cpp) says when each of its loops runs. A worker has the number of
// its bin. Sizes are shares of a worker's whole CPU.
//
// Source: HarmonicIO, branch adding_irm_real, irm_components.py and resource_manager.py.

namespace weir::irm {

struct ManagerSettings {
  Parameters parameters;
  double minimum_cpu_share = 0.02;     // of a profile
  int profiling_updates_max = 10'000;  // a profile is the mean of so many at most
  double space_margin = 0;
  // By operator and worker: a worker with so many containers of the operator takes no more. Empty: HarmonicIO
  // itself, which packs by CPU alone and finds out when a start fails.
  std::vector<std::vector<int>> containers_max = {};
};

class Manager {
 public:
  struct Start {
    int container = 0;
    int operator_id = 0;
    int worker = 0;
    double size = 0;
  };
  struct Counts {
    std::int64_t requested = 0, started = 0, failed = 0, dropped = 0, lost = 0, exited = 0;
    std::int64_t from_start = 0;
  };

  Manager(const ManagerSettings& settings, int operators, int workers);

  // One more container, with the size of its operator's profile if there is one. Returns its number.
  int request(int operator_id);
  // One that runs on the worker before anything was asked for. It has the default size, as if it had been
  // packed there, and its worker and those before are active. Returns its number.
  int runs_from_start(int operator_id, int worker);
  // Packs everything that is in the container queue, in its order; what it packed, in the order in which it
  // will be started: by bin.
  std::vector<Start> pack();
  // Makes one worker more active, the one after the last, or the last one no more.
  void step_workers();
  // A queue manager takes the next container: one that is to be started now, or nothing; then there is none,
  // or its worker is not active, which is a start that failed.
  std::optional<Start> take();
  bool nothing_to_take() const { return allocation_queue_.empty(); }
  void started(int container);
  void failed(int container);
  void exited(int container);
  // A measurement of the containers of an operator: goes into the profile, and to all that do not run yet.
  void profiled(int operator_id, double cpu_share);

  const WorkerBins& bins() const { return bins_; }
  int target_workers() const { return target_; }
  int active_workers() const { return active_; }
  std::optional<double> profile(int operator_id) const;
  const Counts& counts() const { return counts_; }

 private:
  enum class State : std::uint8_t { queued, packed, runs, gone };
  struct Container {
    int operator_id = 0;
    std::optional<double> size = {};
    RequestTtl ttl = {};
    int bin = -1;
    State state = State::queued;
  };
  struct Profile {
    double mean = 0;
    int updates = 0;
  };
  void put_back(int container);
  bool may_have(int worker, int operator_id) const;

  ManagerSettings settings_;
  int workers_;
  int target_ = 0, active_ = 0;
  WorkerBins bins_;
  std::vector<Container> containers_;  // by number
  std::vector<Profile> profiles_;      // by operator
  std::deque<int> container_queue_;
  std::deque<int> allocation_queue_;
  Counts counts_;
};

}  // namespace weir::irm
