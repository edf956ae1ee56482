// Word count as DS2's authors ran it on Flink: a source whose rate goes through two phases, sentences of 100
// characters, and, if asked, a word that more of them have than others. Costs are those of word-count.

#include "models/workloads/word_count.hpp"

namespace weir {
namespace {

struct Ds2WordCountParams : WordCountParams {
  Ds2WordCountParams() {
    source_cost.per_record_us = 0;
    split.parallelism = 10;
    count.parallelism = 5;
    split.max_parallelism = count.max_parallelism = 36;
  }
  double skew = 0;
};

ParamTable<Ds2WordCountParams> table() {
  ParamTable<Ds2WordCountParams> t("ds2-word-count");
  add_source_params(t, {.unit = "B", .help = "Size of a sentence.", .source = ds2_code}, "sentence_bytes");
  add_word_count_params(t);
  t.real("skew", &Ds2WordCountParams::skew,
         {.unit = "share of words",
          .help = "That are one and the same word, by which `keys` is replaced; 0: none.",
          .source = "DS2, OSDI 2018, section 5.5: 0.2, 0.5, 0.7"},
         between(0, 1));
  return t;
}

const auto registered = WorkloadRegistry::add<Ds2WordCountParams>(
    {.name = "ds2-word-count",
     .help = "Word count of DS2's Flink experiments: rates in phases, as arrivals say; a skewed word.",
     .source = "DS2, OSDI 2018, sections 5.3 and 5.5, and its published code"},
    table(), [](const Ds2WordCountParams& params, WorkloadContext&) -> std::unique_ptr<Workload> {
      WordCountParams p = params;
      if (params.skew > 0) {
        p.keys.law = KeyLaw::hot;
        p.keys.hot_share = params.skew;
      }
      return std::make_unique<FixedWorkload>(word_count_dataflow(p));
    });

}  // namespace
}  // namespace weir
