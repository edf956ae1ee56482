#include "sim/simulation/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/record/readable.hpp"
#include "sim/record/seconds.hpp"
#include "sim/record/window_rows.hpp"

namespace weir {

namespace {

const char* status_name(ActionReport::Status status, bool ended) {
  switch (status) {
    case ActionReport::Status::accepted:
      return "running";
    case ActionReport::Status::clipped:
      return ended ? "clipped" : "running";
    case ActionReport::Status::refused:
      return "refused";
    case ActionReport::Status::failed:
      return "failed";
    case ActionReport::Status::done:
      return "done";
  }
  return "";
}

bool carried_out(const ActionRecord& action) {
  return action.status != ActionReport::Status::refused && action.status != ActionReport::Status::failed;
}

ScoredAction scored(const ActionRecord& action, const ActionTarget& target) {
  ScoredAction one{
      action.id, target.operator_id, target.from, target.to, written_seconds(action.requested_ns),
      {},        carried_out(action)};
  if (action.ended_ns >= 0) one.ended_s = written_seconds(action.ended_ns);
  return one;
}

// Enough to tell a backlog that grows from one that comes and goes.
constexpr std::size_t intake_windows_max = 10;

double downtime_s(const ActionRecord& action) {
  return written_seconds(to_nanos(action.outcome.downtime_s));
}

// Whether a record may become several, which share its weight.
bool divides_records(const Job& job) {
  const LogicalGraph& graph = job.graph();
  for (const LogicalOperator& op : graph.operators) {
    if (op.outputs.size() > 1) return true;
    if (op.source || op.sink()) continue;
    OperatorContext context{job.seed(), "books"};
    if (op.operator_spec.logic.build(context)->divides()) return true;
  }
  return std::any_of(graph.edges.begin(), graph.edges.end(), [](const LogicalEdge& edge) {
    return edge.spec.partitioning == Partitioning::broadcast;
  });
}

// Whether a policy that may act never had a reason to: that says nothing about where it would come to rest.
bool was_idle(const ControlLoop& loop) {
  switch (loop.policy().acts_on()) {
    case ActsOn::nothing:
      return false;
    case ActsOn::truth:
      return loop.evaluations() == 0;
    case ActsOn::windows:
    case ActsOn::true_rates:
      break;
  }
  return loop.informed_evaluations() == 0;
}

std::vector<int> running_at_start(const Job& job) {
  std::vector<int> running = initial_parallelism(job.graph());
  for (std::size_t op = 0; op < running.size(); ++op)
    running[op] = job.engine().running_at_start(job.graph(), static_cast<int>(op), running[op]);
  return running;
}

std::int64_t whole_origins(std::int64_t weight) {
  return (weight + weight_per_origin / 2) / weight_per_origin;
}

}  // namespace

Recorder::Recorder(const Job& job, const TrueCapacity& truth, const RecorderSetup& setup)
    : job_(job),
      truth_(truth),
      setup_(setup),
      // Where operators share their slots and none is scaled by itself, no number of slots is right for one.
      has_optimum_(truth.has_optimum() && (!job.engine().shares_slots() || job.engine().scales())),
      score_(0, 0, running_at_start(job)),
      actions_(ScalingSummary::listed_at_each_end_max),
      decisions_(ScalingSummary::listed_at_each_end_max),
      splits_(ScalingSummary::listed_at_each_end_max) {
  true_rate_per_s_.assign(job.graph().operators.size(), unknown_real);
  const auto hosts = static_cast<std::size_t>(job.cluster().host_count());
  cpu_reported_ns_.assign(hosts, 0);
  sent_before_.assign(hosts, 0);
  received_before_.assign(hosts, 0);
}

void Recorder::deployed() {
  const double now_s = written_seconds(job_.calendar().now());
  if (file_ != nullptr) {
    for (const LiveInstance& instance : live_) file_->add(InstanceStopRow{instance.id, now_s});
  }
  live_.clear();
  for (int op = 0; op < static_cast<int>(job_.parallelism().size()); ++op) {
    for (int index = 0; index < job_.parallelism()[op]; ++index) {
      const std::int64_t id = (*setup_.next_instance_id)++;
      live_.push_back({id, op, index, job_.instance(op, index).host()});
      if (file_ != nullptr) {
        file_->add(InstanceRow{id, setup_.first_operator_id + op, index, live_.back().host, job_.deployment(),
                               now_s});
      }
    }
  }
}

void Recorder::window_closed(const Job& job, const MetricWindow& window) {
  if (setup_.on_window) setup_.on_window(job, window);
  std::vector<int> optimum;  // empty: there is none
  score_.known_until(written_seconds(window.start_ns));
  for (int op = 0; op < operator_count(); ++op) {
    if (has_optimum_) {
      optimum.push_back(
          truth_.optimal_parallelism(op, to_seconds(window.start_ns), to_seconds(window.end_ns)));
      score_.optimum(op, written_seconds(window.start_ns), optimum.back());
    }
    const OperatorMetrics& metrics = window.operators[op];
    if (metrics.has_true_rate()) {
      true_rate_per_s_[op] = job_.graph().operators[op].source ? metrics.true_output_rate_per_s()
                                                               : metrics.true_processing_rate_per_s();
    }
  }
  note_intake(window);
  note_catching_up(window);
  if (file_ != nullptr) {
    write_window(window, optimum);
    write_hosts(window);
    flush_now_and_then();
  }
}

void Recorder::note_intake(const MetricWindow& window) {
  if (!window.running) return;
  Intake intake{window.deployment, window.duration_s(), 0, 0};
  for (int op = 0; op < operator_count(); ++op) {
    if (!job_.graph().operators[op].source) continue;
    intake.offered += window.operators[op].offered_per_s * intake.duration_s;
    intake.taken_in += static_cast<double>(window.operators[op].records_in());
  }
  if (!intake_.empty() && intake_.back().deployment != intake.deployment) intake_.clear();
  intake_.push_back(intake);
  if (intake_.size() > intake_windows_max) intake_.pop_front();
}

void Recorder::note_catching_up(const MetricWindow& window) {
  double offered_per_s = 0, backlog_records = 0;
  for (int op = 0; op < operator_count(); ++op) {
    if (!job_.graph().operators[op].source) continue;
    offered_per_s += window.operators[op].offered_per_s;
    backlog_records += window.operators[op].backlog_records;
  }
  const auto result = catching_up_.window(written_seconds(window.end_ns), backlog_records, offered_per_s);
  if (!result) return;
  actions_.change_newest([&](ActionSummary& action) {
    if (action.action_id == result->action_id) action.catch_up_s = result->catch_up_s;
    return action.action_id < result->action_id;
  });
  if (file_ != nullptr) file_->add(CatchUpRow{result->action_id, setup_.job_number, result->catch_up_s});
}

void Recorder::sum_up_intake(ThroughputSummary& throughput) const {
  if (intake_.empty() || intake_.back().deployment != job_.deployment()) return;
  const auto sum = [&](std::size_t from, std::size_t to) {
    Intake all{0, 0, 0, 0};
    for (std::size_t i = from; i < to; ++i) {
      all.duration_s += intake_[i].duration_s;
      all.offered += intake_[i].offered;
      all.taken_in += intake_[i].taken_in;
    }
    return all;
  };
  const auto lags = [](const Intake& all) {
    constexpr double noticeable = 0.01;
    return all.taken_in < all.offered * (1 - noticeable);
  };
  const std::size_t count = intake_.size();
  const Intake all = sum(0, count);
  throughput.end_offered_per_s = all.offered / all.duration_s;
  throughput.end_achieved_per_s = all.taken_in / all.duration_s;
  if (count >= 2) throughput.falling_behind = lags(sum(0, count / 2)) && lags(sum(count / 2, count));
}

// By the wall clock: readers who follow see what happened up to a second ago, and a run that makes a thousand
// windows a second does not spend its time with compressing the same chunks again and again.
void Recorder::flush_now_and_then() {
  const auto now = std::chrono::steady_clock::now();
  if (now - flushed_ < std::chrono::seconds(1)) return;
  flushed_ = now;
  file_->flush();
}

void Recorder::write_window(const MetricWindow& window, const std::vector<int>& optimum) {
  std::vector<bool> sources;
  for (int op = 0; op < operator_count(); ++op) {
    sources.push_back(job_.graph().operators[op].source);
    OperatorWindowRow row = operator_window_row(window, op, setup_.first_operator_id + op, sources.back());
    if (!optimum.empty()) row.optimal_parallelism = optimum[op];
    file_->add(row);
  }
  JobWindowRow job = job_window_row(window, setup_.job_number, sources);
  job.in_flight_records = whole_origins(job_.origins().held());
  file_->add(job);
  if (!file_->wants_instance_windows()) return;
  for (const LiveInstance& instance : live_) {
    if (instance.index >= static_cast<int>(window.operators[instance.operator_id].instances.size())) continue;
    file_->add(instance_window_row(window, instance.operator_id, instance.index,
                                   setup_.first_operator_id + instance.operator_id, instance.id));
  }
}

void Recorder::write_hosts(const MetricWindow& window) {
  const Nanos length_ns = window.end_ns - window.start_ns;
  for (std::size_t host = 0; host < cpu_reported_ns_.size(); ++host) {
    HostWindowRow row;
    row.start_s = written_seconds(window.start_ns);
    row.end_s = written_seconds(window.end_ns);
    row.host_id = static_cast<std::int32_t>(host);
    row.job_id = setup_.job_number;
    // What look-back adds to windows that were written already goes into the next ones.
    const Nanos cores_ns = job_.cluster().host(static_cast<int>(host)).cores * length_ns;
    const Nanos used_ns = job_.cluster().cpus().used_ns(static_cast<int>(host)) - cpu_reported_ns_[host];
    const Nanos told_ns = std::min(used_ns, cores_ns);
    cpu_reported_ns_[host] += told_ns;
    if (cores_ns > 0) row.cpu_used_share = static_cast<double>(told_ns) / static_cast<double>(cores_ns);
    row.sent_bytes = job_.sent_bytes()[host] - sent_before_[host];
    row.received_bytes = job_.received_bytes()[host] - received_before_[host];
    file_->add(row);
  }
  sent_before_ = job_.sent_bytes();
  received_before_ = job_.received_bytes();
}

void Recorder::decided(const Job&, std::int64_t decision, Nanos at, const Decision& what) {
  decisions_.add({decision, written_seconds(at), what.symptom, what.diagnosis, what.reason,
                  !what.targets.empty() || !what.splits.empty() || what.container.has_value() ||
                      what.workers.has_value()});
  if (file_ == nullptr) return;
  DecisionRow row;
  row.decision_id = decision;
  row.job_id = setup_.job_number;
  row.time_s = written_seconds(at);
  row.policy = FixedText<48>(setup_.policy);
  row.symptom = FixedText<64>(what.symptom);
  row.diagnosis = FixedText<96>(what.diagnosis);
  row.reason = FixedText<240>(what.reason);
  row.targets = static_cast<std::int32_t>(what.targets.size() + what.splits.size() +
                                          (what.container ? 1 : 0) + (what.workers ? 1 : 0));
  file_->add(row);
}

void Recorder::action_began(const Job&, const ActionRecord& action) {
  if (action.ended_ns >= 0) return;
  for (const ActionTarget& target : action.targets) score_.began(scored(action, target));
  if (!action.targets.empty()) catching_up_.began();
}

void Recorder::action_ended(const Job&, const ActionRecord& action) {
  for (const ActionTarget& target : action.targets) score_.ended(scored(action, target));
  for (const ActionSummary& row : rows_of(action)) actions_.add(row);
  if (!action.splits.empty()) {
    splits_.add(split_of(action));
    if (action.outcome.done) {
      ++splits_done_;
      last_split_s_ = written_seconds(action.requested_ns);
    }
  }
  note_restart(action);
  if (carried_out(action) && !action.targets.empty())
    catching_up_.ended(action.id, written_seconds(action.ended_ns));
  write_action(action);
  if (action.outcome.done && action.splits.empty() && !action.container) deployed();
}

// No operator's slots change: nothing to score.
void Recorder::workers_changed(const Job&, const ActionRecord& action) {
  for (const ActionSummary& row : rows_of(action)) actions_.add(row);
  write_action(action);
}

void Recorder::micro_batch_done(const MicroBatchReport& report) {
  if (file_ == nullptr) return;
  file_->add(MicroBatchRow{setup_.job_number, report.batch, written_seconds(report.made_ns),
                           written_seconds(report.submitted_ns), written_seconds(report.started_ns),
                           written_seconds(report.ended_ns), report.records, report.tasks});
}

void Recorder::note_restart(const ActionRecord& action) {
  if (action.status == ActionReport::Status::refused) return;
  if (action.outcome.downtime_s > 0) ++restarts_.count;
  restarts_.downtime_s += downtime_s(action);
  if (action.outcome.lost_records == 0) return;
  ++restarts_.losing;
  restarts_.why_lost = action.outcome.detail;
}

std::vector<ActionSummary> Recorder::rows_of(const ActionRecord& action) const {
  const bool ended = action.ended_ns >= 0;
  std::vector<ActionSummary> rows;
  for (const ActionTarget& target : action.targets) {
    ActionSummary row;
    row.action_id = action.id;
    row.time_s = written_seconds(action.requested_ns);
    row.operator_name =
        target.operator_id == all_workers ? "workers" : job_.graph().operators[target.operator_id].name;
    row.from = target.from;
    row.to = target.to;
    row.reason = action.reason;
    row.status = status_name(action.status, ended);
    if (ended) row.ended_s = written_seconds(action.ended_ns);
    row.downtime_s = downtime_s(action);
    row.records_lost = action.outcome.lost_records;
    row.decision_id = action.decision;
    row.wanted = target.wanted;
    row.detail = action.outcome.detail;
    rows.push_back(std::move(row));
  }
  return rows;
}

SplitSummary Recorder::split_of(const ActionRecord& action) const {
  const bool ended = action.ended_ns >= 0;
  SplitSummary split;
  split.action_id = action.id;
  split.decision_id = action.decision;
  split.time_s = written_seconds(action.requested_ns);
  split.status = status_name(action.status, ended);
  if (ended) split.ended_s = written_seconds(action.ended_ns);
  split.reason = action.reason;
  split.detail = action.outcome.detail;
  const auto& operators = job_.graph().operators;
  for (const SplitTarget& target : action.splits) {
    // What is refused may be of no operator at all.
    const bool known = target.operator_id >= 0 && target.operator_id < operator_count();
    split.shares.push_back(
        {known ? operators[target.operator_id].name : std::to_string(target.operator_id), target.shares});
  }
  return split;
}

void Recorder::write_splits(const ActionRecord& action) {
  for (const SplitTarget& target : action.splits) {
    SplitRow row;
    row.action_id = action.id;
    row.decision_id = action.decision;
    row.job_id = setup_.job_number;
    row.operator_id = setup_.first_operator_id + target.operator_id;
    row.requested_s = written_seconds(action.requested_ns);
    if (action.ended_ns >= 0) row.ended_s = written_seconds(action.ended_ns);
    row.status = FixedText<16>(status_name(action.status, action.ended_ns >= 0));
    for (std::size_t instance = 0; instance < target.shares.size(); ++instance) {
      row.instance = static_cast<std::int32_t>(instance);
      row.share = target.shares[instance];
      file_->add(row);
    }
  }
}

void Recorder::write_action(const ActionRecord& action) {
  if (file_ == nullptr) return;
  write_splits(action);
  for (const ActionTarget& target : action.targets) {
    ActionRow row;
    row.action_id = action.id;
    row.decision_id = action.decision;
    row.job_id = setup_.job_number;
    row.operator_id =
        target.operator_id == all_workers ? unknown_integer : setup_.first_operator_id + target.operator_id;
    row.from_parallelism = target.from;
    row.to_parallelism = target.to;
    row.requested_s = written_seconds(action.requested_ns);
    if (action.ended_ns >= 0) row.ended_s = written_seconds(action.ended_ns);
    row.status = FixedText<16>(status_name(action.status, action.ended_ns >= 0));
    row.downtime_s = downtime_s(action);
    row.state_moved_bytes = action.outcome.state_bytes;
    row.records_lost = action.outcome.lost_records;
    row.detail = FixedText<160>(action.outcome.detail);
    file_->add(row);
  }
}

namespace {

// A policy that scales operators as a whole, on an engine or with a dataflow where none can be.
bool nothing_to_scale(const ControlLoop& loop, const std::string& policy) {
  if (loop.policy().acts_on() == ActsOn::nothing || loop.view().uniform_workers) return false;
  const Component* component = PolicyRegistry::find(policy);
  if (component == nullptr) return false;
  const ComponentInfo& info = component->info;
  if (info.splits_rates || info.hosts_containers || info.scales_workers) return false;
  const std::vector<OperatorView>& operators = loop.view().operators;
  return std::none_of(operators.begin(), operators.end(), may_scale);
}

}  // namespace

std::string Recorder::why_nothing(const ControlLoop& loop) const {
  if (nothing_to_scale(loop, setup_.policy)) return "there is no operator that it may scale";
  if (was_idle(loop)) {
    if (loop.evaluations() == 0)
      return fmt::format("the run was over before it was asked for the first time, at {}",
                         readable_duration(loop.policy().first_evaluation_s()));
    return fmt::format("it was asked {}, and never had anything to go by: {}",
                       loop.evaluations() == 1 ? "once" : fmt::format("{} times", loop.evaluations()),
                       loop.policy().acts_on() == ActsOn::true_rates
                           ? "no operator worked in what was measured"
                           : "no window had come");
  }
  std::string why = loop.policy().why_nothing(loop.view());
  if (!why.empty() || decisions_.count() == 0) return why;
  const DecisionSummary& last = decisions_.back();
  return fmt::format("it looked into something {} times, last at {:.6g} s: {}: {}: {}", decisions_.count(),
                     last.time_s, last.symptom, last.diagnosis, last.reason);
}

// Of the last window.
void Recorder::note_state(OperatorSummary& row, int op) const {
  std::vector<std::int64_t> keys;
  bool any = false;
  for (int i = 0; i < job_.parallelism()[op]; ++i) {
    const KeyedState state = job_.instance(op, i).state();
    keys.push_back(state.keys);
    row.state_bytes += state.size_bytes;
    any = any || state.keys > 0;
  }
  if (any) row.state_keys = std::move(keys);
}

void Recorder::note_optimum(OperatorSummary& row, int op, Nanos end, double window_s) const {
  const double to_s = to_seconds(end), from_s = std::max(0.0, to_s - window_s);
  row.optimal_parallelism = truth_.optimal_parallelism(op, from_s, to_s);
  const auto unborne = truth_.unborne(op, from_s, to_s);
  if (!unborne) return;
  row.unborne = true;
  row.allowed_parallelism = unborne->allowed;
  row.bearing_parallelism = unborne->would_bear;
}

JobSummary Recorder::summary(const ControlLoop& loop, Nanos end, bool checks_passed) const {
  JobSummary s;
  s.name = job_.name();
  s.policy = setup_.policy;
  s.engine = setup_.engine;
  const OriginBooks& origins = job_.origins();
  s.conservation.ok = checks_passed;
  s.conservation.replayed = whole_origins(origins.replayed);
  s.conservation.emitted = whole_origins(origins.emitted - origins.replayed);
  s.conservation.delivered = whole_origins(origins.delivered);
  s.conservation.filtered = whole_origins(origins.filtered);
  s.conservation.dropped = whole_origins(origins.lost);
  // By difference, so that the rounded numbers add up like the exact ones.
  s.conservation.in_flight =
      std::max<std::int64_t>(0, s.conservation.emitted + s.conservation.replayed - s.conservation.delivered -
                                    s.conservation.filtered - s.conservation.dropped);
  s.conservation.divided = divides_records(job_);
  if (const OriginLedger* ledger = job_.ledger()) {
    const OriginLedger::Counts counts = ledger->counts();
    s.conservation.origins = OriginsSummary{counts.complete, counts.lost, counts.pending, counts.repeated};
  }
  const LatencyHistogram latency = job_.latency();
  s.latency.count = latency.count();
  if (latency.count() > 0) {
    s.latency.mean_s = latency.mean_ns() * 1e-9;
    s.latency.p50_s = written_seconds(latency.quantile_ns(0.50));
    s.latency.p95_s = written_seconds(latency.quantile_ns(0.95));
    s.latency.p99_s = written_seconds(latency.quantile_ns(0.99));
    s.latency.max_s = written_seconds(latency.max_ns());
  }
  const double seconds = std::max(written_seconds(end), 1e-9);
  std::int64_t arrived = 0;
  std::int64_t emitted = 0;
  std::int64_t suppressed = 0;
  double backlog = 0;
  for (int op = 0; op < operator_count(); ++op) {
    const LogicalOperator& spec = job_.graph().operators[op];
    OperatorSummary row;
    row.name = spec.name;
    row.source = spec.source;
    row.scalable = !spec.source && spec.operator_spec.scalable;
    row.initial_parallelism = job_.engine().running_at_start(job_.graph(), op, spec.parallelism());
    row.parallelism = job_.running_instances(op);
    Nanos uses[4] = {0, 0, 0, 0};
    for (int i = 0; i < job_.instances_ever(op); ++i) {
      const Instance& instance = job_.instance(op, i);
      row.records_in += instance.counters().records_in;
      row.records_out += instance.counters().records_out;
      for (int use = 0; use < 4; ++use) uses[use] += instance.accounts().total(static_cast<TimeUse>(use));
      if (spec.source) {
        arrived += instance.offered_records();
        suppressed += instance.counters().records_suppressed;
        emitted += instance.counters().records_in;
        // What was taken back was cut off or emitted before.
        if (instance.counters().records_replayed > 0)
          emitted += instance.counters().records_aborted - instance.counters().records_sent_again;
        backlog += static_cast<double>(instance.outside_records());
      }
    }
    note_state(row, op);
    const auto total = static_cast<double>(std::max<Nanos>(1, uses[0] + uses[1] + uses[2] + uses[3]));
    row.busy = static_cast<double>(uses[static_cast<int>(TimeUse::useful)]) / total;
    row.idle = static_cast<double>(uses[static_cast<int>(TimeUse::waiting)]) / total;
    row.backpressured = static_cast<double>(uses[static_cast<int>(TimeUse::blocked)]) / total;
    row.overhead = static_cast<double>(uses[static_cast<int>(TimeUse::overhead)]) / total;
    if (true_rate_per_s_[op] == true_rate_per_s_[op]) row.true_rate_per_s = true_rate_per_s_[op];
    if (has_optimum_) note_optimum(row, op, end, loop.view().metrics_interval_s);
    s.operators.push_back(row);
  }
  s.throughput.offered_per_s = static_cast<double>(arrived) / seconds;
  s.throughput.achieved_per_s = static_cast<double>(emitted) / seconds;
  if (arrived > 0) s.throughput.ratio = static_cast<double>(emitted) / static_cast<double>(arrived);
  s.throughput.backlog_records = backlog;
  s.throughput.suppressed_records = suppressed;
  s.throughput.kept_by_engine_records = job_.kept_by_engine_records();
  sum_up_intake(s.throughput);

  s.scaling.actions = actions_.items();
  s.scaling.actions_omitted = actions_.omitted();
  if (const ActionRecord* running = loop.running_action())
    for (ActionSummary& row : rows_of(*running)) s.scaling.actions.push_back(std::move(row));
  for (const ActionRecord& starting : loop.starting_containers())
    for (ActionSummary& row : rows_of(starting)) s.scaling.actions.push_back(std::move(row));
  s.scaling.decisions = decisions_.items();
  s.scaling.decisions_omitted = decisions_.omitted();
  s.scaling.splits = splits_.items();
  s.scaling.splits_omitted = splits_.omitted();
  s.scaling.splits_done = splits_done_;
  s.scaling.last_split_s = last_split_s_;
  if (const ActionRecord* running = loop.running_action(); running != nullptr && !running->splits.empty())
    s.scaling.splits.push_back(split_of(*running));
  s.scaling.restarts = restarts_;
  const bool asked_for_nothing = s.scaling.actions.empty() && s.scaling.splits.empty();
  if (asked_for_nothing) s.scaling.why_nothing = why_nothing(loop);
  s.scaling.score = score_.score(written_seconds(end), 5 * loop.policy().interval_s());
  s.scaling.policy_idle = asked_for_nothing && was_idle(loop);
  if (s.scaling.policy_idle) {
    s.scaling.score.converged = false;
    s.scaling.score.convergence_time_s.reset();
  }

  const Reordering order = job_.reordering();
  if (order.records > 0) {
    ReorderingSummary reordering;
    reordering.share = static_cast<double>(order.reordered) / static_cast<double>(order.records);
    if (order.reordered > 0)
      reordering.mean_distance = order.distance_sum / static_cast<double>(order.reordered);
    s.reordering = reordering;
  }
  const nlohmann::json state = loop.policy().state();
  if (!state.is_null()) s.policy_state_json = state.dump();
  s.engine_story = job_.engine().story();
  for (const EngineFigure& figure : job_.engine().figures())
    s.engine_figures.push_back({figure.name, figure.value});
  return s;
}

void Recorder::write_final(const JobSummary& summary, const ControlLoop& loop) {
  if (file_ == nullptr) return;
  if (const ActionRecord* running = loop.running_action()) write_action(*running);
  for (const ActionRecord& starting : loop.starting_containers()) write_action(starting);
  const double now_s = written_seconds(job_.calendar().now());
  for (const LiveInstance& instance : live_) file_->add(InstanceStopRow{instance.id, now_s});
  for (std::size_t op = 0; op < summary.operators.size(); ++op) {
    const OperatorSummary& row = summary.operators[op];
    FinalOperatorRow out;
    out.operator_id = setup_.first_operator_id + static_cast<int>(op);
    out.parallelism = row.parallelism;
    out.records_in = row.records_in;
    out.records_out = row.records_out;
    if (row.optimal_parallelism) out.optimal_parallelism = *row.optimal_parallelism;
    file_->add(out);
  }
  const ConservationSummary& books = summary.conservation;
  file_->add(FinalJobRow{setup_.job_number, books.emitted, books.delivered, books.filtered, books.dropped,
                         books.replayed, books.in_flight, summary.scaling.policy_idle});
  job_.latency().for_each_bucket([&](std::int64_t from_ns, std::int64_t to_ns, std::int64_t count) {
    file_->add(LatencyBucketRow{setup_.job_number, written_seconds(from_ns), written_seconds(to_ns), count});
  });
}

}  // namespace weir
