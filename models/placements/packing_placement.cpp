#include "models/placements/packing_placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement_errors.hpp"
#include "sim/kernel/assert.hpp"

namespace weir {

using packing::Amounts;

namespace {

constexpr double bytes_per_gib = 1024.0 * 1024 * 1024;

Amounts item(double cores, double memory_gib) {
  // Rounded to the units of the bins, a millionth of a core and a byte.
  return {1, std::llround(cores * 1e6), std::llround(memory_gib * bytes_per_gib)};
}

std::string in_words(const Amounts& size) {
  std::string text = "1 slot";
  if (size[packing::micro_cores] > 0)
    text += fmt::format(", {:.6g} cores", static_cast<double>(size[packing::micro_cores]) / 1e6);
  if (size[packing::bytes] > 0)
    text += fmt::format(", {:.6g} GiB", static_cast<double>(size[packing::bytes]) / bytes_per_gib);
  return text;
}

Amounts sum(const Amounts& a, const Amounts& b) {
  return {1, a[packing::micro_cores] + b[packing::micro_cores], a[packing::bytes] + b[packing::bytes]};
}

void throw_if_any(const std::vector<std::string>& problems) {
  if (!problems.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace

std::vector<Amounts> PackingPlacement::sizes(const SizeParams& params, const PlacementContext& context) {
  std::vector<PlacementParameterError::Problem> unknown;
  for (const auto& [name, own] : params.operators) {
    if (context.graph.find(name) < 0)
      unknown.push_back({"operators." + name, fmt::format("there is no operator {:?}", name),
                         operator_names(context.graph)});
  }
  if (!unknown.empty()) throw PlacementParameterError(std::move(unknown));
  std::vector<Amounts> sizes;
  for (const LogicalOperator& op : context.graph.operators) {
    const auto found = params.operators.find(op.name);
    const OperatorSizeParams own = found == params.operators.end() ? OperatorSizeParams{} : found->second;
    sizes.push_back(item(own.cores.value_or(params.cores), own.memory_gib.value_or(params.memory_gib)));
  }
  if (!context.slots_shared) return sizes;
  return {std::accumulate(sizes.begin(), sizes.end(), Amounts{1, 0, 0}, sum)};
}

std::vector<Amounts> PackingPlacement::whole_hosts(const PlacementContext& context) {
  std::vector<Amounts> hosts;
  for (int host = 0; host < context.cluster.host_count(); ++host) {
    const HostInfo& info = context.cluster.host(host);
    hosts.push_back(
        {info.slots, std::int64_t{info.cores} * 1'000'000, static_cast<std::int64_t>(info.memory_bytes)});
  }
  return hosts;
}

PackingPlacement::PackingPlacement(const PlacementContext& context, std::string name,
                                   std::vector<Amounts> sizes, std::vector<Amounts> capacities)
    : Placement(context),
      name_(std::move(name)),
      sizes_(std::move(sizes)),
      capacities_(std::move(capacities)),
      bins_(std::vector<Amounts>()) {
  // What no item takes does not count as room either.
  for (std::size_t r = 0; r < packing::resource_count; ++r) {
    if (std::any_of(sizes_.begin(), sizes_.end(), [&](const Amounts& size) { return size[r] > 0; })) continue;
    for (Amounts& capacity : capacities_) capacity[r] = 0;
  }
  std::vector<std::string> problems;
  for (std::size_t op = 0; op < sizes_.size(); ++op) {
    items_.push_back(context.slots_shared
                         ? std::string("a slot with an instance of every operator")
                         : fmt::format("an instance of {:?}", context.graph.operators[op].name));
    const packing::Bins empty(capacities_);
    if (empty.choose(packing::Fit::first, sizes_[op]) >= 0) continue;
    problems.push_back(fmt::format("{} takes {}, which {} finds on no host, even an empty one", items_[op],
                                   in_words(sizes_[op]), name_));
  }
  throw_if_any(problems);
}

std::vector<int> PackingPlacement::order(const std::vector<InstanceToPlace>& wanted) const {
  std::vector<int> order(wanted.size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// Puts those of `before` that are still wanted and fit where they were.
std::vector<PlacedInstance> PackingPlacement::keep(const std::vector<InstanceToPlace>& wanted,
                                                   const std::vector<PlacedInstance>& before) {
  std::map<std::pair<int, int>, int> was_at;
  for (const PlacedInstance& instance : before)
    was_at[{instance.operator_id, instance.index}] = instance.host;
  std::vector<PlacedInstance> kept;
  for (const InstanceToPlace& instance : wanted) {
    const auto was = was_at.find({instance.operator_id, instance.index});
    if (was == was_at.end() || !bins_.fits(was->second, size_of(instance))) continue;
    bins_.put(was->second, size_of(instance));
    kept.push_back({instance.operator_id, instance.index, was->second});
  }
  return kept;
}

std::optional<std::vector<int>> PackingPlacement::place(const std::vector<InstanceToPlace>& wanted,
                                                        const std::vector<PlacedInstance>& before,
                                                        const std::vector<int>& free_slots) {
  refusal_.clear();
  std::vector<Amounts> capacities = capacities_;
  for (std::size_t host = 0; host < free_slots.size(); ++host) {
    std::int64_t& slots = capacities[host][packing::slots];
    slots = std::clamp<std::int64_t>(free_slots[host], 0, slots);
  }
  // What others took makes a slot no larger a share of a host.
  bins_ = packing::Bins(std::move(capacities), packing::largest(capacities_));

  const std::vector<int> turn = order(wanted);
  std::vector<InstanceToPlace> in_turn;
  for (const int i : turn) in_turn.push_back(wanted[static_cast<std::size_t>(i)]);
  const auto hosts_in_turn = Placement::place(in_turn, keep(in_turn, before), free_slots);
  if (!hosts_in_turn) return std::nullopt;
  std::vector<int> hosts(wanted.size());
  for (std::size_t i = 0; i < turn.size(); ++i)
    hosts[static_cast<std::size_t>(turn[i])] = (*hosts_in_turn)[i];
  return hosts;
}

int PackingPlacement::choose(const InstanceToPlace& instance, const PlacementState& state) {
  const Amounts& size = size_of(instance);
  const int host = pick(bins_, size);
  if (host < 0) {
    refusal_ = fmt::format("{} finds no room for {} ({}) after {} that it placed", name_,
                           items_[static_cast<std::size_t>(instance.operator_id)], in_words(size),
                           state.placed.size());
    return -1;
  }
  WEIR_ASSERT(state.has_room(host), "the bins know of a slot that is not free");
  bins_.put(host, size);
  return host;
}

ParamTable<OperatorSizeParams> operator_size_table() {
  ParamTable<OperatorSizeParams> t("size of an operator's instances");
  t.real("cores", &OperatorSizeParams::cores, {.unit = "cores", .help = "Default: as all."}, size_range());
  t.real("memory_gib", &OperatorSizeParams::memory_gib, {.unit = "GiB", .help = "Default: as all."},
         size_range());
  return t;
}

ParamTable<SizeParams> size_table() {
  ParamTable<SizeParams> t;
  add_size_params(t, "chosen");
  return t;
}

namespace {

class FitPlacement final : public PackingPlacement {
 public:
  FitPlacement(packing::Fit rule, std::string name, const SizeParams& params, const PlacementContext& context)
      : PackingPlacement(context, std::move(name), sizes(params, context), whole_hosts(context)),
        rule_(rule) {}

 private:
  int pick(const packing::Bins& bins, const Amounts& size) override { return bins.choose(rule_, size); }
  packing::Fit rule_;
};

}  // namespace

std::unique_ptr<Placement> make_fit_placement(packing::Fit rule, std::string name, const SizeParams& params,
                                              const PlacementContext& context) {
  return std::make_unique<FitPlacement>(rule, std::move(name), params, context);
}

}  // namespace weir
