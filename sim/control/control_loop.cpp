#include "sim/control/control_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/control/give_way.hpp"
#include "sim/dataflow/slots.hpp"

namespace weir {

namespace {

// Apart from the instances' numbers (Job::handler_id) and those of engines (engine_handler_id).
constexpr std::uint32_t first_control_id = 0x80000000u;

bool tells_something(const MetricWindow& window, const JobView& view, ActsOn what) {
  if (what != ActsOn::true_rates) return true;
  for (std::size_t op = 0; op < window.operators.size(); ++op)
    if (!view.operators[op].source && window.operators[op].has_true_rate()) return true;
  return false;
}

}  // namespace

JobView job_view(const Job& job, const Engine& engine, int slots) {
  JobView view;
  view.name = job.name();
  view.metrics_interval_s = engine.metrics_interval_s();
  view.slots = slots;
  view.slots_shared = engine.shares_slots();
  for (const LogicalOperator& op : job.graph().operators) {
    OperatorView seen;
    seen.name = op.name;
    seen.source = op.source;
    seen.scalable = !op.source && op.operator_spec.scalable && engine.scales();
    seen.min_parallelism = op.source ? op.parallelism() : op.operator_spec.min_parallelism;
    seen.max_parallelism = op.source ? op.parallelism() : op.operator_spec.max_parallelism;
    for (const int edge : op.inputs) {
      seen.upstream.push_back(job.graph().edges[edge].from);
      seen.keyed_input |= job.graph().edges[edge].spec.partitioning == Partitioning::key;
    }
    for (const int edge : op.outputs) seen.downstream.push_back(job.graph().edges[edge].to);
    view.operators.push_back(std::move(seen));
  }
  return view;
}

std::int64_t ControlLoop::slots_claimed() const {
  std::vector<int> wanted = job_.parallelism();
  const std::int64_t now = slots_taken(wanted, view_.slots_shared);
  if (!action_running_) return now;
  for (const ActionTarget& target : action_.targets) wanted[target.operator_id] = target.to;
  return std::max(now, slots_taken(wanted, view_.slots_shared));
}

ControlLoop::ControlLoop(Job& job, Engine& engine, const PolicyRegistry::Choice& policy, const Truth& truth,
                         ControlObserver& observer, int slots, std::uint64_t seed)
    : job_(job),
      engine_(engine),
      calendar_(job.calendar()),
      truth_(truth),
      observer_(observer),
      view_(job_view(job, engine, slots)) {
  handler_id = first_control_id + 1 + static_cast<std::uint32_t>(job.number());
  PolicyContext context{view_, seed};
  policy_ = policy.build(context);
  metrics_interval_ns_ = std::max<Nanos>(1, to_nanos(engine.metrics_interval_s()));
  metrics_delay_ns_ = to_nanos(engine.metrics_delay_s());
  policy_interval_ns_ = std::max<Nanos>(1, to_nanos(policy_->interval_s()));
  history_ns_ = to_nanos(policy_->history_s());
  job_.before_deploy = [this] { close(); };
  job_.on_action_ended = [this](const ActionOutcome& outcome) { ended(outcome); };
  job_.on_container_started = [this](std::int64_t number, const ActionOutcome& outcome) {
    container_started(number, outcome);
  };
  job_.on_container_exited = [this](int operator_id, int, const std::string& why) {
    container_exited(operator_id, why);
  };
  job_.on_workers_changed = [this](const WorkerChange& change) { workers_changed(change); };
}

void ControlLoop::start(Nanos until) {
  until_ = until;
  view_.nodes = engine_.shared_nodes(job_);
  view_.containers = engine_.containers(job_);
  calendar_.schedule(metrics_interval_ns_, EventClass::metrics, *this, close_window, 0);
  calendar_.schedule(std::max<Nanos>(1, to_nanos(policy_->first_evaluation_s())), EventClass::policy, *this,
                     evaluate, 0);
}

MetricWindow ControlLoop::take_window() {
  MetricWindow window = job_.take_window();
  backpressure_.complete(view_.operators, window);
  window.node_availability = engine_.node_availability(job_);
  return window;
}

void ControlLoop::finish() {
  const MetricWindow window = take_window();
  if (window.end_ns > window.start_ns) observer_.window_closed(job_, window);
}

void ControlLoop::on_event(std::uint32_t kind, std::uint32_t /*argument*/) {
  switch (kind) {
    case close_window:
      close();
      calendar_.schedule(calendar_.now() + metrics_interval_ns_, EventClass::metrics, *this, close_window, 0);
      return;
    case window_arrives:
      return arrive();
    case evaluate:
      ask_policy();
      calendar_.schedule(calendar_.now() + policy_interval_ns_, EventClass::policy, *this, evaluate, 0);
      return;
    default:
      WEIR_ASSERT(false, "unknown event of the control loop");
  }
}

void ControlLoop::close() {
  // A deployment at the very end of a window has closed it: what it did in that instant goes to the next one.
  if (closed_ns_ == calendar_.now()) return;
  closed_ns_ = calendar_.now();
  MetricWindow window = take_window();
  observer_.window_closed(job_, window);
  on_the_way_.push_back(std::move(window));
  if (metrics_delay_ns_ == 0) {
    arrive();
  } else {
    calendar_.schedule(calendar_.now() + metrics_delay_ns_, EventClass::metrics, *this, window_arrives, 0);
  }
}

void ControlLoop::arrive() {
  // Windows arrive in order: the delay is constant.
  arrived_.push_back(std::move(on_the_way_.front()));
  on_the_way_.erase(on_the_way_.begin());
  const Nanos oldest = calendar_.now() - history_ns_ - policy_interval_ns_;
  std::erase_if(arrived_, [&](const MetricWindow& window) { return window.end_ns <= oldest; });
}

void ControlLoop::ask_policy() {
  const Nanos now = calendar_.now();
  std::size_t first = 0;
  while (first < arrived_.size() && arrived_[first].end_ns <= now - history_ns_) ++first;
  const std::span<const MetricWindow> windows(arrived_.data() + first, arrived_.size() - first);
  const std::vector<ActionReport> reports = std::move(reports_);
  reports_.clear();
  const Observation seen{now,
                         view_,
                         windows,
                         job_.parallelism(),
                         job_.deployment(),
                         action_running_,
                         last_requested_ns_,
                         last_done_ns_,
                         reports,
                         &truth_,
                         engine_.workers()};
  ++evaluations_;
  informed_evaluations_ += std::any_of(windows.begin(), windows.end(), [&](const MetricWindow& window) {
    return tells_something(window, view_, policy_->acts_on());
  });
  for (const Decision& decision : policy_->evaluate(seen)) {
    const std::int64_t id = next_decision_++;
    observer_.decided(job_, id, now, decision);
    if (!decision.targets.empty()) act(decision, id);
    if (!decision.splits.empty()) act_on_splits(decision, id);
    if (decision.container) act_on_container(decision, id);
    if (decision.workers) engine_.request_workers(*decision.workers);
  }
}

std::vector<int> ControlLoop::feasible(const Decision& decision) const {
  std::vector<int> wanted = job_.parallelism();
  for (const ScaleTarget& target : decision.targets) {
    for (int id = 0; id < static_cast<int>(wanted.size()); ++id) {
      if (target.operator_id != all_workers && target.operator_id != id) continue;
      if (!may_scale(view_.operators[id])) continue;
      wanted[id] = clamp_parallelism(view_.operators[id], target.parallelism);
    }
  }
  if (view_.slots > 0) fit_slots(wanted, job_.parallelism(), view_.slots, view_.slots_shared);
  return wanted;
}

void ControlLoop::act(const Decision& decision, std::int64_t decision_id) {
  const Nanos now = calendar_.now();
  ActionRecord action;
  action.id = next_action_++;
  action.decision = decision_id;
  action.requested_ns = now;
  action.reason = decision.reason;
  const std::vector<int> parallelism = feasible(decision);
  for (const ScaleTarget& target : decision.targets) {
    for (int id = 0; id < static_cast<int>(parallelism.size()); ++id) {
      if (target.operator_id != all_workers && target.operator_id != id) continue;
      if (parallelism[id] != target.parallelism) action.status = ActionReport::Status::clipped;
      action.targets.push_back({id, job_.parallelism()[id], parallelism[id], target.parallelism});
    }
  }
  if (action_running_) return refuse(std::move(action), "another action is under way");
  if (parallelism == job_.parallelism())
    return refuse(std::move(action), "nothing would change within the limits and slots");
  // What would not find its slots is refused here, while the job runs.
  const std::int64_t wanted = slots_taken(parallelism, view_.slots_shared);
  if (const std::int64_t left = slots_left ? slots_left() : wanted; wanted > left)
    return refuse(std::move(action), fmt::format("too few slots: {} {}, and other jobs leave {}", wanted,
                                                 view_.slots_shared ? "are needed" : "instances", left));
  if (action.status == ActionReport::Status::clipped) {
    action.outcome.detail = "clipped to the operators' limits or the free slots";
  }
  begin(action);
  job_.action_begins();
  engine_.rescale(job_, parallelism);
}

void ControlLoop::refuse(ActionRecord action, std::string why) {
  const Nanos now = calendar_.now();
  action.status = ActionReport::Status::refused;
  action.ended_ns = now;
  action.outcome.done = false;
  action.outcome.detail = std::move(why);
  reports_.push_back({action.id, action.status, now, now, 0, action.outcome.detail});
  observer_.action_began(job_, action);
  observer_.action_ended(job_, action);
}

void ControlLoop::begin(const ActionRecord& action) {
  const Nanos now = calendar_.now();
  reports_.push_back({action.id, action.status, now, -1, 0, action.outcome.detail});
  action_ = action;
  action_running_ = true;
  last_requested_ns_ = now;
  observer_.action_began(job_, action_);
}

std::string ControlLoop::wrong_with(const Decision& decision) const {
  if (!view_.nodes) return "the engine does not split rates among instances";
  for (const SplitTarget& target : decision.splits) {
    const bool known =
        target.operator_id >= 0 && target.operator_id < static_cast<int>(view_.operators.size());
    if (!known || static_cast<int>(target.shares.size()) != job_.parallelism()[target.operator_id])
      return "a share for each instance of an operator is needed";
    double sum = 0;
    for (const double share : target.shares) {
      if (!(share >= 0)) return "a share is negative";
      sum += share;
    }
    if (std::abs(sum - 1) > 1e-6) return "the shares of an operator do not add up to 1";
  }
  return {};
}

void ControlLoop::act_on_splits(const Decision& decision, std::int64_t decision_id) {
  ActionRecord action;
  action.id = next_action_++;
  action.decision = decision_id;
  action.requested_ns = calendar_.now();
  action.reason = decision.reason;
  action.splits = decision.splits;
  if (action_running_) return refuse(std::move(action), "another action is under way");
  if (std::string wrong = wrong_with(decision); !wrong.empty())
    return refuse(std::move(action), std::move(wrong));
  begin(action);
  engine_.split(job_, decision.splits);
}

std::string ControlLoop::wrong_with(const ContainerTarget& target) const {
  if (!view_.containers) return "the engine hosts no containers";
  const auto& of = view_.containers->worker_of;
  if (target.operator_id < 0 || target.operator_id >= static_cast<int>(of.size()) ||
      of[static_cast<std::size_t>(target.operator_id)].empty())
    return "there is no such operator in containers";
  if (target.worker < 0 || target.worker >= static_cast<int>(view_.containers->workers.size()))
    return "there is no such worker";
  return {};
}

void ControlLoop::act_on_container(const Decision& decision, std::int64_t decision_id) {
  const ContainerTarget& target = *decision.container;
  ActionRecord action;
  action.id = next_action_++;
  action.decision = decision_id;
  action.requested_ns = calendar_.now();
  action.reason = decision.reason;
  action.container = true;
  if (std::string wrong = wrong_with(target); !wrong.empty())
    return refuse(std::move(action), std::move(wrong));
  const int running = job_.running_instances(target.operator_id);
  action.targets.push_back({target.operator_id, running, running + 1, running + 1});
  reports_.push_back({action.id, action.status, action.requested_ns, -1, 0, {}});
  starting_.push_back(action);
  last_requested_ns_ = action.requested_ns;
  observer_.action_began(job_, action);
  engine_.start_container(job_, action.id, target);
}

// With the numbers of its end: others may have been started or have gone since it began.
void ControlLoop::container_started(std::int64_t number, const ActionOutcome& outcome) {
  const auto found = std::find_if(starting_.begin(), starting_.end(),
                                  [&](const ActionRecord& action) { return action.id == number; });
  WEIR_ASSERT(found != starting_.end(), "a container starts that nobody asked for");
  ActionRecord action = std::move(*found);
  starting_.erase(found);
  ActionTarget& target = action.targets.front();
  const int running = job_.running_instances(target.operator_id);
  target.from = outcome.done ? running - 1 : running;
  target.to = target.wanted = target.from + 1;
  action.outcome = outcome;
  action.ended_ns = calendar_.now();
  action.status = outcome.done ? ActionReport::Status::done : ActionReport::Status::failed;
  last_done_ns_ = action.ended_ns;
  reports_.push_back(
      {action.id, action.status, action.requested_ns, action.ended_ns, 0, outcome.detail, outcome.instance});
  observer_.action_ended(job_, action);
}

void ControlLoop::container_exited(int operator_id, const std::string& why) {
  const int running = job_.running_instances(operator_id);
  ActionRecord action;
  action.id = -++exits_;
  action.decision = -1;
  action.requested_ns = action.ended_ns = calendar_.now();
  action.status = ActionReport::Status::done;
  action.container = true;
  action.targets.push_back({operator_id, running + 1, running, running});
  action.reason = action.outcome.detail = why;
  observer_.action_began(job_, action);
  observer_.action_ended(job_, action);
}

void ControlLoop::workers_changed(const WorkerChange& change) {
  ActionRecord action;
  action.id = next_action_++;
  action.decision = next_decision_ - 1;
  action.requested_ns = change.requested_ns;
  action.ended_ns = calendar_.now();
  action.status = ActionReport::Status::done;
  action.targets.push_back({all_workers, change.from, change.to, change.to});
  action.outcome.detail = change.detail;
  action.reason = change.detail;
  observer_.workers_changed(job_, action);
}

void ControlLoop::ended(const ActionOutcome& outcome) {
  WEIR_ASSERT(action_running_, "an action ends that was not begun");
  const std::string clipped = action_.outcome.detail;
  const bool was_clipped = action_.status == ActionReport::Status::clipped;
  action_.outcome = outcome;
  if (!clipped.empty())
    action_.outcome.detail = outcome.detail.empty() ? clipped : clipped + "; " + outcome.detail;
  action_.ended_ns = calendar_.now();
  if (!outcome.done) {
    action_.status = ActionReport::Status::failed;
  } else if (!was_clipped) {
    action_.status = ActionReport::Status::done;
  }
  action_running_ = false;
  last_done_ns_ = calendar_.now();
  reports_.push_back({action_.id, outcome.done ? ActionReport::Status::done : ActionReport::Status::failed,
                      action_.requested_ns, action_.ended_ns, outcome.downtime_s, action_.outcome.detail});
  observer_.action_ended(job_, action_);
}

}  // namespace weir
