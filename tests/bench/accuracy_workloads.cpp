#include "tests/bench/accuracy_workloads.hpp"

#include <fmt/format.h>

namespace weir::bench {

std::string AccuracyWorkload::scenario(int batch, std::uint64_t seed, bool smoke) const {
  return fmt::format(
      R"({{"weir": 1, "name": "accuracy", "seed": {}, "until_s": {},
          "fidelity": {{"batch_records": {}, "batch_span_ms": {}}}, {}}})",
      seed, smoke ? until_s / 50 : until_s, batch, span_ms(batch), cluster_and_jobs);
}

std::vector<AccuracyWorkload> accuracy_workloads() {
  const std::string two_hosts = R"("cluster": {"hosts": [{"name": "host", "count": 2, "cores": 16}]},)";
  return {
      {"Word count, constant rate",
       "Two sources, four splitters, four counters on two hosts; even spacing, fixed costs, even keys; "
       "splitters "
       "and counters busy 70 %.",
       10'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "word-count", "keys": {"law": "even"},
            "arrivals": {"type": "constant", "rate_per_s": 20000}, "source_parallelism": 2,
            "source_cost": {"per_record_us": 9}, "words_per_sentence": 5,
            "split": {"parallelism": 4, "cost": {"per_record_us": 140}},
            "count": {"parallelism": 4, "cost": {"per_record_us": 28}}},
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"},
      {"Chain, Poisson arrivals, gamma costs",
       "A source and two operators, one instance each; Poisson arrivals, gamma costs with a coefficient of "
       "variation of 0.5; both busy 70 %.",
       20'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "dataflow",
            "sources": [{"name": "source", "arrivals": {"type": "poisson", "rate_per_s": 20000}}],
            "operators": [{"name": "map", "logic": "map", "cost": {"per_record_us": 35, "law": "gamma", "cv": 0.5}},
                          {"name": "sink", "logic": "sink", "cost": {"per_record_us": 35, "law": "gamma", "cv": 0.5}}],
            "edges": [{"from": "source", "to": "map"}, {"from": "map", "to": "sink"}]},
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"},
      {"Square load with backpressure",
       "Poisson arrivals that change between 30,000 and 10,000 records/s every five seconds, a capacity of "
       "25,000 "
       "records/s behind a channel of 8,192 records: in the high phase the channel fills and the source "
       "lags.",
       20'000, 40, two_hosts + R"("jobs": [{"workload": {"type": "dataflow",
            "sources": [{"name": "source", "arrivals": {"type": "square", "first_rate_per_s": 30000,
                         "second_rate_per_s": 10000, "period_s": 10, "spacing": "poisson"}}],
            "operators": [{"name": "map", "logic": "map", "cost": {"per_record_us": 30, "law": "gamma", "cv": 0.5}},
                          {"name": "sink", "logic": "sink", "cost": {"per_record_us": 40, "law": "gamma", "cv": 0.5}}],
            "edges": [{"from": "source", "to": "map"}, {"from": "map", "to": "sink"}]},
          "engine": {"type": "generic", "channel_capacity_records": 8192}}])"},
      {"Fan-out to skewed keys",
       "Poisson arrivals at two sources, a splitter of two records out per record in at two instances, eight "
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
          "engine": {"type": "generic", "channel_capacity_records": 65536}}])"},
  };
}

}  // namespace weir::bench
