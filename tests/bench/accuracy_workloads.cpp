#include "tests/bench/accuracy_workloads.hpp"

#include <fmt/format.h>

namespace weir::bench {

namespace {

// On the generic engine. A batch of n records spans as long as n records take to arrive at one source
// instance; record by record, nothing is gathered.
AccuracyWorkload on_generic(std::string name, std::string description, double source_rate_per_s,
                            double until_s, std::string cluster_and_jobs) {
  std::vector<Dial> dials;
  for (const int batch : {4, 16, 64, 256, 1024}) dials.push_back({batch, 1e3 * batch / source_rate_per_s});
  return {std::move(name), std::move(description),     {1, 0}, std::move(dials),
          until_s,         std::move(cluster_and_jobs)};
}

// On Heron. The span stretches the drain of its stream managers. Its shipped scenarios take spans of 100 ms.
AccuracyWorkload on_heron(std::string name, std::string description, double until_s,
                          std::string cluster_and_jobs) {
  return {std::move(name), std::move(description),
          {1, 0},          {{1024, 10}, {1024, 20}, {1024, 50}, {1024, 100}, {4096, 200}},
          until_s,         std::move(cluster_and_jobs)};
}

// The word count of DS2's and Dhalion's figures (OSDI 2018, 5.2) on one machine.
std::string heron_word_count(int rate_per_s, int splitters, int counters, const std::string& engine) {
  return fmt::format(
      R"("cluster": {{"hosts": [{{"name": "opteron", "cores": 64, "slots": 256}}]}},
         "jobs": [{{"workload": {{"type": "dataflow",
            "sources": [{{"name": "source", "arrivals": {{"type": "constant", "rate_per_s": {}}},
                         "record_bytes": 218, "when_blocked": "skip"}}],
            "operators": [{{"name": "flatmap", "parallelism": {},
                           "logic": {{"type": "flat-map", "selectivity": 20}},
                           "cost": {{"per_record_us": 600}}, "output_bytes": 28.5}},
                          {{"name": "count", "parallelism": {}, "logic": "keyed-count",
                           "cost": {{"per_record_us": 60}}}}],
            "edges": [{{"from": "source", "to": "flatmap", "partitioning": "rebalance"}},
                      {{"from": "flatmap", "to": "count", "partitioning": "key",
                       "keys": {{"law": "uniform", "count": 354986}}}}]}},
          "engine": {}}}])",
      rate_per_s, splitters, counters, engine);
}

}  // namespace

std::string AccuracyWorkload::scenario(const Dial& dial, std::uint64_t seed, bool smoke) const {
  return fmt::format(
      R"({{"weir": 1, "name": "accuracy", "seed": {}, "until_s": {},
          "fidelity": {{"batch_records": {}, "batch_span_ms": {}}}, {}}})",
      seed, smoke ? until_s / 50 : until_s, dial.batch_records, dial.batch_span_ms, cluster_and_jobs);
}

std::vector<AccuracyWorkload> accuracy_workloads() {
  const std::string two_hosts = R"("cluster": {"hosts": [{"name": "host", "count": 2, "cores": 16}]},)";
  return {
      on_generic(
          "Word count, constant rate",
          "Two sources, four splitters, four counters on two hosts; even spacing, fixed costs, even keys; "
          "splitters and counters busy 70 %.",
          10'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "word-count", "keys": {"law": "even"},
            "arrivals": {"type": "constant", "rate_per_s": 20000}, "source_parallelism": 2,
            "source_cost": {"per_record_us": 9}, "words_per_sentence": 5,
            "split": {"parallelism": 4, "cost": {"per_record_us": 140}},
            "count": {"parallelism": 4, "cost": {"per_record_us": 28}}},
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"),
      on_generic("Chain, Poisson arrivals, gamma costs",
                 "A source and two operators, one instance each; Poisson arrivals, gamma costs with a "
                 "coefficient of "
                 "variation of 0.5; both busy 70 %.",
                 20'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "dataflow",
            "sources": [{"name": "source", "arrivals": {"type": "poisson", "rate_per_s": 20000}}],
            "operators": [{"name": "map", "logic": "map", "cost": {"per_record_us": 35, "law": "gamma", "cv": 0.5}},
                          {"name": "sink", "logic": "sink", "cost": {"per_record_us": 35, "law": "gamma", "cv": 0.5}}],
            "edges": [{"from": "source", "to": "map"}, {"from": "map", "to": "sink"}]},
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"),
      on_generic(
          "Square load with backpressure",
          "Poisson arrivals that change between 30,000 and 10,000 records/s every five seconds, a capacity "
          "of "
          "25,000 "
          "records/s behind a channel of 8,192 records: in the high phase the channel fills and the source "
          "lags.",
          20'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "dataflow",
            "sources": [{"name": "source", "arrivals": {"type": "square", "first_rate_per_s": 30000,
                         "second_rate_per_s": 10000, "period_s": 10, "spacing": "poisson"}}],
            "operators": [{"name": "map", "logic": "map", "cost": {"per_record_us": 30, "law": "gamma", "cv": 0.5}},
                          {"name": "sink", "logic": "sink", "cost": {"per_record_us": 40, "law": "gamma", "cv": 0.5}}],
            "edges": [{"from": "source", "to": "map"}, {"from": "map", "to": "sink"}]},
          "engine": {"type": "generic", "channel_capacity_records": 8192}}])"),
      on_generic("Fan-out to skewed keys",
                 "Poisson arrivals at two sources, a splitter of two records out per record in at two "
                 "instances, eight "
                 "counters of Zipf-distributed keys on two hosts, the hottest busy about 80 %.",
                 10'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "dataflow",
            "sources": [{"name": "source", "parallelism": 2, "arrivals": {"type": "poisson", "rate_per_s": 20000}}],
            "operators": [{"name": "split", "parallelism": 2,
                           "logic": {"type": "flat-map", "selectivity": 2},
                           "cost": {"per_record_us": 50, "law": "gamma", "cv": 0.5}},
                          {"name": "count", "logic": "keyed-count", "parallelism": 8,
                           "cost": {"per_record_us": 80, "law": "gamma", "cv": 0.5}}],
            "edges": [{"from": "source", "to": "split"},
                      {"from": "split", "to": "count", "partitioning": "key",
                       "keys": {"law": "zipf", "count": 10000, "exponent": 0.8}}]},
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"),
      on_heron(
          "Heron word count",
          "The word count of DS2's evaluation on Heron, 10,000 sentences/s of 20 words: ten splitters and "
          "twenty counters, busy 60 %.",
          20, heron_word_count(10'000, 10, 20, R"("heron")")),
      on_heron(
          "Heron word count with spout backpressure",
          "As before with five counters, which would have to be busy 240 %: their buffers run over a mark "
          "of 10 MiB, the spouts stop until they are below 5 MiB, and so on.",
          100,
          heron_word_count(10'000, 10, 5, R"({"type": "heron", "high_water_mib": 10, "low_water_mib": 5})")),
  };
}

}  // namespace weir::bench
