// A running count per key: each record gives the new count of its key, or only every so-many-th does. Without
// an outgoing edge it is a sink. Which key a record has is the business of the edge that leads here.

#include "models/operators/keyed_count.hpp"

#include "models/operators/selectivity.hpp"

namespace weir {
namespace {

class KeyedCount final : public SelectiveLogic {
 public:
  using SelectiveLogic::SelectiveLogic;
  bool keyed() const override { return true; }
};

ParamTable<KeyedCountParams> table() {
  ParamTable<KeyedCountParams> t("keyed-count");
  t.real("selectivity", &KeyedCountParams::selectivity,
         {.unit = "records out per record in",
          .help = "Updates sent on per record: 1 sends each, 0.1 every tenth.",
          .source = "word count of Flink and Heron: each"},
         between(0, 1));
  return t;
}

const auto registered = OperatorRegistry::add<KeyedCountParams>(
    {.name = "keyed-count", .help = "A running count per key.", .source = "word count of DS2, OSDI 2018"},
    table(), [](const KeyedCountParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<KeyedCount>(p.selectivity, SelectivityLaw::deterministic, c);
    });

}  // namespace
}  // namespace weir
