// The end of a fork: waits until the parts of one origin have arrived from each of its inputs, then sends one
// record on.
//
//   source ─┬─▶ resize ──┬─▶ join ─▶ …
//           └─▶ detect ──┘
//
// A record belongs to the source record that it stems from: the k-th that an input brings for it meets the
// k-th of the other inputs. Parts without partners wait in the state, for ever if a filter took the partners;
// they are in flight, survive a restart that saves the state, and are lost in one that does not.

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/operator.hpp"
#include "sim/kernel/muldiv.hpp"
#include "sim/scenario/params.hpp"

namespace weir {
namespace {

struct JoinParams {};

class Join final : public OperatorLogic {
 public:
  explicit Join(const OperatorContext& context) : inputs_(context.inputs) {}

  Produced process(const Batch& input) override {
    WEIR_ASSERT(input.count == 1 && input.source != Batch::mixed_source, "a join goes record by record");
    Waiting& waiting = waiting_[{input.source, input.sequence_first}];
    if (waiting.parts.empty()) waiting.parts.assign(inputs_.size(), 0);
    ++waiting.parts[input_of(input)];
    waiting.weight += input.weight;
    kept_.count += 1;
    kept_.weight += input.weight;
    if (*std::min_element(waiting.parts.begin(), waiting.parts.end()) == 0) return {0, 1, input.weight};
    return {1, 1, input.weight - release({input.source, input.sequence_first}, waiting)};
  }
  // Whether no other input's part is missing.
  std::int64_t would_send(const Batch& input) const override {
    const auto waiting = waiting_.find({input.source, input.sequence_first});
    if (waiting == waiting_.end()) return inputs_.size() == 1 ? 1 : 0;
    const std::vector<std::int64_t>& parts = waiting->second.parts;
    const std::size_t own = input_of(input);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i != own && parts[i] == 0) return 0;
    }
    return 1;
  }
  double mean_selectivity() const override { return 1 / std::max(1.0, static_cast<double>(inputs_.size())); }
  bool joins() const override { return true; }
  KeptRecords kept() const override { return kept_; }
  std::vector<Batch> forget() override {
    std::vector<Batch> lost;
    for (const auto& [origin, waiting] : waiting_) {
      Batch batch;
      batch.source = origin.first;
      batch.sequence_first = batch.sequence_last = origin.second;
      batch.count = std::accumulate(waiting.parts.begin(), waiting.parts.end(), std::int64_t{0});
      batch.weight = waiting.weight;
      lost.push_back(batch);
    }
    waiting_.clear();
    kept_ = {};
    return lost;
  }

 private:
  using Origin = std::pair<std::int32_t, std::int64_t>;  // source and sequence number
  struct Waiting {
    std::vector<std::int64_t> parts;  // by input
    std::int64_t weight = 0;          // of all of them
  };

  std::size_t input_of(const Batch& batch) const {
    const auto it = std::find(inputs_.begin(), inputs_.end(), batch.channel->edge);
    WEIR_ASSERT(it != inputs_.end(), "a record comes by one of the edges");
    return static_cast<std::size_t>(it - inputs_.begin());
  }

  // Takes one part of each input out, with their share of the weight.
  std::int64_t release(const Origin& origin, Waiting& waiting) {
    std::int64_t left = 0;
    for (std::int64_t& parts : waiting.parts) left += --parts;
    const auto taken = static_cast<std::int64_t>(inputs_.size());
    const std::int64_t weight = left == 0 ? waiting.weight : muldiv(waiting.weight, taken, taken + left);
    waiting.weight -= weight;
    kept_.count -= taken;
    kept_.weight -= weight;
    if (left == 0) waiting_.erase(origin);
    return weight;
  }

  std::vector<int> inputs_;
  std::map<Origin, Waiting> waiting_;
  KeptRecords kept_;
};

const auto registered = OperatorRegistry::add<JoinParams>(
    {.name = "join",
     .help = "Waits for the parts of one source record from each input, then sends one record on.",
     .source = "fork-join queues: Nelson and Tantawi, IEEE Trans. Computers 37(6), 1988"},
    ParamTable<JoinParams>("join"),
    [](const JoinParams&, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<Join>(c);
    });

}  // namespace
}  // namespace weir
