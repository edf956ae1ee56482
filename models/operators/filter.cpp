// Lets a share of the records through.

#include "models/operators/selectivity.hpp"

namespace weir {
namespace {

struct FilterParams {
  double selectivity = 0.5;
  SelectivityLaw law = SelectivityLaw::bernoulli;
};

ParamTable<FilterParams> table() {
  ParamTable<FilterParams> t("filter");
  t.real("selectivity", &FilterParams::selectivity,
         {.unit = "records out per record in", .help = "The share that passes.", .source = "chosen"},
         between(0, 1));
  t.choice(
      "law", &FilterParams::law,
      {.help = "bernoulli: each record passes or not by chance; deterministic: exactly that share passes, "
               "remainders are carried.",
       .source = "chosen"},
      {{"bernoulli", SelectivityLaw::bernoulli}, {"deterministic", SelectivityLaw::deterministic}});
  return t;
}

const auto registered = OperatorRegistry::add<FilterParams>(
    {.name = "filter", .help = "Lets a share of the records through.", .source = "dataflow model"}, table(),
    [](const FilterParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<SelectiveLogic>(p.selectivity, p.law, c);
    });

}  // namespace
}  // namespace weir
