#include "sim/record/summary_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "sim/record/fixed_text.hpp"
#include "sim/record/readable.hpp"

namespace weir {

namespace {

class Text {
 public:
  explicit Text(const SummaryTextOptions& options) : options_(options) {}

  void line(const std::string& text = "") { text_ += text + "\n"; }
  void heading(const std::string& text) { line(options_.colour ? "\033[1m" + text + "\033[0m" : text); }
  void alarm(const std::string& text) { line(options_.colour ? "\033[1;31m" + text + "\033[0m" : text); }
  std::string str() const { return text_; }

 private:
  const SummaryTextOptions& options_;
  std::string text_;
};

std::string plural(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string cut(const std::string& text, std::size_t bytes) {
  return text.size() <= bytes ? text : text.substr(0, utf8_prefix_bytes(text, bytes - 1)) + "…";
}

void what_was_simulated(Text& out, const RunSummary& run) {
  std::string who;
  if (run.jobs.size() == 1)
    who = fmt::format("{} on {}", run.jobs[0].policy, run.jobs[0].engine);
  else
    who = plural(static_cast<std::int64_t>(run.jobs.size()), "job", "jobs");
  out.heading(fmt::format("{}: {}, seed {}", run.scenario, who, run.seed));
  const double rate = run.wall_s > 0 ? static_cast<double>(run.events) / run.wall_s : 0;
  std::string where;
  if (run.hosts.count > 0) where = " on " + plural(run.hosts.count, "host", "hosts");
  if (run.hosts.cpu_mean)
    where += fmt::format(" ({} of their cores busy)", readable_percent(*run.hosts.cpu_mean));
  out.line(fmt::format("{} simulated{} in {}: {} events, {} a second.", readable_duration(run.simulated_s),
                       where, readable_duration(run.wall_s), readable_count(static_cast<double>(run.events)),
                       readable_count(rate)));
  if (!run.complete) out.alarm(fmt::format("INCOMPLETE: {}.", run.incomplete_reason));
  for (const std::string& failed : run.failed_checks) out.alarm(fmt::format("SELF-CHECK FAILED: {}", failed));
}

std::string parallelism_text(const OperatorSummary& op) {
  if (op.initial_parallelism == op.parallelism) return fmt::format("{}", op.parallelism);
  return fmt::format("{} -> {}", op.initial_parallelism, op.parallelism);
}

void table_of_operators(Text& out, const JobSummary& job, int rows_max) {
  std::size_t width = 8;
  for (const OperatorSummary& op : job.operators) width = std::clamp(op.name.size(), width, std::size_t{32});
  out.line(fmt::format("  {:<{}}  {:>11}  {:>7}  {:>8}  {:>13}  {:>10}", "operator", width, "parallelism",
                       "optimum", "busy", "backpressured", "records in"));
  int left = rows_max;
  for (const OperatorSummary& op : job.operators) {
    if (left-- == 0) break;
    const std::string optimum = op.unborne               ? "none"
                                : op.optimal_parallelism ? fmt::format("{}", *op.optimal_parallelism)
                                                         : "-";
    const auto records = static_cast<double>(op.source ? op.records_out : op.records_in);
    out.line(fmt::format("  {:<{}}  {:>11}  {:>7}  {:>8}  {:>13}  {:>10}", cut(op.name, width), width,
                         parallelism_text(op), optimum, readable_percent(op.busy),
                         readable_percent(op.backpressured), readable_count(records)));
  }
  const auto more = static_cast<std::int64_t>(job.operators.size()) - rows_max;
  if (more > 0) out.line(fmt::format("  … and {} more in summary.json", more));
}

// One action, all its operators on one line: "map 1 -> 5, count 2 -> 4 (asked for 6)". Refused actions that
// ask for the same again and again are one entry.
struct TimelineEntry {
  const ActionSummary* first = nullptr;
  std::string changes;
  std::string asked;  // as policies word it: what `changes` would be had nothing been clipped
  int repeats = 0;
  double last_s = 0;
};

std::string joined(const std::string& list, const std::string& item) {
  return list.empty() ? item : list + ", " + item;
}

std::vector<TimelineEntry> timeline_entries(const JobSummary& job) {
  std::map<std::pair<double, std::int64_t>, TimelineEntry> actions;
  for (const ActionSummary& action : job.scaling.actions) {
    TimelineEntry& entry = actions[{action.time_s, action.action_id}];
    if (entry.first == nullptr) entry.first = &action;
    entry.last_s = action.time_s;
    const int wanted = action.wanted == 0 ? action.to : action.wanted;
    std::string change = fmt::format("{} {} -> {}", action.operator_name, action.from, action.to);
    if (wanted != action.to) change += fmt::format(" (asked for {})", wanted);
    entry.changes = joined(entry.changes, change);
    entry.asked = joined(entry.asked, fmt::format("{} {} -> {}", action.operator_name, action.from, wanted));
  }
  std::vector<TimelineEntry> entries;
  for (auto& [key, entry] : actions) {
    const bool again = !entries.empty() && entry.first->status == "refused" &&
                       entries.back().first->status == "refused" && entries.back().changes == entry.changes;
    if (again) {
      ++entries.back().repeats;
      entries.back().last_s = entry.last_s;
    } else {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

// What the policy saw and why it acted, unless that only says again what was done.
std::string because(const JobSummary& job, const TimelineEntry& entry) {
  const ActionSummary& action = *entry.first;
  if (action.reason.find(entry.asked) == std::string::npos) return action.reason;
  const auto decision =
      std::find_if(job.scaling.decisions.begin(), job.scaling.decisions.end(),
                   [&](const DecisionSummary& d) { return d.decision_id == action.decision_id; });
  if (decision == job.scaling.decisions.end()) return "";
  if (decision->symptom.empty() || decision->diagnosis.empty())
    return decision->symptom + decision->diagnosis;
  return decision->symptom + ": " + decision->diagnosis;
}

std::string caught_up_text(const ActionSummary& action) {
  return action.catch_up_s ? fmt::format(", caught up {} later", readable_duration(*action.catch_up_s)) : "";
}

void timeline(Text& out, const JobSummary& job, int entries_max) {
  const std::vector<TimelineEntry> entries = timeline_entries(job);
  if (entries.empty()) return;
  out.line();
  out.heading("What it did");
  const auto count = static_cast<int>(entries.size());
  int index = 0;
  for (const TimelineEntry& entry : entries) {
    // The first and the last ones tell most: how it began, and where it came to rest.
    const bool hidden = count > entries_max && index >= entries_max / 2 && index < count - entries_max / 2;
    if (hidden && index == entries_max / 2)
      out.line(fmt::format("  {:>8}  … {} more in summary.json{}", "", count - entries_max / 2 * 2,
                           job.scaling.actions_omitted > 0 ? ", all in run.h5" : ""));
    ++index;
    if (hidden) continue;
    const ActionSummary& action = *entry.first;
    std::string status;
    if (action.status == "refused") status = " [refused: " + action.detail + "]";
    if (action.status == "failed" || action.status == "running") status = " [" + action.status + "]";
    if (action.downtime_s > 0)
      status += fmt::format(" ({} down{})", readable_duration(action.downtime_s), caught_up_text(action));
    out.line(
        fmt::format("  {:>8}  {}{}", fmt::format("{:.0f} s", action.time_s), cut(entry.changes, 60), status));
    const std::string why = because(job, entry);
    if (!why.empty()) out.line(fmt::format("  {:>8}  {}", "", cut(why, 98)));
    // Of what the downtime was made.
    if (action.status == "done" && action.downtime_s > 0 && !action.detail.empty())
      out.line(fmt::format("  {:>8}  {}", "", cut(action.detail, 98)));
    if (entry.repeats > 0)
      out.line(fmt::format("  {:>8}  and the same again {}, last at {:.0f} s", "",
                           entry.repeats == 1 ? "once" : fmt::format("{} times", entry.repeats),
                           entry.last_s));
  }
}

std::string split_sentence(const JobSummary& job) {
  const ScalingSummary& scaling = job.scaling;
  if (scaling.splits_done == 0)
    return fmt::format("{} asked for other splits of rates, and none was in force at the end: {}.",
                       job.policy, scaling.splits.back().status);
  // The first evaluation is an instant after the start.
  const double last_s = std::round(scaling.last_split_s.value_or(0) * 1e3) * 1e-3;
  if (scaling.splits_done == 1)
    return fmt::format("{} changed how rates are split once, at {:.6g} s.", job.policy, last_s);
  return fmt::format("{} changed how rates are split {} times, last at {:.6g} s.", job.policy,
                     scaling.splits_done, last_s);
}

std::string rest_sentence(const JobSummary& job) {
  const ScalingScore& score = job.scaling.score;
  const std::string steps = plural(score.steps, "step", "steps");
  const auto of_workers = [](const ActionSummary& action) { return action.operator_name == "workers"; };
  const auto changes = std::count_if(job.scaling.actions.begin(), job.scaling.actions.end(), of_workers) +
                       job.scaling.actions_omitted;
  if (score.steps == 0 && changes > 0 &&
      std::all_of(job.scaling.actions.begin(), job.scaling.actions.end(), of_workers))
    // By the policy, or by failures.
    return fmt::format("The number of workers changed {}; no operator was scaled.",
                       changes == 1 ? "once" : fmt::format("{} times", changes));
  if (score.steps == 0 && job.scaling.actions.empty() && !job.scaling.splits.empty())
    return split_sentence(job);
  if (score.steps == 0 && (score.converged || job.scaling.actions.empty())) {
    return job.scaling.why_nothing.empty()
               ? fmt::format("{} changed nothing.", job.policy)
               : fmt::format("{} changed nothing: {}.", job.policy, job.scaling.why_nothing);
  }
  const std::vector<ActionSummary>& actions = job.scaling.actions;
  if (!score.converged && !actions.empty() && actions.back().status == "refused")
    return fmt::format("{} took {}, and was still asking at the end for what it cannot have.", job.policy,
                       steps);
  if (!score.converged)
    return fmt::format("{} took {} and had not come to rest at the end.", job.policy, steps);
  return fmt::format("{} took {} and came to rest {} after the start.", job.policy, steps,
                     readable_duration(score.convergence_time_s.value_or(0)));
}

std::string reversal_sentence(const JobSummary& job) {
  const ScalingScore& score = job.scaling.score;
  if (score.oscillations == 0) return "";
  const std::string times = score.oscillations == 1 ? "once" : fmt::format("{} times", score.oscillations);
  const bool optimum_known = score.over_provisioned_slot_s.has_value();
  // It acts before the load changes, so that the two cannot be compared.
  if (job.policy == "oracle") return fmt::format("It reversed direction {}, ahead of the load.", times);
  if (!optimum_known) return fmt::format("It reversed direction {}.", times);
  if (score.unexplained_oscillations == 0)
    return fmt::format("It reversed direction {}, as the load did.", times);
  if (score.unexplained_oscillations == score.oscillations)
    return fmt::format("It reversed direction {}, and not because the load did.", times);
  return fmt::format("It reversed direction {}, {} of them not because the load did.", times,
                     score.unexplained_oscillations);
}

// What the job took in less than was offered at its end, if it fell behind there.
std::optional<double> missing_per_s(const ThroughputSummary& t) {
  if (!t.falling_behind.value_or(false) || !t.end_offered_per_s || !t.end_achieved_per_s) return {};
  return *t.end_offered_per_s - *t.end_achieved_per_s;
}

// Slots are not counted where no number of them is enough.
std::string unborne_sentence(const JobSummary& job) {
  constexpr int told_max = 3;
  std::string who;
  int count = 0;
  for (const OperatorSummary& op : job.operators) {
    if (!op.unborne || ++count > told_max) continue;
    who += fmt::format(
        "\n    {}: {}.", op.name,
        op.bearing_parallelism
            ? fmt::format(
                  "it would take {}, and {} allowed (max_parallelism)",
                  plural(*op.bearing_parallelism, "instance", "instances"),
                  op.allowed_parallelism == 1 ? "1 is" : fmt::format("{} are", op.allowed_parallelism))
            : "one instance gets more than it can do, whatever their number");
  }
  if (count == 0) return "";
  if (count > told_max)
    who += fmt::format("\n    And {} more.", plural(count - told_max, "operator", "operators"));
  std::string text =
      fmt::format("No parallelism that is allowed bears what was offered at the end; {} slot-seconds used.",
                  readable_count(job.scaling.score.slot_seconds));
  if (const auto missing = missing_per_s(job.throughput))
    text += fmt::format(" The job took in\n    {} of {} records/s less than was offered.",
                        readable_count(*missing), readable_count(*job.throughput.end_offered_per_s));
  return text + who;
}

std::string optimum_sentence(const JobSummary& job) {
  if (std::string none = unborne_sentence(job); !none.empty()) return none;
  const ScalingScore& score = job.scaling.score;
  if (!score.final_over_slots || !score.final_under_slots) return "";
  const std::int64_t over = *score.final_over_slots, under = *score.final_under_slots;
  std::string where =
      over == 0 && under == 0 ? "The parallelism of the end is the optimum"
      : under == 0 ? fmt::format("It ends with {} more than the optimum", plural(over, "slot", "slots"))
      : over == 0
          ? fmt::format("It ends {} short of the optimum", plural(under, "slot", "slots"))
          : fmt::format("It ends with {} too many and {} too few", plural(over, "slot", "slots"), under);
  std::string text = fmt::format("{}; {} slot-seconds used, {} above and {} below the optimum.", where,
                                 readable_count(score.slot_seconds),
                                 readable_count(score.over_provisioned_slot_s.value_or(0)),
                                 readable_count(score.under_provisioned_slot_s.value_or(0)));
  const auto missing = missing_per_s(job.throughput);
  if (under == 0 && missing)
    text += fmt::format(
        "\n    Yet at the end the job took in {} of {} records/s less than was offered. The optimum counts "
        "the"
        "\n    mean costs of operators and nothing else that may hold a job up.",
        readable_count(*missing), readable_count(*job.throughput.end_offered_per_s));
  return text;
}

std::string throughput_sentence(const ThroughputSummary& t) {
  // What an engine keeps in a backlog was sent, and nobody has worked on it.
  const bool kept = t.kept_by_engine_records > 0;
  std::string text = fmt::format("{} {} of {} records/s offered", kept ? "The sources sent" : "Took in",
                                 readable_count(t.achieved_per_s), readable_count(t.offered_per_s));
  if (t.ratio) text += fmt::format(" ({})", readable_percent(*t.ratio));
  if (t.backlog_records && *t.backlog_records >= 1)
    text += fmt::format("; {} wait outside at the end", readable_count(*t.backlog_records));
  if (kept)
    text += fmt::format(
        ".\n    Of that, {} in a backlog of the engine at the end, and nobody has worked on it",
        t.kept_by_engine_records == 1 ? "1 record waits"
                                      : readable_integer(t.kept_by_engine_records) + " records wait");
  if (t.suppressed_records > 0)
    text += fmt::format(
        ".\n    {} were not made, since the sources may not fall behind (when_blocked: skip)",
        t.suppressed_records == 1 ? "1 record" : readable_integer(t.suppressed_records) + " records");
  return text + ".";
}

// Where long latencies come from: nothing else in the summary says that it was not the work itself.
std::string tail_sentence(const JobSummary& job, double p99_s) {
  constexpr double long_s = 1, much = 0.01;
  if (p99_s < long_s) return "";
  const RestartsSummary& restarts = job.scaling.restarts;
  double stopped = 0;
  for (const OperatorSummary& op : job.operators)
    if (op.source) stopped = std::max(stopped, op.backpressured);
  std::string causes;
  if (restarts.count > 0)
    causes = fmt::format("The job stood still for {} in {}", readable_duration(restarts.downtime_s),
                         plural(restarts.count, "restart", "restarts"));
  if (stopped >= much)
    causes += fmt::format("{} held its sources {} of the time",
                          causes.empty() ? "Backpressure" : ", and backpressure", readable_percent(stopped));
  if (causes.empty()) return "";
  return fmt::format("\n    {}:\n    {}.", causes,
                     job.throughput.suppressed_records > 0
                         ? "what was under way then waited; of what came then, some was not made"
                         : "what came then waited, outside or in full queues");
}

std::string latency_sentence(const JobSummary& job) {
  const LatencyQuantiles& l = job.latency;
  if (l.count == 0 || !l.p50_s || !l.p99_s || !l.max_s)
    return "No result reached a sink, so there is no latency.";
  return fmt::format("Latency: median {}, 99th percentile {}, largest {} ({} results).",
                     readable_duration(*l.p50_s), readable_duration(*l.p99_s), readable_duration(*l.max_s),
                     readable_count(static_cast<double>(l.count))) +
         tail_sentence(job, *l.p99_s);
}

std::string conservation_sentence(const JobSummary& job) {
  const ConservationSummary& c = job.conservation;
  const auto& number = readable_integer;
  std::string text;
  if (c.origins)
    text = fmt::format(
        "Of {} records {} are complete, with all that came of them; {} lost in some part, {} under way.\n   "
        " ",
        number(c.emitted), number(c.origins->complete), number(c.origins->lost), number(c.origins->pending));
  text += c.divided && c.emitted > 0
              ? fmt::format("Of the weight of {} records {} ended at sinks", number(c.emitted),
                            number(c.delivered))
              : fmt::format("Of {} records {} were delivered", number(c.emitted), number(c.delivered));
  if (c.filtered != 0) text += fmt::format(", {} filtered", number(c.filtered));
  if (c.dropped != 0) text += fmt::format(", {} lost", number(c.dropped));
  if (c.replayed != 0) text += fmt::format(", {} sent again", number(c.replayed));
  text += fmt::format("; {} under way at the end", number(c.in_flight));
  text += c.ok ? ": all accounted for." : ": THE BOOKS DO NOT BALANCE.";
  if (c.divided && c.emitted > 0) text += "\n    (Each record weighs one, shared among all that it becomes.)";
  const RestartsSummary& restarts = job.scaling.restarts;
  if (c.dropped > 0 && restarts.losing > 0)
    text += fmt::format("\n    What was lost was under way in {}: {}.",
                        plural(restarts.losing, "restart", "restarts"), restarts.why_lost);
  return text;
}

void findings(Text& out, const JobSummary& job) {
  out.line();
  out.heading("How it went");
  for (const std::string& sentence :
       {rest_sentence(job), reversal_sentence(job), optimum_sentence(job),
        throughput_sentence(job.throughput), latency_sentence(job), conservation_sentence(job)})
    if (!sentence.empty()) out.line("  " + sentence);
  for (const std::string& sentence : job.engine_story) out.line("  " + sentence);
}

void where_to_look(Text& out, const std::filesystem::path& directory) {
  if (directory.empty()) return;
  out.line();
  out.heading(fmt::format("Results in {}", directory.string()));
  out.line("  summary.json   the numbers above and every decision in full, for programs");
  out.line("  run.h5         all metric windows, decisions and actions, for plots");
  out.line(fmt::format("  manifest.json  `weir run {}` repeats and checks this run",
                       (directory / "manifest.json").string()));
}

}  // namespace

std::string summary_text(const RunSummary& run, const SummaryTextOptions& options) {
  Text out(options);
  what_was_simulated(out, run);
  for (const JobSummary& job : run.jobs) {
    out.line();
    if (run.jobs.size() > 1) out.heading(fmt::format("Job {}: {} on {}", job.name, job.policy, job.engine));
    table_of_operators(out, job, options.operators_max);
    timeline(out, job, options.actions_max);
    findings(out, job);
  }
  where_to_look(out, options.directory);
  return out.str();
}

}  // namespace weir
