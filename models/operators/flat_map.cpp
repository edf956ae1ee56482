// Some records out for each record in: splitters, parsers, unnesting.

#include "models/operators/flat_map.hpp"

namespace weir {
namespace {

ParamTable<FlatMapParams> table() {
  ParamTable<FlatMapParams> t("flat-map");
  t.real("selectivity", &FlatMapParams::selectivity,
         {.unit = "records out per record in",
          .help = "Mean number of results of a record.",
          .source = "splitter of word count: 10.16, sample rates of DS2's published code"},
         between(0, selectivity_max));
  t.choice(
      "law", &FlatMapParams::law,
      {.help = "How the results of one record vary: not at all (remainders are carried), between the two "
               "integers next to the mean, or by the Poisson law.",
       .source = "chosen"},
      {{"deterministic", SelectivityLaw::deterministic},
       {"bernoulli", SelectivityLaw::bernoulli},
       {"poisson", SelectivityLaw::poisson}});
  return t;
}

const auto registered = OperatorRegistry::add<FlatMapParams>(
    {.name = "flat-map", .help = "Some records out for each record in.", .source = "dataflow model"}, table(),
    [](const FlatMapParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<SelectiveLogic>(p.selectivity, p.law, c);
    });

}  // namespace

OperatorRegistry::Choice flat_map(double selectivity) {
  return OperatorRegistry::Choice::of("flat-map", FlatMapParams{.selectivity = selectivity});
}

}  // namespace weir
