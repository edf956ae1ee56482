// Word count, the common benchmark of scaling papers (Dhalion, DS2, …):
//
//   source (sentences) ──rebalance──▶ split (flat-map) ──key──▶ count (keyed-count, the sink)
//
// Defaults are those of the code that DS2 published for Flink: sentences of 100 characters from a list of
// 354 986 words of 9.46 characters on average, all equally likely; processing times from its sample rates.

#include "models/workloads/word_count.hpp"
#include "models/operators/flat_map.hpp"

namespace weir {
namespace {

ParamTable<WordCountParams> table() {
  ParamTable<WordCountParams> t("word-count");
  add_source_params(t, {.unit = "B", .help = "Size of a sentence.", .source = ds2_code}, "sentence_bytes");
  add_word_count_params(t);
  return t;
}

const auto registered = WorkloadRegistry::add<WordCountParams>(
    {.name = "word-count",
     .help = "Sentences are split into words, words are counted by key.",
     .source = "DS2, OSDI 2018, section 5.2 and published code; Dhalion, VLDB 2017"},
    table(), [](const WordCountParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(word_count_dataflow(p));
    });

}  // namespace

DataflowSpec word_count_dataflow(const WordCountParams& p) {
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  d.operators = {make_operator(p.split, "split", flat_map(p.words_per_sentence), p.word_bytes),
                 make_operator(p.count, "count", OperatorRegistry::Choice("keyed-count"), p.word_bytes)};
  EdgeSpec by_word = make_edge("split", "count", Partitioning::key);
  by_word.keys = p.keys;
  d.edges = {make_edge("source", "split", p.dealing), by_word};
  return d;
}

}  // namespace weir
