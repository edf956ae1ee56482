#include "models/engines/spark/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/engines/spark/stages.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/record_flow.hpp"

namespace weir::spark {

namespace {

// What the driver and the core of a task do one after the other: launched, there, its end there, taken; in a
// group, where executors do that themselves: begun, ended.
constexpr double events_of_task = 4, events_of_local_task = 2;
// A delivery, and every other time another event, where transfers share a link.
constexpr double events_of_transfer = 1.5;
// Of a request to a broker: it comes, is looked at, and is answered.
constexpr double events_of_range = 3;

struct StageLoad {
  double copies = 1;  // a stage for each batch of a slide
  double tasks = 0;
  double busy_share = 0;  // of the jobs in which there is any record for it
  double reads = 0;       // batches of records that tasks begin with
  double fetches = 0;     // transfers
  double requests = 0;    // for ranges of topics
  double services = 0;
  double work_s = 0;  // of cores
};

class Prediction {
 public:
  Prediction(const Job& job, const SparkParams& params, const FidelitySpec& fidelity,
             const std::vector<double>& offered_per_s, double until_s)
      : job_(job),
        params_(params),
        fidelity_(fidelity),
        offered_per_s_(offered_per_s),
        until_s_(until_s),
        graph_(job.graph()),
        stages_(stages_of(graph_)),
        flow_(graph_, job.seed()) {
    for (const PlacedInstance& slot : job.placed()) hosts_.insert(slot.host);
    cores_ = static_cast<double>(job.placed().size());
    for (const LogicalOperator& op : graph_.operators)
      if (op.source && params.input == InputKind::receiver) cores_ -= op.parallelism();
    cores_ = std::max(cores_, 1.0);
    for (const auto& [name, window] : params.windows) {
      window_stage_ = stage_of(name);
      slide_batches_ = window.slide_s / params.batch_interval_s;
      combined_.insert(graph_.operators[static_cast<std::size_t>(graph_.find(name))].inputs.front());
      if (!window.combine) combined_.clear();
      if (window.inverse) checkpoint_every_s_ = checkpoint_s(window.slide_s);
    }
    if (!params.states.empty()) checkpoint_every_s_ = checkpoint_s(params.batch_interval_s);
    for (const std::string& name : params.combine)
      combined_.insert(graph_.operators[static_cast<std::size_t>(graph_.find(name))].inputs.front());
    const std::vector<Reaching> reaching = flow_.reaching(offered_per_s, job.parallelism());
    for (std::size_t op = 0; op < reaching.size(); ++op)
      records_.push_back(reaching[op].total_per_s(job.parallelism()[op]) * job_interval_s());
    for (std::size_t s = 0; s < stages_.list.size(); ++s) loads_.push_back(load_of(static_cast<int>(s)));
  }

  double events_per_s() const {
    double events_of_job = checkpoint_events();
    for (const StageLoad& load : loads_)
      events_of_job += 1 + load.tasks * (in_groups() ? events_of_local_task : events_of_task) +
                       load.services + load.fetches * events_of_transfer + load.requests * events_of_range;
    // Batches are made, done or not.
    const double events_of_batch = in_groups() ? 1 + 3.0 / params_.group.batches : 2;
    const double events = batches_of_run() * events_of_batch + jobs_of_run() * events_of_job;
    return events / until_s_ + source_events_per_s();
  }

 private:
  bool in_groups() const { return params_.group.batches > 1; }
  double job_interval_s() const { return slide_batches_ * params_.batch_interval_s; }
  double host_count() const { return static_cast<double>(hosts_.size()); }
  double partitions() const {
    if (params_.shuffle_partitions > 0) return params_.shuffle_partitions;
    return static_cast<double>(job_.placed().size());
  }
  int stage_of(const std::string& name) const {
    return stages_.of_operator[static_cast<std::size_t>(graph_.find(name))];
  }
  double checkpoint_s(double slide_s) const {
    return params_.checkpoint.interval_s.value_or(to_seconds(checkpoint_interval_ns(to_nanos(slide_s))));
  }
  double batch_records(int source) const {
    const double of_one = offered_per_s_[static_cast<std::size_t>(source)] /
                          job_.parallelism()[static_cast<std::size_t>(source)];
    return std::clamp(of_one * to_seconds(fidelity_.span_ns()), 1.0,
                      static_cast<double>(fidelity_.batch_records));
  }
  // Batches in which so many records of a source wait: those that fit are one.
  double merged(int source, double records) const {
    const double each = batch_records(source);
    const double full = each * std::max(1.0, std::floor(fidelity_.batch_records / each));
    return std::min(records, std::max(records / full, 1.0));
  }

  StageLoad load_of(int number) const {
    const Stage& stage = stages_.list[static_cast<std::size_t>(number)];
    StageLoad load;
    if (window_stage_ >= 0) {
      const std::vector<int>& before = stages_.list[static_cast<std::size_t>(window_stage_)].parents;
      if (std::find(before.begin(), before.end(), number) != before.end()) load.copies = slide_batches_;
    }
    for (const int edge : stage.inputs) add_input(edge, load);
    if (!stage.shuffles.empty()) load.tasks += partitions();
    for (const int edge : stage.shuffles) add_shuffle(edge, load);
    for (const auto& [name, join] : params_.joins) {
      if (stage_of(name) != number) continue;
      load.work_s += join.keys * join.merge_per_key_us * 1e-6;
      if (!join.cached && !join.host.empty()) load.fetches += partitions();
    }
    load.work_s += load.tasks * params_.task_setup_ms * 1e-3;
    double batches = load.reads;
    for (const int op : stage.operators) {
      const LogicalOperator& spec = graph_.operators[static_cast<std::size_t>(op)];
      const double records = records_[static_cast<std::size_t>(op)];
      batches = std::min(records, std::max(batches, records / fidelity_.batch_records));
      load.services += batches;
      const double sent = spec.sink() ? 0 : flow_.selectivity(op);
      load.work_s +=
          records * mean_cost_per_record_s(spec.cost(), spec.input_bytes, sent, spec.output_bytes());
    }
    return load;
  }

  // Of all batches of a slide.
  void add_input(int edge, StageLoad& load) const {
    const int source = graph_.edges[static_cast<std::size_t>(edge)].from;
    const double instances = job_.parallelism()[static_cast<std::size_t>(source)];
    const double records = offered_per_s_[static_cast<std::size_t>(source)] * params_.batch_interval_s;
    // Less than one where batches are made more often than the source makes its own.
    const double arriving = records / batch_records(source);
    const double share = std::min(1.0, arriving * slide_batches_);
    load.busy_share = std::max(load.busy_share, share);
    double tasks = records, reads = records;
    switch (params_.input) {
      case InputKind::receiver: {
        const double blocks = params_.batch_interval_s * 1e3 / params_.receiver.block_interval_ms * instances;
        tasks = std::min(records, blocks);
        reads = params_.receiver.host.empty() ? tasks * merged(source, records / std::max(tasks, 1e-9))
                                              : std::max(tasks, arriving);
        break;
      }
      case InputKind::file:
        if (!params_.file.host.empty()) load.fetches += slide_batches_ * records;
        break;
      case InputKind::direct: {
        const TopicReader* const topic = job_.topic_read(source);
        tasks = topic != nullptr ? topic->partitions() : params_.direct.partitions;
        const double read = std::min(records, tasks * std::min(1.0, arriving));
        const double waiting = std::min(arriving, instances * merged(source, records / instances));
        reads = topic != nullptr ? std::max(read, arriving) : std::min(records, tasks * waiting);
        if (topic != nullptr) load.requests += slide_batches_ * read;
        if (topic == nullptr && !params_.direct.host.empty()) load.fetches += slide_batches_ * read;
        break;
      }
    }
    load.tasks += slide_batches_ * tasks;
    load.reads += slide_batches_ * reads;
  }

  // What the tasks before have for a partition: of each host together, or, where they join by key, of each.
  void add_shuffle(int edge, StageLoad& load) const {
    const LogicalEdge& e = graph_.edges[static_cast<std::size_t>(edge)];
    const StageLoad& before =
        loads_[static_cast<std::size_t>(stages_.of_operator[static_cast<std::size_t>(e.from)])];
    const double share = std::max(before.busy_share, 1e-9);
    load.busy_share = std::max(load.busy_share, before.busy_share);
    const double records = records_[static_cast<std::size_t>(e.from)] * flow_.selectivity(e.from);
    // Some stay empty where there are few keys.
    const KeySpec& keys = e.spec.keys;
    const bool few = e.spec.partitioning == Partitioning::key &&
                     (keys.law == KeyLaw::uniform || keys.law == KeyLaw::zipf || keys.law == KeyLaw::hot);
    const double filled = few ? std::min(partitions(), static_cast<double>(keys.count)) : partitions();
    const double of_partition = records / share / filled;
    const double from_hosts = std::min({host_count(), before.tasks, of_partition});
    const double parts = combined_.contains(edge)
                             ? std::min(before.tasks, of_partition)
                             : std::max(from_hosts, of_partition / fidelity_.batch_records);
    load.reads += share * filled * parts;
    load.fetches += share * filled * from_hosts * (1 - 1 / host_count());
  }

  // Of a job, and a share of those that are not at every job.
  double checkpoint_events() const {
    if (checkpoint_every_s_ == 0) return 0;
    const double fetches = params_.checkpoint.host.empty() ? 0 : events_of_transfer;
    const double events = 1 + partitions() * (events_of_task + 1 + fetches);
    return events * std::min(1.0, job_interval_s() / checkpoint_every_s_);
  }

  // Whether they are taken in or not.
  double source_events_per_s() const {
    double events = 0;
    for (std::size_t op = 0; op < graph_.operators.size(); ++op) {
      const LogicalOperator& spec = graph_.operators[op];
      if (!spec.source) continue;
      const double batches_per_s = offered_per_s_[op] / batch_records(static_cast<int>(op));
      const bool works = mean_cost_per_record_s(spec.cost(), 0, 1, spec.output_bytes()) > 0;
      events += batches_per_s * (works ? 2 : 1);
      if (params_.input != InputKind::receiver) continue;
      const double blocks_per_s = 1e3 / params_.receiver.block_interval_ms;
      events += blocks_per_s;
      if (!params_.receiver.host.empty()) events += batches_per_s * events_of_transfer;
      if (params_.receiver.replicate && hosts_.size() > 1)
        events += std::min(blocks_per_s * spec.parallelism(), offered_per_s_[op]) * events_of_transfer;
    }
    return events;
  }

  double driver_s(const StageLoad& load) const {
    return 1e-3 * (load.copies * params_.driver.stage_ms +
                   load.tasks * (params_.driver.task_ms + params_.driver.result_ms));
  }

  // What one takes alone, and how often one can be done.
  struct Pace {
    double alone_s = 0, each_s = 0;
  };
  Pace pace() const {
    double scheduler_s = 0, work_s = 0, generator_s = 1e-3 * params_.driver.generation_ms;
    Pace pace;
    for (const StageLoad& load : loads_) {
      const double waves = std::ceil(load.tasks / cores_);
      const double overhead_s =
          1e-3 * (in_groups() ? params_.group.local_launch_ms : 2 * params_.driver.rpc_ms);
      const double task_s = overhead_s + (load.tasks > 0 ? load.work_s / load.tasks : 0);
      work_s += load.tasks * task_s;
      scheduler_s += driver_s(load);
      pace.alone_s += in_groups() ? waves * task_s : std::max(driver_s(load) + task_s, waves * task_s);
    }
    if (params_.input == InputKind::file)
      for (const double rate : offered_per_s_)
        generator_s +=
            1e-3 * params_.file.listing_per_file_ms * rate * std::min(params_.file.kept_s, until_s_);
    pace.each_s = std::max(
        {scheduler_s, work_s / cores_, pace.alone_s / params_.concurrent_jobs, slide_batches_ * generator_s});
    // The driver is not done with a group before the one before is over.
    if (in_groups())
      pace.each_s = (scheduler_s + std::max(pace.alone_s, params_.group.batches * work_s / cores_)) /
                    params_.group.batches;
    return pace;
  }

  double first_s() const { return params_.first_batch_s.value_or(params_.batch_interval_s); }
  double batches_of_run() const {
    const double due = std::max(0.0, std::floor((until_s_ - first_s()) / params_.batch_interval_s) + 1);
    return params_.batches_max ? std::min<double>(due, *params_.batches_max) : due;
  }

  // As many as are due by the end and can be done by then, with the parts of those that are under way.
  double jobs_of_run() const {
    const double due = std::floor(batches_of_run() / slide_batches_);
    const double first_due_s = first_s() + (slide_batches_ - 1) * params_.batch_interval_s;
    const auto [alone_s, each_s] = pace();
    double jobs = std::min(due, std::max(0.0, until_s_ - first_due_s) / std::max(each_s, 1e-9));
    for (double k = due; k >= 1 && jobs > 0; --k) {
      const double left_s = until_s_ - first_due_s - (k - 1) * job_interval_s();
      if (left_s >= alone_s) break;
      jobs = std::min(jobs, k - 1 + left_s / alone_s);
    }
    return jobs;
  }

  const Job& job_;
  const SparkParams& params_;
  const FidelitySpec& fidelity_;
  const std::vector<double>& offered_per_s_;
  double until_s_;
  const LogicalGraph& graph_;
  Stages stages_;
  RecordFlow flow_;
  std::set<int> hosts_;
  std::set<int> combined_;  // edges
  double cores_ = 0;        // for tasks
  double slide_batches_ = 1;
  int window_stage_ = -1;
  double checkpoint_every_s_ = 0;  // 0: never
  std::vector<double> records_;    // of a job, by operator
  std::vector<StageLoad> loads_;   // of a job, by stage
};

}  // namespace

double events_per_s(const Job& job, const SparkParams& params, const FidelitySpec& fidelity,
                    const std::vector<double>& offered_per_s, double until_s) {
  return Prediction(job, params, fidelity, offered_per_s, until_s).events_per_s();
}

}  // namespace weir::spark
