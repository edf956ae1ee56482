#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/placements/packing.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/scenario/params.hpp"

// What the placements that pack have in common: hosts are bins, instances are items.
//
//   sizes of instances + capacities of hosts ──PackingPlacement──▶ Bins ──pick──▶ a host
//
// An instance takes one slot, and of its host's cores and memory what the parameters say; what is 0 for all
// is not counted. Where slots are shared, an item is a slot with an instance of each operator, so as large as
// all of them together (as Flink sizes a slot-sharing group). Other jobs take slots of a host; the cores
// and memory of their instances are not known here.

namespace weir {

struct OperatorSizeParams {
  std::optional<double> cores;
  std::optional<double> memory_gib;
};

struct SizeParams {
  double cores = 0;       // of an instance
  double memory_gib = 0;  // of an instance
  std::map<std::string, OperatorSizeParams> operators;
};

// Parameters of a struct that has them as base: `t` is its table.
template <class T>
void add_size_params(ParamTable<T>& t, const char* source);

class PackingPlacement : public Placement {
 public:
  // By operator; a single one where slots are shared. Throws std::runtime_error, a line for each operator
  // that does not exist.
  static std::vector<packing::Amounts> sizes(const SizeParams& params, const PlacementContext& context);
  // All of a host's slots, cores and memory.
  static std::vector<packing::Amounts> whole_hosts(const PlacementContext& context);

  // Throws std::runtime_error, a line for each operator an instance of which fits on no empty host.
  PackingPlacement(const PlacementContext& context, std::string name, std::vector<packing::Amounts> sizes,
                   std::vector<packing::Amounts> capacities);

  std::optional<std::vector<int>> place(const std::vector<InstanceToPlace>& wanted,
                                        const std::vector<PlacedInstance>& before,
                                        const std::vector<int>& free_slots) override;
  std::string refusal() const override { return refusal_; }

 protected:
  // A host where it fits, -1: none.
  virtual int pick(const packing::Bins& bins, const packing::Amounts& size) = 0;
  // In which order `wanted` is placed: indices into it.
  virtual std::vector<int> order(const std::vector<InstanceToPlace>& wanted) const;

  const packing::Amounts& size_of(const InstanceToPlace& instance) const {
    return sizes_[static_cast<std::size_t>(instance.operator_id)];
  }
  const packing::Amounts& size_of(int operator_id) const {
    return sizes_[static_cast<std::size_t>(operator_id)];
  }
  const std::vector<packing::Amounts>& capacities() const { return capacities_; }

 private:
  int choose(const InstanceToPlace& instance, const PlacementState& state) final;
  std::vector<PlacedInstance> keep(const std::vector<InstanceToPlace>& wanted,
                                   const std::vector<PlacedInstance>& before);
  std::string name_;
  std::vector<std::string> items_;  // what an item of each operator is, for people
  std::vector<packing::Amounts> sizes_;
  std::vector<packing::Amounts> capacities_;
  packing::Bins bins_;
  std::string refusal_;
};

// One of the textbook rules, on whole hosts.
std::unique_ptr<Placement> make_fit_placement(packing::Fit rule, std::string name, const SizeParams& params,
                                              const PlacementContext& context);
ParamTable<SizeParams> size_table();

// ---------------------------------------------------------------- implementation

ParamTable<OperatorSizeParams> operator_size_table();
inline Range size_range() {
  return between(0, 1e6);
}

template <class T>
void add_size_params(ParamTable<T>& t, const char* source) {
  t.real("cores", static_cast<double T::*>(&SizeParams::cores),
         {.unit = "cores", .help = "That an instance takes of its host; 0: not counted.", .source = source},
         size_range());
  t.real("memory_gib", static_cast<double T::*>(&SizeParams::memory_gib),
         {.unit = "GiB",
          .help = "That an instance takes of its host's memory; 0: not counted.",
          .source = source},
         size_range());
  t.objects("operators", static_cast<std::map<std::string, OperatorSizeParams> T::*>(&SizeParams::operators),
            operator_size_table(), {.help = "Other sizes, by the operator's name."});
}

}  // namespace weir
