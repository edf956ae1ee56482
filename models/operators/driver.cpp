// The driver of a micro-batch job: each record that comes from outside is a batch of data that was collected.
// The driver hands its tasks out, stage by stage, and waits for all reports of a stage before the next:
//
//   source ──batch──▶ driver ──tasks──▶ executors ──results──▶ output
//                       ▲───────reports────┘  (feedback)
//
// Its cost per record is that of dealing with a new batch, or with a report, whose successor it launches. A
// batch that comes while another one runs is run beside it.

#include <map>

#include "sim/dataflow/operator.hpp"
#include "sim/dataflow/schedules.hpp"
#include "sim/kernel/assert.hpp"
#include "sim/scenario/params.hpp"

namespace weir {
namespace {

struct DriverParams {
  int tasks = 16;
  int stages = 2;
};

class Driver final : public OperatorLogic, public SchedulesOthers {
 public:
  explicit Driver(const DriverParams& params) : tasks_(params.tasks), stages_(params.stages) {}

  Produced process(const Batch& input) override {
    WEIR_ASSERT(input.count == 1 && input.source != Batch::mixed_source, "a driver goes record by record");
    const auto [running, is_new] = running_.try_emplace({input.source, input.sequence_first});
    return is_new ? launch(running->second) : take_report(input, running);
  }
  std::int64_t would_send(const Batch& input) const override {
    const auto running = running_.find({input.source, input.sequence_first});
    if (running == running_.end()) return tasks_;
    const Running& batch = running->second;
    return batch.stage < stages_ && batch.outstanding == 1 ? tasks_ : 0;
  }
  double mean_selectivity() const override {
    const double tasks = static_cast<double>(tasks_) * stages_;
    return tasks / (1 + tasks);
  }
  bool divides() const override { return true; }
  KeptRecords kept() const override { return kept_; }
  std::vector<Batch> forget() override {
    std::vector<Batch> lost;
    for (const auto& [origin, running] : running_) {
      if (running.reports == 0) continue;
      Batch batch;
      batch.source = origin.first;
      batch.sequence_first = batch.sequence_last = origin.second;
      batch.count = running.reports;
      batch.weight = running.weight;
      lost.push_back(batch);
    }
    running_.clear();
    kept_ = {};
    return lost;
  }

 private:
  using Origin = std::pair<std::int32_t, std::int64_t>;  // source and sequence number
  struct Running {
    int stage = 1;
    std::int64_t outstanding = 0;  // tasks of the stage
    std::int64_t reports = 0;      // kept until the stage is over
    std::int64_t weight = 0;       // of them
  };

  Produced launch(Running& batch) const {
    batch.outstanding = tasks_;
    return {tasks_, 1};
  }

  Produced take_report(const Batch& report, std::map<Origin, Running>::iterator running) {
    Running& batch = running->second;
    const bool stage_over = --batch.outstanding == 0;
    if (batch.stage == stages_) {  // nothing comes of its reports
      if (stage_over) running_.erase(running);
      return {0, 0};
    }
    if (!stage_over) {
      keep(batch, 1, report.weight);
      return {0, 1, report.weight};
    }
    const std::int64_t released = batch.weight;
    keep(batch, -batch.reports, -released);
    ++batch.stage;
    batch.outstanding = tasks_;
    return {tasks_, 1, -released};
  }

  void keep(Running& batch, std::int64_t count, std::int64_t weight) {
    batch.reports += count;
    batch.weight += weight;
    kept_.count += count;
    kept_.weight += weight;
  }

  std::int64_t tasks_;  // of a stage
  int stages_;
  std::map<Origin, Running> running_;
  KeptRecords kept_;
};

ParamTable<DriverParams> table() {
  ParamTable<DriverParams> t("driver");
  t.integer("tasks", &DriverParams::tasks,
            {.unit = "tasks", .help = "Of each stage: as many reports end it.", .source = "chosen"},
            between(1, 100'000));
  t.integer("stages", &DriverParams::stages,
            {.unit = "stages",
             .help = "Of each batch, one after the other: the next begins when all reports are in.",
             .source = "chosen: a map and a reduce stage"},
            between(1, 1000));
  return t;
}

const auto registered = OperatorRegistry::add<DriverParams>(
    {.name = "driver",
     .help = "Schedules the tasks of micro-batches, stage by stage.",
     .source = "Spark: stages end where data are shuffled; Zaharia et al., Discretized Streams, SOSP 2013"},
    table(), [](const DriverParams& p, OperatorContext&) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<Driver>(p);
    });

}  // namespace
}  // namespace weir
