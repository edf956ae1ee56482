#include "sim/record/summary_text.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    const std::string optimum = op.optimal_parallelism ? fmt::format("{}", *op.optimal_parallelism) : "-";
    const auto records = static_cast<double>(op.source ? op.records_out : op.records_in);
    out.line(fmt::format("  {:<{}}  {:>11}  {:>7}  {:>8}  {:>13}  {:>10}", cut(op.name, width), width,
                         parallelism_text(op), optimum, readable_percent(op.busy),
                         readable_percent(op.backpressured), readable_count(records)));
  }
  const auto more = static_cast<std::int64_t>(job.operators.size()) - rows_max;
  if (more > 0) out.line(fmt::format("  … and {} more in summary.json", more));
}

// The operators of one action on one line: "map 1 -> 5, count 2 -> 4".
struct TimelineEntry {
  const ActionSummary* first = nullptr;
  std::vector<std::string> changes;
};

void timeline(Text& out, const JobSummary& job, int entries_max) {
  std::map<std::pair<double, std::int64_t>, TimelineEntry> entries;
  for (const ActionSummary& action : job.scaling.actions) {
    TimelineEntry& entry = entries[{action.time_s, action.action_id}];
    if (entry.first == nullptr) entry.first = &action;
    entry.changes.push_back(fmt::format("{} {} -> {}", action.operator_name, action.from, action.to));
  }
  if (entries.empty()) return;
  out.line();
  out.heading("What it did");
  const auto count = static_cast<int>(entries.size());
  int index = 0;
  for (const auto& [key, entry] : entries) {
    // The first and the last ones tell most: how it began, and where it came to rest.
    const bool hidden = count > entries_max && index >= entries_max / 2 && index < count - entries_max / 2;
    if (hidden && index == entries_max / 2)
      out.line(fmt::format("  {:>8}  … {} more in summary.json", "", count - entries_max / 2 * 2));
    ++index;
    if (hidden) continue;
    const ActionSummary& action = *entry.first;
    std::string status = action.status == "done" ? "" : " [" + action.status + "]";
    if (action.downtime_s > 0) status += fmt::format(" ({} down)", readable_duration(action.downtime_s));
    out.line(fmt::format("  {:>8}  {}{}", fmt::format("{:.0f} s", action.time_s),
                         cut(fmt::format("{}", fmt::join(entry.changes, ", ")), 60), status));
    if (!action.reason.empty()) out.line(fmt::format("  {:>8}  {}", "", cut(action.reason, 98)));
  }
}

std::string rest_sentence(const JobSummary& job) {
  const ScalingScore& score = job.scaling.score;
  const std::string steps = plural(score.steps, "step", "steps");
  if (score.steps == 0 && score.converged) return fmt::format("{} changed nothing.", job.policy);
  if (!score.converged)
    return fmt::format("{} took {} and had not come to rest at the end.", job.policy, steps);
  return fmt::format("{} took {} and came to rest {} after the start.", job.policy, steps,
                     readable_duration(score.convergence_time_s.value_or(0)));
}

std::string reversal_sentence(const ScalingScore& score) {
  if (score.oscillations == 0) return "";
  const std::string times = score.oscillations == 1 ? "once" : fmt::format("{} times", score.oscillations);
  const bool optimum_known = score.over_provisioned_slot_s.has_value();
  if (!optimum_known) return fmt::format("It reversed direction {}.", times);
  if (score.unexplained_oscillations == 0)
    return fmt::format("It reversed direction {}, as the load did.", times);
  if (score.unexplained_oscillations == score.oscillations)
    return fmt::format("It reversed direction {}, and not because the load did.", times);
  return fmt::format("It reversed direction {}, {} of them not because the load did.", times,
                     score.unexplained_oscillations);
}

std::string optimum_sentence(const ScalingScore& score) {
  if (!score.final_over_slots || !score.final_under_slots) return "";
  const std::int64_t over = *score.final_over_slots, under = *score.final_under_slots;
  std::string where =
      over == 0 && under == 0 ? "The parallelism of the end is the optimum"
      : under == 0 ? fmt::format("It ends with {} more than the optimum", plural(over, "slot", "slots"))
      : over == 0
          ? fmt::format("It ends {} short of the optimum", plural(under, "slot", "slots"))
          : fmt::format("It ends with {} too many and {} too few", plural(over, "slot", "slots"), under);
  return fmt::format("{}; {} slot-seconds used, {} above and {} below the optimum.", where,
                     readable_count(score.slot_seconds),
                     readable_count(score.over_provisioned_slot_s.value_or(0)),
                     readable_count(score.under_provisioned_slot_s.value_or(0)));
}

std::string throughput_sentence(const ThroughputSummary& t) {
  std::string text = fmt::format("Took in {} of {} records/s offered", readable_count(t.achieved_per_s),
                                 readable_count(t.offered_per_s));
  if (t.ratio) text += fmt::format(" ({})", readable_percent(*t.ratio));
  if (t.backlog_records && *t.backlog_records >= 1)
    text += fmt::format("; {} wait outside at the end", readable_count(*t.backlog_records));
  return text + ".";
}

std::string latency_sentence(const LatencyQuantiles& l) {
  if (l.count == 0 || !l.p50_s || !l.p99_s || !l.max_s)
    return "No result reached a sink, so there is no latency.";
  return fmt::format("Latency: median {}, 99th percentile {}, largest {} ({} results).",
                     readable_duration(*l.p50_s), readable_duration(*l.p99_s), readable_duration(*l.max_s),
                     readable_count(static_cast<double>(l.count)));
}

std::string conservation_sentence(const ConservationSummary& c) {
  const auto& number = readable_integer;
  std::string text = fmt::format("Of {} records {} were delivered", number(c.emitted), number(c.delivered));
  if (c.filtered != 0) text += fmt::format(", {} filtered", number(c.filtered));
  if (c.dropped != 0) text += fmt::format(", {} lost", number(c.dropped));
  if (c.replayed != 0) text += fmt::format(", {} sent again", number(c.replayed));
  text += fmt::format("; {} under way at the end", number(c.in_flight));
  return text + (c.ok ? ": all accounted for." : ": THE BOOKS DO NOT BALANCE.");
}

void findings(Text& out, const JobSummary& job) {
  out.line();
  out.heading("How it went");
  for (const std::string& sentence :
       {rest_sentence(job), reversal_sentence(job.scaling.score), optimum_sentence(job.scaling.score),
        throughput_sentence(job.throughput), latency_sentence(job.latency),
        conservation_sentence(job.conservation)})
    if (!sentence.empty()) out.line("  " + sentence);
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
