#include "sim/simulation/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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

// Enough to tell a backlog that grows from one that comes and goes.
constexpr std::size_t intake_windows_max = 10;

double downtime_s(const ActionRecord& action) {
  return written_seconds(to_nanos(action.outcome.downtime_s));
}

std::int64_t whole_origins(std::int64_t weight) {
  return (weight + weight_per_origin / 2) / weight_per_origin;
}

}  // namespace

Recorder::Recorder(const Job& job, const TrueCapacity& truth, const RecorderSetup& setup)
    : job_(job), truth_(truth), setup_(setup) {
  for (const LogicalOperator& op : job.graph().operators) {
    scored_.push_back({op.name, op.parallelism(), {}});
  }
  true_rate_per_s_.assign(job.graph().operators.size(), unknown_real);
  const auto hosts = static_cast<std::size_t>(job.cluster().host_count());
  cpu_reported_ns_.assign(hosts, 0);
  sent_before_.assign(hosts, 0);
  received_before_.assign(hosts, 0);
}

void Recorder::deployed() {
  const double now_s = written_seconds(job_.calendar().now());
  if (setup_.file != nullptr) {
    for (const LiveInstance& instance : live_) setup_.file->add(InstanceStopRow{instance.id, now_s});
  }
  live_.clear();
  for (int op = 0; op < static_cast<int>(job_.parallelism().size()); ++op) {
    for (int index = 0; index < job_.parallelism()[op]; ++index) {
      const std::int64_t id = (*setup_.next_instance_id)++;
      live_.push_back({id, op, index, job_.instance(op, index).host()});
      if (setup_.file != nullptr) {
        setup_.file->add(InstanceRow{id, setup_.first_operator_id + op, index, live_.back().host,
                                     job_.deployment(), now_s});
      }
    }
  }
}

void Recorder::window_closed(const Job& job, const MetricWindow& window) {
  if (setup_.on_window) setup_.on_window(job, window);
  std::vector<int> optimum;
  for (int op = 0; op < static_cast<int>(scored_.size()); ++op) {
    optimum.push_back(truth_.optimal_parallelism(op, to_seconds(window.start_ns), to_seconds(window.end_ns)));
    auto& steps = scored_[op].optimum;
    if (steps.empty() || steps.back().value != optimum.back()) {
      steps.push_back({written_seconds(window.start_ns), optimum.back()});
    }
    const OperatorMetrics& metrics = window.operators[op];
    if (metrics.has_true_rate()) {
      true_rate_per_s_[op] = job_.graph().operators[op].source ? metrics.true_output_rate_per_s()
                                                               : metrics.true_processing_rate_per_s();
    }
  }
  note_intake(window);
  if (setup_.file != nullptr) {
    write_window(window, optimum);
    write_hosts(window);
    flush_now_and_then();
  }
}

void Recorder::note_intake(const MetricWindow& window) {
  if (!window.running) return;
  Intake intake{window.deployment, window.duration_s(), 0, 0};
  for (std::size_t op = 0; op < scored_.size(); ++op) {
    if (!job_.graph().operators[op].source) continue;
    intake.offered += window.operators[op].offered_per_s * intake.duration_s;
    intake.taken_in += static_cast<double>(window.operators[op].records_in());
  }
  if (!intake_.empty() && intake_.back().deployment != intake.deployment) intake_.clear();
  intake_.push_back(intake);
  if (intake_.size() > intake_windows_max) intake_.pop_front();
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
  setup_.file->flush();
}

void Recorder::write_window(const MetricWindow& window, const std::vector<int>& optimum) {
  std::vector<bool> sources;
  for (int op = 0; op < static_cast<int>(scored_.size()); ++op) {
    sources.push_back(job_.graph().operators[op].source);
    OperatorWindowRow row = operator_window_row(window, op, setup_.first_operator_id + op, sources.back());
    row.optimal_parallelism = optimum[op];
    setup_.file->add(row);
  }
  JobWindowRow job = job_window_row(window, setup_.job_number, sources);
  job.in_flight_records = whole_origins(job_.origins().held());
  setup_.file->add(job);
  if (!setup_.file->wants_instance_windows()) return;
  for (const LiveInstance& instance : live_) {
    if (instance.index >= static_cast<int>(window.operators[instance.operator_id].instances.size())) continue;
    setup_.file->add(instance_window_row(window, instance.operator_id, instance.index,
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
    setup_.file->add(row);
  }
  sent_before_ = job_.sent_bytes();
  received_before_ = job_.received_bytes();
}

void Recorder::decided(const Job&, std::int64_t decision, Nanos at, const Decision& what) {
  decisions_.push_back(
      {decision, written_seconds(at), what.symptom, what.diagnosis, what.reason, !what.targets.empty()});
  if (setup_.file == nullptr) return;
  DecisionRow row;
  row.decision_id = decision;
  row.job_id = setup_.job_number;
  row.time_s = written_seconds(at);
  row.policy = FixedText<48>(setup_.policy);
  row.symptom = FixedText<64>(what.symptom);
  row.diagnosis = FixedText<96>(what.diagnosis);
  row.reason = FixedText<240>(what.reason);
  row.targets = static_cast<std::int32_t>(what.targets.size());
  setup_.file->add(row);
}

void Recorder::action_began(const Job&, const ActionRecord& action) {
  if (action.ended_ns < 0) note_action(action);
}

void Recorder::action_ended(const Job&, const ActionRecord& action) {
  // A begun action is already noted, with what was known then.
  std::erase_if(actions_, [&](const ActionSummary& noted) { return noted.action_id == action.id; });
  std::erase_if(scored_actions_, [&](const ScoredAction& noted) { return noted.action_id == action.id; });
  note_action(action);
  write_action(action);
  if (action.outcome.done) deployed();
}

void Recorder::note_action(const ActionRecord& action) {
  const bool ended = action.ended_ns >= 0;
  for (const ActionTarget& target : action.targets) {
    ActionSummary summary;
    summary.action_id = action.id;
    summary.time_s = written_seconds(action.requested_ns);
    summary.operator_name = job_.graph().operators[target.operator_id].name;
    summary.from = target.from;
    summary.to = target.to;
    summary.reason = action.reason;
    summary.status = status_name(action.status, ended);
    if (ended) summary.ended_s = written_seconds(action.ended_ns);
    summary.downtime_s = downtime_s(action);
    summary.records_lost = action.outcome.lost_records;
    summary.decision_id = action.decision;
    summary.wanted = target.wanted;
    summary.detail = action.outcome.detail;
    actions_.push_back(summary);
    ScoredAction scored{action.id,      target.operator_id, target.from,        target.to,
                        summary.time_s, summary.ended_s,    carried_out(action)};
    scored_actions_.push_back(scored);
  }
}

void Recorder::write_action(const ActionRecord& action) {
  if (setup_.file == nullptr) return;
  for (const ActionTarget& target : action.targets) {
    ActionRow row;
    row.action_id = action.id;
    row.decision_id = action.decision;
    row.job_id = setup_.job_number;
    row.operator_id = setup_.first_operator_id + target.operator_id;
    row.from_parallelism = target.from;
    row.to_parallelism = target.to;
    row.requested_s = written_seconds(action.requested_ns);
    if (action.ended_ns >= 0) row.ended_s = written_seconds(action.ended_ns);
    row.status = FixedText<16>(status_name(action.status, action.ended_ns >= 0));
    row.downtime_s = downtime_s(action);
    row.state_moved_bytes = action.outcome.state_bytes;
    row.records_lost = action.outcome.lost_records;
    row.detail = FixedText<96>(action.outcome.detail);
    setup_.file->add(row);
  }
}

std::string Recorder::why_nothing(const ControlLoop& loop) const {
  std::string why = loop.policy().why_nothing(loop.view());
  if (!why.empty() || decisions_.empty()) return why;
  const DecisionSummary& last = decisions_.back();
  return fmt::format("it looked into something {} times, last at {:.6g} s: {}: {}: {}", decisions_.size(),
                     last.time_s, last.symptom, last.diagnosis, last.reason);
}

JobSummary Recorder::summary(const ControlLoop& loop, Nanos end, bool checks_passed) const {
  JobSummary s;
  s.name = job_.name();
  s.policy = setup_.policy;
  s.engine = setup_.engine;
  const OriginBooks& origins = job_.origins();
  s.conservation.ok = checks_passed;
  s.conservation.emitted = whole_origins(origins.emitted);
  s.conservation.delivered = whole_origins(origins.delivered);
  s.conservation.filtered = whole_origins(origins.filtered);
  s.conservation.dropped = whole_origins(origins.lost);
  // By difference, so that the rounded numbers add up like the exact ones.
  s.conservation.in_flight = std::max<std::int64_t>(0, s.conservation.emitted - s.conservation.delivered -
                                                           s.conservation.filtered - s.conservation.dropped);
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
  for (int op = 0; op < static_cast<int>(scored_.size()); ++op) {
    const LogicalOperator& spec = job_.graph().operators[op];
    OperatorSummary row;
    row.name = spec.name;
    row.source = spec.source;
    row.scalable = !spec.source && spec.operator_spec.scalable;
    row.initial_parallelism = spec.parallelism();
    row.parallelism = job_.parallelism()[op];
    Nanos uses[4] = {0, 0, 0, 0};
    for (int i = 0; i < job_.instances_ever(op); ++i) {
      const Instance& instance = job_.instance(op, i);
      row.records_in += instance.counters().records_in;
      row.records_out += instance.counters().records_out;
      for (int use = 0; use < 4; ++use) uses[use] += instance.accounts().total(static_cast<TimeUse>(use));
      if (spec.source) {
        arrived += instance.counters().records_arrived;
        suppressed += instance.counters().records_suppressed;
        emitted += instance.counters().records_in;
        backlog += static_cast<double>(instance.queue_records());
      }
    }
    const auto total = static_cast<double>(std::max<Nanos>(1, uses[0] + uses[1] + uses[2] + uses[3]));
    row.busy = static_cast<double>(uses[static_cast<int>(TimeUse::useful)]) / total;
    row.idle = static_cast<double>(uses[static_cast<int>(TimeUse::waiting)]) / total;
    row.backpressured = static_cast<double>(uses[static_cast<int>(TimeUse::blocked)]) / total;
    row.overhead = static_cast<double>(uses[static_cast<int>(TimeUse::overhead)]) / total;
    if (true_rate_per_s_[op] == true_rate_per_s_[op]) row.true_rate_per_s = true_rate_per_s_[op];
    const double window_s = loop.view().metrics_interval_s;
    row.optimal_parallelism =
        truth_.optimal_parallelism(op, std::max(0.0, to_seconds(end) - window_s), to_seconds(end));
    s.operators.push_back(row);
  }
  s.throughput.offered_per_s = static_cast<double>(arrived) / seconds;
  s.throughput.achieved_per_s = static_cast<double>(emitted) / seconds;
  if (arrived > 0) s.throughput.ratio = static_cast<double>(emitted) / static_cast<double>(arrived);
  s.throughput.backlog_records = backlog;
  s.throughput.suppressed_records = suppressed;
  sum_up_intake(s.throughput);

  s.scaling.actions = actions_;
  s.scaling.decisions = decisions_;
  if (actions_.empty()) s.scaling.why_nothing = why_nothing(loop);
  ScalingInput input;
  input.end_s = written_seconds(end);
  input.quiet_s = 5 * loop.policy().interval_s();
  input.operators = scored_;
  input.actions = scored_actions_;
  s.scaling.score = score_scaling(input);

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
  return s;
}

void Recorder::write_final(const JobSummary& summary, const ControlLoop& loop) {
  if (setup_.file == nullptr) return;
  if (const ActionRecord* running = loop.running_action()) write_action(*running);
  const double now_s = written_seconds(job_.calendar().now());
  for (const LiveInstance& instance : live_) setup_.file->add(InstanceStopRow{instance.id, now_s});
  for (std::size_t op = 0; op < summary.operators.size(); ++op) {
    const OperatorSummary& row = summary.operators[op];
    FinalOperatorRow out;
    out.operator_id = setup_.first_operator_id + static_cast<int>(op);
    out.parallelism = row.parallelism;
    out.records_in = row.records_in;
    out.records_out = row.records_out;
    if (row.optimal_parallelism) out.optimal_parallelism = *row.optimal_parallelism;
    setup_.file->add(out);
  }
  const ConservationSummary& books = summary.conservation;
  setup_.file->add(FinalJobRow{setup_.job_number, books.emitted, books.delivered, books.filtered,
                               books.dropped, books.replayed, books.in_flight});
  job_.latency().for_each_bucket([&](std::int64_t from_ns, std::int64_t to_ns, std::int64_t count) {
    setup_.file->add(
        LatencyBucketRow{setup_.job_number, written_seconds(from_ns), written_seconds(to_ns), count});
  });
}

}  // namespace weir
