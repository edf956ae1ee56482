// One record out for each record in.

#include "models/operators/selectivity.hpp"

namespace weir {
namespace {

struct MapParams {};

class Map final : public OperatorLogic {
 public:
  Produced process(const Batch& input) override { return {input.count, input.count}; }
  std::int64_t would_send(const Batch& input) const override { return input.count; }
  double mean_selectivity() const override { return 1; }
};

const auto registered = OperatorRegistry::add<MapParams>(
    {.name = "map", .help = "One record out for each record in.", .source = "dataflow model"},
    ParamTable<MapParams>("map"), [](const MapParams&, OperatorContext&) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<Map>();
    });

}  // namespace
}  // namespace weir
