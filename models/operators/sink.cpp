// The end of a dataflow: takes records in, sends none on. Any operator without an outgoing edge is a sink,
// too; this one has no other meaning.

#include "models/operators/selectivity.hpp"

namespace weir {
namespace {

struct SinkParams {};

class Sink final : public OperatorLogic {
 public:
  Produced process(const Batch&) override { return {0, 0}; }
  std::int64_t would_send(const Batch&) const override { return 0; }
  double mean_selectivity() const override { return 0; }
  bool ends() const override { return true; }
};

const auto registered = OperatorRegistry::add<SinkParams>(
    {.name = "sink", .help = "The end of a dataflow: sends nothing on.", .source = "dataflow model"},
    ParamTable<SinkParams>("sink"),
    [](const SinkParams&, OperatorContext&) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<Sink>();
    });

}  // namespace
}  // namespace weir
