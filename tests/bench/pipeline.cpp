#include "tests/bench/pipeline.hpp"

#include <fmt/format.h>

#include "tests/bench/scenario_run.hpp"

namespace weir::bench {

std::string pipeline_scenario(int instances, double source_rate_per_s, double cost_us, double until_s,
                              double metrics_interval_s, const char* map_partitioning, int batch_records) {
  const int hosts = std::max(2, instances / 64);
  return fmt::format(
      R"({{"weir": 1, "name": "pipeline", "until_s": {until},
  "cluster": {{"hosts": [{{"name": "host", "count": {hosts}, "cores": {cores}}}]}},
  "fidelity": {{"batch_records": {batch}, "batch_span_ms": 50}},
  "jobs": [{{
    "workload": {{"type": "dataflow",
      "sources": [{{"name": "source", "parallelism": {p}, "record_bytes": 100,
                   "arrivals": {{"type": "constant", "rate_per_s": {rate}}}}}],
      "operators": [{{"name": "map", "logic": "map", "parallelism": {p}, "cost": {{"per_record_us": {cost}}}}},
                    {{"name": "sink", "logic": "sink", "parallelism": {p}, "cost": {{"per_record_us": {cost}}}}}],
      "edges": [{{"from": "source", "to": "map", "partitioning": "{partitioning}"}},
                {{"from": "map", "to": "sink", "partitioning": "{key}"}}]}},
    "engine": {{"type": "generic", "channel_capacity_records": {capacity}, "metrics_interval_s": {interval}}}}}]}})",
      fmt::arg("until", until_s), fmt::arg("hosts", hosts),
      fmt::arg("cores", std::max(16, 3 * instances / hosts + 3)), fmt::arg("batch", batch_records),
      fmt::arg("p", instances), fmt::arg("rate", source_rate_per_s * instances), fmt::arg("cost", cost_us),
      fmt::arg("partitioning", map_partitioning),
      fmt::arg("key", std::string(map_partitioning) == "forward" ? "forward" : "key"),
      fmt::arg("capacity", 4 * batch_records), fmt::arg("interval", metrics_interval_s));
}

Sample pipeline_in_weir(const Pipeline& pipeline) {
  const LoadedScenario scenario = scenario_of_text(
      pipeline_scenario(pipeline.instances, Pipeline::rate_per_s, Pipeline::cost_s * 1e6, pipeline.until_s, 1,
                        "rebalance", static_cast<int>(Pipeline::batch_records)));
  const TimedRun run = timed_run(scenario, true);
  Sample sample = run.sample;
  std::int64_t records = 0;
  for (const OperatorSummary& op : run.summary.jobs[0].operators) {
    if (op.name == "sink") records = op.records_in;
  }
  sample.value = run.sample.work;  // events
  sample.work = static_cast<double>(records) / static_cast<double>(Pipeline::batch_records);
  return sample;
}

}  // namespace weir::bench
