#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/dataflow/batch.hpp"
#include "sim/scenario/registry.hpp"

// What an operator computes, as far as a simulation needs it: how many records come out for those that go in.
// One object per instance. Registered kinds live in models/operators, one file each.

namespace weir {

//
//   Batch ──process──▶ Produced: so many records for every outgoing edge
//                      and, of an operator that keeps records for later, what weight went into its state

struct Produced {
  std::int64_t count;  // records sent on every outgoing edge
  std::int64_t
      consumed;  // of the records that went in, how many live on in what came out (the rest is filtered)
  // Of the weight that lives on, what stays in the operator's state; negative: what leaves it.
  std::int64_t kept_weight = 0;
};

// Records that an operator keeps for later.
struct KeptRecords {
  std::int64_t count = 0;
  std::int64_t weight = 0;
};

// Keyed state that an operator holds, of its kind's own making: it grows and shrinks as records come.
struct KeyedState {
  std::int64_t keys = 0;
  double size_bytes = 0;
};

// What the operators of one job know together: the law of a workload whose operators share it, as the
// generator of a benchmark. Whoever asks first for a name makes it.
class JobModels {
 public:
  template <class Model, class Make>
  std::shared_ptr<Model> get(const std::string& name, Make&& make) {
    std::shared_ptr<void>& model = models_[name];
    if (!model) model = make();
    return std::static_pointer_cast<Model>(model);
  }

 private:
  std::map<std::string, std::shared_ptr<void>> models_;
};

class OperatorLogic {
 public:
  static constexpr RegistryKind registry_kind{"operator", "operators"};

  virtual ~OperatorLogic() = default;
  virtual Produced process(const Batch& input) = 0;
  // How many records process() would send for it now. Nothing changes: a service that serializes what it
  // sends is as long as that takes, and may be cut off before it is done.
  virtual std::int64_t would_send(const Batch& input) const = 0;
  // Records out per record in, in the long run; what the oracle is told.
  virtual double mean_selectivity() const = 0;
  // Whether all records of a key must come to the same instance.
  virtual bool keyed() const { return false; }
  // Whether it puts the parts of one origin together again: then all must come to the same instance, record
  // by record, on two edges or more.
  virtual bool joins() const { return false; }
  // Whether it is the end of a dataflow: it never sends anything.
  virtual bool ends() const { return false; }
  // Whether more than one record may come of one, which share its weight.
  virtual bool divides() const { return mean_selectivity() > 1; }
  virtual KeptRecords kept() const { return {}; }
  virtual KeyedState state() const { return {}; }
  // A deployment begins: nothing is on its way to this instance any more, whatever was sent.
  virtual void deployed() {}
  // Where `made`, the records that process() has just made of its input, go on an edge whose keys are the
  // sender's own business (KeyLaw::sender): how many to each instance; adds up to made.count. False: it does
  // not know, they go in turn.
  virtual bool spread(const Batch& made, std::span<std::int64_t> counts) {
    static_cast<void>(made), static_cast<void>(counts);
    return false;
  }
  // Whether what it sends stands for records of several origins that came long before: then no single origin
  // can be followed through it.
  virtual bool aggregates() const { return false; }
  // Its state is lost: a batch for each origin of what it kept.
  virtual std::vector<Batch> forget() { return {}; }
};

struct OperatorContext {
  std::uint64_t seed;
  std::string entity;            // "job/operator/index": names the random streams of this instance
  std::vector<int> inputs = {};  // the edges that lead to it, as Batch::channel names them
  JobModels* models = nullptr;   // of the job that runs; null: somebody only asks
};

using OperatorRegistry = Registry<OperatorLogic, OperatorContext>;

}  // namespace weir
