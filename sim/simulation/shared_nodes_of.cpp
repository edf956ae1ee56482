#include "sim/simulation/shared_nodes_of.hpp"

#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/job.hpp"

namespace weir {

std::vector<NodesOfJob> shared_nodes_of(const LoadedScenario& loaded) {
  const Scenario& scenario = loaded.scenario;
  auto& calendar = *new Calendar();  // lives as long as SimGrid's engine: the process
  auto& cluster = *new Cluster(scenario.cluster, calendar, loaded.base_dir.string(), scenario.seed);
  std::vector<int> free_slots;
  for (int host = 0; host < cluster.host_count(); ++host) free_slots.push_back(cluster.host(host).slots);
  std::vector<NodesOfJob> result;
  for (std::size_t j = 0; j < scenario.jobs.size(); ++j) {
    const JobSpec& spec = scenario.jobs[j];
    WorkloadContext workload;
    auto& graph = *new LogicalGraph(resolve(spec.workload.build(workload)->dataflow()));
    EngineContext context{calendar,      cluster,   scenario.fidelity,
                          scenario.seed, spec.name, static_cast<int>(j)};
    Engine* const engine = spec.engine.build(context).release();
    PlacementContext where{scenario.seed, spec.name, cluster, graph, engine->shares_slots()};
    JobSetup setup;
    setup.name = spec.name;
    setup.number = static_cast<int>(j);
    setup.graph = &graph;
    setup.engine = engine;
    setup.placement = spec.placement.build(where).release();
    setup.cluster = &cluster;
    setup.calendar = &calendar;
    setup.fidelity = scenario.fidelity;
    setup.seed = scenario.seed;
    setup.base_dir = loaded.base_dir.string();
    auto& job = *new Job(setup);
    job.free_slots = [&] { return free_slots; };
    const bool placed = job.deploy(initial_parallelism(graph));
    WEIR_ASSERT(placed, "the initial placement was checked");
    for (const PlacedInstance& instance : job.placed()) --free_slots[static_cast<std::size_t>(instance.host)];
    if (auto nodes = engine->shared_nodes(job)) result.push_back({spec.name, std::move(nodes)});
  }
  return result;
}

}  // namespace weir
