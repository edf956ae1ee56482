#include "sim/dataflow/arrival.hpp"

namespace weir {
namespace {

struct NoneParams {};

class None final : public ArrivalProcess {
 public:
  Arrivals next(std::int64_t, Nanos) override { return {}; }
  double rate_per_s(double) const override { return 0; }
  double max_rate_per_s(double, double) const override { return 0; }
  double spacing_scv() const override { return 0; }
  double expected_count(Nanos) const override { return 0; }
};

const auto registered = ArrivalRegistry::add<NoneParams>(
    {.name = "none", .help = "Nothing comes from outside: for a source whose topic another job writes."},
    ParamTable<NoneParams>("arrivals none"), [](const NoneParams&, ArrivalContext&) {
      return std::unique_ptr<ArrivalProcess>(std::make_unique<None>());
    });

}  // namespace
}  // namespace weir
