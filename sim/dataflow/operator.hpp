#pragma once

#include <cstdint>
#include <string>

#include "sim/dataflow/batch.hpp"
#include "sim/scenario/registry.hpp"

// What an operator computes, as far as a simulation needs it: how many records come out for those that go in.
// One object per instance. Registered kinds live in models/operators, one file each.

namespace weir {

struct Produced {
  std::int64_t count;  // records sent on every outgoing edge
  std::int64_t
      consumed;  // of the records that went in, how many live on in what came out (the rest is filtered)
};

class OperatorLogic {
 public:
  static constexpr RegistryKind registry_kind{"operator", "operators"};

  virtual ~OperatorLogic() = default;
  virtual Produced process(const Batch& input) = 0;
  // Records out per record in, in the long run; what the oracle is told.
  virtual double mean_selectivity() const = 0;
  // Whether all records of a key must come to the same instance.
  virtual bool keyed() const { return false; }
};

struct OperatorContext {
  std::uint64_t seed;
  std::string entity;  // "job/operator/index": names the random streams of this instance
};

using OperatorRegistry = Registry<OperatorLogic, OperatorContext>;

}  // namespace weir
