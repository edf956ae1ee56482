// Word count, the common benchmark of scaling papers (Dhalion, DS2, …):
//
//   source (sentences) ──rebalance──▶ split (flat-map) ──key──▶ count (keyed-count, the sink)
//
// Defaults are those of the code that DS2 published for Flink: sentences of 100 characters from a list of
// 354 986 words of 9.46 characters on average, all equally likely; processing times from its sample rates.

#include "models/operators/flat_map.hpp"
#include "models/workloads/parts.hpp"

namespace weir {
namespace {

const char* const ds2_code = "word count in DS2's published code";
const char* const ds2_rates = "sample rates in DS2's published code";

struct WordCountParams : SourcePart {
  WordCountParams() {
    record_bytes = 100;
    source_cost.per_record_us = 9;
    split.cost.per_record_us = 8.7;
    count.cost.per_record_us = 0.56;
    keys.law = KeyLaw::uniform;
    keys.count = 354'986;
  }
  double words_per_sentence = 10.159;
  double word_bytes = 14;
  Partitioning dealing = Partitioning::rebalance;
  KeySpec keys;
  StagePart split, count;
};

ParamTable<WordCountParams> table() {
  using P = WordCountParams;
  ParamTable<P> t("word-count");
  add_source_params(t, {.unit = "B", .help = "Size of a sentence.", .source = ds2_code}, "sentence_bytes");
  t.real("words_per_sentence", &P::words_per_sentence,
         {.unit = "words", .help = "Mean; remainders are carried, so totals are exact.", .source = ds2_rates},
         between(0, 1e6));
  t.real("word_bytes", &P::word_bytes,
         {.unit = "B",
          .help = "Size of a word and its count on the way to the counters.",
          .source = "9.46 characters and a count of 4 bytes"},
         between(0, 1e12));
  t.choice(
      "partitioning", &P::dealing,
      {.help = "How sentences are dealt to the splitters: in turn (Flink), or at random (Heron's shuffle).",
       .source = ds2_code},
      dealing_choices());
  t.object("keys", &P::keys, keys_table(), {.help = "How words are distributed.", .source = ds2_code});
  t.object("split", &P::split, stage_table(), {.help = "The splitter.", .source = ds2_rates});
  t.object("count", &P::count, stage_table(),
           {.help = "The counter, which is the sink.", .source = ds2_rates});
  return t;
}

DataflowSpec make(const WordCountParams& p) {
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  d.operators = {make_operator(p.split, "split", flat_map(p.words_per_sentence), p.word_bytes),
                 make_operator(p.count, "count", OperatorRegistry::Choice("keyed-count"), p.word_bytes)};
  EdgeSpec by_word = make_edge("split", "count", Partitioning::key);
  by_word.keys = p.keys;
  d.edges = {make_edge("source", "split", p.dealing), by_word};
  return d;
}

const auto registered = WorkloadRegistry::add<WordCountParams>(
    {.name = "word-count",
     .help = "Sentences are split into words, words are counted by key.",
     .source = "DS2, OSDI 2018, section 5.2 and published code; Dhalion, VLDB 2017"},
    table(), [](const WordCountParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir
