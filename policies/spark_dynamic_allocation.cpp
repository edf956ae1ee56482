// Spark's dynamic allocation of executors: that of the core, or that of streaming (policies/spark/
// allocation.hpp). Spark uses one of them at a time.
//
//   tasks that wait, executors that idle ──▶ core ────▶ executors that are to be there, and that go
//   processing time of batches ───────────▶ streaming ┘
//
// Not modelled: executors that keep cached data longer (cachedExecutorIdleTimeout), the removal of executors
// that failed, speculative tasks.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policies/spark/allocation.hpp"
#include "sim/control/policy.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace spark {
namespace {

enum class Mode { core, streaming };

struct AllocationParams {
  Mode mode = Mode::core;
  int min_executors = 0;
  std::optional<int> max_executors;
  int initial_executors = 0;
  double backlog_timeout_s = 1;
  std::optional<double> sustained_backlog_timeout_s;
  double idle_timeout_s = 60;
  double interval_s = 0.1;
  double scaling_interval_s = 60;
  double up_ratio = 0.9;
  double down_ratio = 0.3;
};

ParamTable<AllocationParams> table() {
  using P = AllocationParams;
  const std::string core = "Spark 2.x, spark.dynamicAllocation.";
  const std::string streaming = "Spark 2.x, spark.streaming.dynamicAllocation.";
  ParamTable<P> t;
  t.choice("mode", &P::mode,
           {.help = "core: by tasks that wait and executors that are idle; streaming: by the processing time "
                    "of batches.",
            .source = "Spark 2.x, ExecutorAllocationManager of core and of streaming"},
           {{"core", Mode::core}, {"streaming", Mode::streaming}});
  t.integer(
      "min_executors", &P::min_executors,
      {.unit = "executors", .help = "Least; of streaming one at least.", .source = core + "minExecutors"},
      between(0, 1e6));
  t.integer("max_executors", &P::max_executors,
            {.unit = "executors", .help = "Most; null: not limited.", .source = core + "maxExecutors"},
            between(1, 1e6));
  t.integer(
      "initial_executors", &P::initial_executors,
      {.unit = "executors",
       .help = "core: the first target. (What is there at the start is the engine's initial_executors.)",
       .source = core + "initialExecutors"},
      between(0, 1e6));
  t.real("backlog_timeout_s", &P::backlog_timeout_s,
         {.unit = "s",
          .help = "core: executors are added when tasks have waited for so long,",
          .source = core + "schedulerBacklogTimeout"},
         waiting_range());
  t.real("sustained_backlog_timeout_s", &P::sustained_backlog_timeout_s,
         {.unit = "s",
          .help = "and again after so long each; null: the same.",
          .source = core + "sustainedSchedulerBacklogTimeout"},
         waiting_range());
  t.real("idle_timeout_s", &P::idle_timeout_s,
         {.unit = "s",
          .help = "core: an executor without tasks for so long is released.",
          .source = core + "executorIdleTimeout"},
         waiting_range());
  t.real("interval_s", &P::interval_s,
         {.unit = "s",
          .help = "core: how often it looks.",
          .source = "Spark 2.x, ExecutorAllocationManager: intervalMillis 100"},
         interval_range());
  t.real("scaling_interval_s", &P::scaling_interval_s,
         {.unit = "s", .help = "streaming: how often it looks.", .source = streaming + "scalingInterval"},
         interval_range());
  t.real("up_ratio", &P::up_ratio,
         {.help = "streaming: more executors from this mean processing time / batch interval on.",
          .source = streaming + "scalingUpRatio"},
         positive());
  t.real("down_ratio", &P::down_ratio,
         {.help = "streaming: one less up to this.", .source = streaming + "scalingDownRatio"}, positive());
  t.check({"up_ratio", "down_ratio"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.up_ratio <= p.down_ratio)
      errors.add(at.at_or_self("up_ratio"), fmt::format("{} is not above down_ratio", p.up_ratio),
                 fmt::format("more than {}", p.down_ratio));
  });
  t.check({"min_executors", "max_executors"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.max_executors && *p.max_executors < p.min_executors)
      errors.add(at.at_or_self("max_executors"), fmt::format("{} is below min_executors", *p.max_executors),
                 fmt::format("{} or more", p.min_executors));
  });
  return t;
}

CoreAllocationRules core_rules(const AllocationParams& p) {
  CoreAllocationRules rules;
  rules.min_executors = p.min_executors;
  rules.max_executors = p.max_executors.value_or(INT32_MAX);
  rules.initial_executors = p.initial_executors;
  rules.backlog_timeout_ns = to_nanos(p.backlog_timeout_s);
  rules.sustained_backlog_timeout_ns = to_nanos(p.sustained_backlog_timeout_s.value_or(p.backlog_timeout_s));
  rules.idle_timeout_ns = to_nanos(p.idle_timeout_s);
  return rules;
}

class DynamicAllocation final : public Policy {
 public:
  DynamicAllocation(const AllocationParams& params, const PolicyContext& context)
      : p_(params), core_(core_rules(params)), random_(context.seed, context.job.name, "executors to kill") {}

  double interval_s() const override { return p_.mode == Mode::core ? p_.interval_s : p_.scaling_interval_s; }
  std::vector<Decision> evaluate(const Observation& seen) override {
    WEIR_ASSERT(seen.workers != nullptr, "the scenario was checked: the engine scales workers");
    return p_.mode == Mode::core ? by_tasks(seen.now_ns, *seen.workers) : by_batches(*seen.workers);
  }
  std::string why_nothing(const JobView&) const override {
    return p_.mode == Mode::core
               ? "no task waited for backlog_timeout_s, and no executor was idle for idle_timeout_s"
               : fmt::format("the processing time was never {} or more, or {} or less, of the batch interval",
                             p_.up_ratio, p_.down_ratio);
  }

 private:
  std::vector<Decision> by_tasks(Nanos now, const WorkerPool& pool);
  std::vector<Decision> by_batches(const WorkerPool& pool);
  std::optional<int> one_to_kill(const WorkerPool& pool);

  AllocationParams p_;
  CoreAllocation core_;
  RandomStream random_;
  std::int64_t batches_ = 0;  // that ended by the last look
  double processing_sum_s_ = 0;
};

std::vector<Decision> DynamicAllocation::by_tasks(Nanos now, const WorkerPool& pool) {
  const CoreAllocation::Answer answer = core_.schedule(now, pool);
  std::vector<Decision> decisions;
  const auto decide = [&](std::string diagnosis, std::string reason, WorkerRequest request) {
    Decision decision;
    decision.symptom = fmt::format("{} tasks run on {} executors, {} wait", pool.running_tasks,
                                   pool.workers.size(), pool.pending_tasks);
    decision.diagnosis = std::move(diagnosis);
    decision.reason = std::move(reason);
    decision.workers = std::move(request);
    decisions.push_back(std::move(decision));
  };
  if (answer.target)
    decide("so many executors have something to do", fmt::format("executors wanted: {}", *answer.target),
           {.total = static_cast<int>(std::min<std::int64_t>(*answer.target, INT32_MAX)), .release = {}});
  if (!answer.release.empty())
    decide(fmt::format("idle for {} s", p_.idle_timeout_s),
           fmt::format("{} executors are released", answer.release.size()),
           {.total = -1, .release = answer.release});
  return decisions;
}

std::optional<int> DynamicAllocation::one_to_kill(const WorkerPool& pool) {
  std::vector<int> without_receiver;
  for (const WorkerPool::Worker& worker : pool.workers)
    if (!worker.pinned) without_receiver.push_back(worker.id);
  if (without_receiver.empty()) return std::nullopt;
  return without_receiver[random_.below(without_receiver.size())];
}

std::vector<Decision> DynamicAllocation::by_batches(const WorkerPool& pool) {
  const std::int64_t batches = pool.batches - batches_;
  const double processing_s = pool.processing_sum_s - processing_sum_s_;
  batches_ = pool.batches;
  processing_sum_s_ = pool.processing_sum_s;
  if (batches == 0) return {};
  const double ratio = processing_s / static_cast<double>(batches) / pool.batch_interval_s;
  StreamingAllocationRules rules{p_.up_ratio, p_.down_ratio, 1, p_.max_executors.value_or(INT32_MAX)};
  std::int64_t receivers = 0;
  for (const WorkerPool::Worker& worker : pool.workers) receivers += worker.pinned ? 1 : 0;
  rules.min_executors = p_.min_executors > 0 ? p_.min_executors : std::max<std::int64_t>(1, receivers);
  const StreamingAnswer answer =
      streaming_allocation(ratio, static_cast<std::int64_t>(pool.workers.size()), rules);
  Decision decision;
  decision.symptom = fmt::format("processing takes {:.3g} of the batch interval", ratio);
  if (answer.target) {
    decision.diagnosis = fmt::format("{} or more", p_.up_ratio);
    decision.reason = fmt::format("executors wanted: {}", *answer.target);
    decision.workers = {.total = static_cast<int>(std::min<std::int64_t>(*answer.target, INT32_MAX)),
                        .release = {}};
  } else if (const auto victim = answer.release_one ? one_to_kill(pool) : std::nullopt) {
    decision.diagnosis = fmt::format("{} or less", p_.down_ratio);
    decision.reason = fmt::format("executor {} goes", *victim);
    decision.workers = {.total = static_cast<int>(pool.workers.size()) - 1, .release = {*victim}};
  }
  return decision.workers ? std::vector<Decision>{decision} : std::vector<Decision>{};
}

const auto registered = PolicyRegistry::add<AllocationParams>(
    {.name = "spark-dynamic-allocation",
     .help =
         "Spark's dynamic allocation: executors by tasks that wait (1, 2, 4, … more), or by the processing "
         "time of batches.",
     .source = "Apache Spark 2.x, core and streaming ExecutorAllocationManager.scala",
     .scales_workers = true},
    table(), [](const AllocationParams& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<DynamicAllocation>(p, c);
    });

}  // namespace
}  // namespace spark
}  // namespace weir
