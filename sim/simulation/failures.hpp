#pragma once

#include <vector>

#include "sim/dataflow/engine.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/simulation/scenario.hpp"

// The failures that a scenario has for the workers of a job: told to its engine when they happen, before
// anything else of that instant.

namespace weir {

class Failures final : EventHandler {
 public:
  // Those after `until_ns` never happen.
  Failures(const std::vector<WorkerFailure>& failures, Job& job, Engine& engine, Nanos until_ns);

 private:
  void on_event(std::uint32_t kind, std::uint32_t failure) override;

  const std::vector<WorkerFailure>& failures_;
  Job& job_;
  Engine& engine_;
};

}  // namespace weir
