#pragma once

#include "models/workloads/parts.hpp"

// Word count as a part: its parameters and its dataflow, for the workloads that are one.

namespace weir {

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

DataflowSpec word_count_dataflow(const WordCountParams& params);

inline constexpr const char* ds2_code = "word count in DS2's published code";
inline constexpr const char* ds2_rates = "sample rates in DS2's published code";

// The members of WordCountParams but the source, at the top of the table of a struct that derives from it.
template <class P>
void add_word_count_params(ParamTable<P>& t) {
  t.real("words_per_sentence", static_cast<double P::*>(&WordCountParams::words_per_sentence),
         {.unit = "words", .help = "Mean; remainders are carried, so totals are exact.", .source = ds2_rates},
         between(0, 1e6));
  t.real("word_bytes", static_cast<double P::*>(&WordCountParams::word_bytes),
         {.unit = "B",
          .help = "Size of a word and its count on the way to the counters.",
          .source = "9.46 characters and a count of 4 bytes"},
         between(0, 1e12));
  t.choice(
      "partitioning", static_cast<Partitioning P::*>(&WordCountParams::dealing),
      {.help = "How sentences are dealt to the splitters: in turn (Flink), or at random (Heron's shuffle).",
       .source = ds2_code},
      dealing_choices());
  t.object("keys", static_cast<KeySpec P::*>(&WordCountParams::keys), keys_table(),
           {.help = "How words are distributed.", .source = ds2_code});
  t.object("split", static_cast<StagePart P::*>(&WordCountParams::split), stage_table(),
           {.help = "The splitter.", .source = ds2_rates});
  t.object("count", static_cast<StagePart P::*>(&WordCountParams::count), stage_table(),
           {.help = "The counter, which is the sink.", .source = ds2_rates});
}

}  // namespace weir
