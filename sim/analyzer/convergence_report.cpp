#include "sim/analyzer/convergence_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/record/readable.hpp"

namespace weir::analyzer {

namespace {

using Json = nlohmann::ordered_json;

// What is compared, in the order of the table. `name` is also that of published numbers.
struct Quantity {
  const char* name;
  const char* label;
  const char* unit;
  std::optional<double> (*of)(const Convergence&);
};

std::optional<double> whole(std::optional<std::int64_t> value) {
  return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

constexpr Quantity quantities[] = {
    {"steps", "steps", "", [](const Convergence& c) { return whole(c.score.steps); }},
    {"last_step_asked_s", "last step asked for", "s",
     [](const Convergence& c) { return std::optional<double>(c.last_step_asked_s); }},
    {"settled_s", "parallelism settled", "s", [](const Convergence& c) { return c.settled_s; }},
    {"throughput_settled_s", "throughput settled", "s",
     [](const Convergence& c) { return c.throughput_settled_s; }},
    {"phases", "values of the optimum", "", [](const Convergence& c) { return whole(c.score.phase_count); }},
    {"phases_settled", "of these, settled on", "",
     [](const Convergence& c) { return whole(c.score.phases_settled); }},
    {"longest_settling_s", "longest settling", "s",
     [](const Convergence& c) { return c.longest_settling_s; }},
    {"overshoot_slots", "overshoot", "slots",
     [](const Convergence& c) {
       std::int64_t sum = 0;
       for (const OperatorOvershoot& op : c.operators) sum += op.overshoot_slots;
       return whole(sum);
     }},
    {"undershoot_slots", "undershoot", "slots",
     [](const Convergence& c) {
       std::int64_t sum = 0;
       for (const OperatorOvershoot& op : c.operators) sum += op.undershoot_slots;
       return whole(sum);
     }},
    {"oscillations", "oscillations", "", [](const Convergence& c) { return whole(c.score.oscillations); }},
    {"unexplained_oscillations", "of these, unexplained", "",
     [](const Convergence& c) { return whole(c.score.unexplained_oscillations); }},
    {"final_slots", "slots at the end", "", [](const Convergence& c) { return whole(c.final_slots); }},
    {"final_over_slots", "above the optimum", "",
     [](const Convergence& c) { return whole(c.score.final_over_slots); }},
    {"final_under_slots", "below the optimum", "",
     [](const Convergence& c) { return whole(c.score.final_under_slots); }},
    {"slot_seconds", "slots used", "slot s",
     [](const Convergence& c) { return std::optional<double>(c.score.slot_seconds); }},
    {"over_provisioned_slot_s", "over-provisioned", "slot s",
     [](const Convergence& c) { return c.score.over_provisioned_slot_s; }},
    {"under_provisioned_slot_s", "under-provisioned", "slot s",
     [](const Convergence& c) { return c.score.under_provisioned_slot_s; }},
    {"backpressured_s", "backpressured", "s",
     [](const Convergence& c) { return std::optional<double>(c.backpressured_s); }},
    {"downtime_s", "stood still", "s",
     [](const Convergence& c) { return std::optional<double>(c.downtime_s); }},
    {"records_lost", "records lost by steps", "", [](const Convergence& c) { return whole(c.records_lost); }},
    {"backlog_records_max", "most that waited", "records",
     [](const Convergence& c) { return std::optional<double>(c.backlog_records_max); }},
    {"backlog_records_end", "waited at the end", "records",
     [](const Convergence& c) { return std::optional<double>(c.backlog_records_end); }},
    {"latency_violated_s", "latency violated", "s",
     [](const Convergence& c) { return std::optional<double>(c.latency_violated_s); }},
    {"without_results_s", "without results", "s",
     [](const Convergence& c) { return std::optional<double>(c.without_results_s); }},
    {"throughput_violated_s", "throughput violated", "s",
     [](const Convergence& c) { return std::optional<double>(c.throughput_violated_s); }},
    {"refused", "requests refused", "", [](const Convergence& c) { return whole(c.refused); }},
};

Json known(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  // Counts read as counts.
  if (*value == std::floor(*value) && std::abs(*value) < 9e15) return static_cast<std::int64_t>(*value);
  return *value;
}

const PublishedNumber* published_of(const RunMetrics& run, const std::string& quantity) {
  // What is published is of the scenario's one job.
  if (run.jobs.size() != 1) return nullptr;
  const auto found = std::find_if(run.published.begin(), run.published.end(),
                                  [&](const PublishedNumber& n) { return n.quantity == quantity; });
  return found == run.published.end() ? nullptr : &*found;
}

std::optional<double> ratio(const std::optional<double>& value, const std::optional<double>& base) {
  if (!value || !base || !(*base > 0)) return std::nullopt;
  return *value / *base;
}

std::string plural(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string seconds(double value) {
  return fmt::format("{:.6g} s", value);
}

std::string share_of(double part_s, double all_s) {
  return all_s > 0 ? fmt::format(" ({} of the run)", readable_percent(part_s / all_s)) : std::string();
}

// ---------------------------------------------------------------- sentences

std::string rest_sentence(const RunJob& job, const Convergence& c) {
  const std::string steps = plural(c.score.steps, "step", "steps");
  if (job.policy_idle)
    return fmt::format("{} took no step: it was never asked, or never had anything to go by.", job.policy);
  if (c.score.steps == 0 && c.settled_s) return fmt::format("{} took no step.", job.policy);
  if (!c.settled_s)
    return fmt::format("{} took {} and had not come to rest at the end; the last step was asked for at {}.",
                       job.policy, steps, seconds(c.last_step_asked_s));
  return fmt::format(
      "{} needed {}: the last was asked for at {} and done at {}, when its parallelism settled.", job.policy,
      steps, seconds(c.last_step_asked_s), seconds(*c.settled_s));
}

std::string phases_sentence(const Convergence& c) {
  if (c.score.phase_count < 2) return {};
  std::string text = fmt::format("The optimum had {} values in turn; the parallelism settled on {} of them",
                                 c.score.phase_count, c.score.phases_settled);
  if (c.longest_settling_s) text += fmt::format(", in at most {}", seconds(*c.longest_settling_s));
  return text + ".";
}

std::string overshoot_sentence(const RunJob& job, const Convergence& c) {
  std::string over, under;
  bool known = true;
  for (std::size_t op = 0; op < c.operators.size(); ++op) {
    const OperatorOvershoot& of = c.operators[op];
    known = known && of.final_optimum.has_value();
    const auto add = [&](std::string& list, int slots) {
      if (slots > 0)
        list += fmt::format("{}{} by {}", list.empty() ? "" : ", ", job.operators[op].name, slots);
    };
    add(over, of.overshoot_slots);
    add(under, of.undershoot_slots);
  }
  if (!known || c.score.steps == 0) return {};
  if (over.empty() && under.empty()) return "No step went past the optimum of its moment.";
  std::string text;
  if (!over.empty()) text = fmt::format("Steps up went past the optimum: {}", over);
  if (!under.empty())
    text += fmt::format("{} went below it: {}", text.empty() ? "Steps down" : "; steps down", under);
  return text + ".";
}

std::string reversal_sentence(const Convergence& c) {
  if (c.score.steps == 0) return {};
  if (c.score.oscillations == 0) return "It never reversed direction.";
  if (!c.score.over_provisioned_slot_s)
    return fmt::format("It reversed direction {}.", plural(c.score.oscillations, "time", "times"));
  return fmt::format("It reversed direction {}, {} of them not because the optimum did.",
                     plural(c.score.oscillations, "time", "times"), c.score.unexplained_oscillations);
}

std::string slots_sentence(const Convergence& c) {
  if (!c.score.final_over_slots || !c.score.over_provisioned_slot_s) return {};
  const std::int64_t over = *c.score.final_over_slots, under = *c.score.final_under_slots;
  const std::string where = over == 0 && under == 0
                                ? std::string("At the end it has the optimum")
                                : fmt::format("At the end it has {} above the optimum and {} below",
                                              plural(over, "slot", "slots"), under);
  return fmt::format("{}; of {} slot-seconds {} were above and {} were missing below the optimum.", where,
                     readable_count(c.score.slot_seconds), readable_count(*c.score.over_provisioned_slot_s),
                     readable_count(*c.score.under_provisioned_slot_s));
}

std::string throughput_sentence(const Convergence& c, const ConvergenceOptions& options) {
  const std::string least = readable_percent(options.throughput_share_min);
  if (!c.throughput_settled_s)
    return fmt::format("At the end the job took in less than {} of what was offered; so it did for {}{}.",
                       least, seconds(c.throughput_violated_s),
                       share_of(c.throughput_violated_s, c.observed_s));
  if (c.throughput_violated_s == 0)
    return fmt::format("In every window the job took in at least {} of what was offered.", least);
  return fmt::format("From {} on the job took in at least {} of what was offered; it took in less for {}{}.",
                     seconds(*c.throughput_settled_s), least, seconds(c.throughput_violated_s),
                     share_of(c.throughput_violated_s, c.observed_s));
}

std::string backpressure_sentence(const Convergence& c) {
  if (c.backpressured_s < 0.0005 * c.observed_s) return "Its sources were not held back.";
  return fmt::format("Its sources were held back for {}{}.", seconds(c.backpressured_s),
                     share_of(c.backpressured_s, c.observed_s));
}

std::string lag_sentence(const Convergence& c) {
  if (c.backlog_records_max < 1) return {};
  return fmt::format("At most {} records waited outside, at {}; at the end {}.",
                     readable_count(c.backlog_records_max), seconds(c.backlog_max_at_s),
                     readable_count(c.backlog_records_end));
}

std::string latency_sentence(const Convergence& c, const ConvergenceOptions& options) {
  std::string text = c.latency_violated_s > 0
                         ? fmt::format("The 99th percentile of latency was above {} for {}{}",
                                       seconds(options.latency_p99_max_s), seconds(c.latency_violated_s),
                                       share_of(c.latency_violated_s, c.observed_s))
                         : fmt::format("The 99th percentile of latency was never above {}",
                                       seconds(options.latency_p99_max_s));
  if (c.without_results_s > 0) text += fmt::format("; for {} no result came", seconds(c.without_results_s));
  return text + ".";
}

std::string cost_sentence(const Convergence& c) {
  if (c.score.steps + c.failed == 0) return {};
  std::string text = fmt::format("For its steps the job stood still for {}", seconds(c.downtime_s));
  text += c.records_lost > 0 ? fmt::format(" and lost {} records", readable_integer(c.records_lost))
                             : std::string(" and lost nothing");
  if (c.failed > 0) text += fmt::format("; {} failed", plural(c.failed, "step", "steps"));
  return text + ".";
}

std::string refused_sentence(const Convergence& c) {
  return c.refused == 0
             ? std::string()
             : fmt::format("{} refused.",
                           c.refused == 1 ? "1 request was" : fmt::format("{} requests were", c.refused));
}

std::vector<std::string> published_sentences(const RunMetrics& run, const Convergence& c) {
  std::vector<std::string> sentences;
  if (run.jobs.size() != 1) return sentences;
  for (const PublishedNumber& number : run.published) {
    const auto here = c.quantity(number.quantity);
    sentences.push_back(fmt::format("Published: {} {:.6g}; here {}{}.", number.what, number.number,
                                    here ? fmt::format("{:.6g}", *here) : std::string("none"),
                                    number.calibrated ? " (the scenario was fitted to it)" : " (predicted)"));
  }
  return sentences;
}

std::vector<std::string> sentences_of(const ConvergenceReport& report, std::size_t j) {
  const RunJob& job = report.run.jobs[j];
  const Convergence& c = report.jobs[j];
  std::vector<std::string> sentences = {
      rest_sentence(job, c),    phases_sentence(c), overshoot_sentence(job, c),
      reversal_sentence(c),     slots_sentence(c),  throughput_sentence(c, report.options),
      backpressure_sentence(c), lag_sentence(c),    latency_sentence(c, report.options),
      cost_sentence(c),         refused_sentence(c)};
  std::erase_if(sentences, [](const std::string& sentence) { return sentence.empty(); });
  return sentences;
}

// ---------------------------------------------------------------- steps

std::string changes_text(const RunJob& job, const StepCost& step) {
  std::string text;
  for (const StepCost::Change& change : step.changes)
    text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", job.operators[change.operator_id].name,
                        change.from, change.to);
  return text;
}

std::string steps_text(const RunJob& job, const Convergence& c) {
  // The first and the last ones: how it began and how it ended. JSON has all.
  constexpr std::size_t shown_max = 20;
  if (c.steps.empty()) return {};
  std::string text = fmt::format("  {:>10}  {:>10}  {:>9}  {:>10}  {:>12}  {}\n", "asked (s)", "done (s)",
                                 "down (s)", "lost", "caught up (s)", "step");
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    if (c.steps.size() > shown_max && i == shown_max / 2) {
      text += fmt::format("  {:>10}  {} more in --json\n", "…", c.steps.size() - shown_max);
      i = c.steps.size() - shown_max / 2;
    }
    const StepCost& step = c.steps[i];
    text += fmt::format("  {:>10.6g}  {:>10.6g}  {:>9.4g}  {:>10}  {:>13}  {}\n", step.asked_s, step.done_s,
                        step.downtime_s, step.records_lost,
                        step.caught_up_s ? fmt::format("{:.6g}", *step.caught_up_s) : std::string("-"),
                        changes_text(job, step));
  }
  return text;
}

Json job_json(const ConvergenceReport& report, std::size_t j) {
  const RunJob& job = report.run.jobs[j];
  const Convergence& c = report.jobs[j];
  Json json = {{"policy", job.policy}, {"engine", job.engine}};
  json["converged"] = c.score.converged;
  for (const Quantity& quantity : quantities) json[quantity.name] = known(quantity.of(c));
  json["observed_s"] = known(c.observed_s);
  json["backlog_max_at_s"] = known(c.backlog_max_at_s);
  json["decisions"] = c.decisions;
  json["failed"] = c.failed;
  json["operators"] = Json::object();
  for (std::size_t op = 0; op < c.operators.size(); ++op) {
    const OperatorOvershoot& of = c.operators[op];
    json["operators"][job.operators[op].name] = {
        {"initial_parallelism", job.operators[op].initial_parallelism},
        {"final_parallelism", of.final_parallelism},
        {"final_optimum", of.final_optimum ? Json(*of.final_optimum) : Json(nullptr)},
        {"overshoot_slots", of.overshoot_slots},
        {"undershoot_slots", of.undershoot_slots},
        {"peak_over_final", of.peak_over_final}};
  }
  json["action_costs"] = Json::array();
  for (const StepCost& step : c.steps) {
    Json changes = Json::array();
    for (const StepCost::Change& change : step.changes)
      changes.push_back(
          {{"operator", job.operators[change.operator_id].name}, {"from", change.from}, {"to", change.to}});
    json["action_costs"].push_back({{"action_id", step.action_id},
                                    {"asked_s", step.asked_s},
                                    {"done_s", step.done_s},
                                    {"changes", changes},
                                    {"downtime_s", step.downtime_s},
                                    {"state_moved_bytes", known(step.state_moved_bytes)},
                                    {"records_lost", step.records_lost},
                                    {"caught_up_s", known(step.caught_up_s)}});
  }
  json["sentences"] = sentences_of(report, j);
  return json;
}

// ---------------------------------------------------------------- side by side

struct Compared {
  const RunMetrics* run;
  const RunJob* job;
  const Convergence* convergence;
};

std::vector<Compared> columns_of(const std::vector<ConvergenceReport>& reports) {
  std::vector<Compared> columns;
  for (const ConvergenceReport& report : reports)
    for (std::size_t j = 0; j < report.jobs.size(); ++j)
      columns.push_back({&report.run, &report.run.jobs[j], &report.jobs[j]});
  return columns;
}

std::string number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{:.6g}", *value) : std::string("-");
}

}  // namespace

ConvergenceReport convergence_report(RunMetrics run, const ConvergenceOptions& options) {
  ConvergenceReport report{std::move(run), options, {}};
  for (const RunJob& job : report.run.jobs)
    report.jobs.push_back(convergence_of(job, report.run.end_s, options));
  return report;
}

std::string convergence_text(const ConvergenceReport& report) {
  const RunMetrics& run = report.run;
  std::string text = fmt::format("Convergence of {}: {}, seed {}, {}{}\n", run.path, run.scenario, run.seed,
                                 seconds(run.end_s), run.complete ? "" : " (did not come to its end)");
  for (std::size_t j = 0; j < report.jobs.size(); ++j) {
    const RunJob& job = run.jobs[j];
    if (report.jobs.size() > 1) text += fmt::format("\nJob {}: {} on {}\n", job.name, job.policy, job.engine);
    for (const std::string& sentence : sentences_of(report, j)) text += "  " + sentence + "\n";
    for (const std::string& sentence : published_sentences(run, report.jobs[j]))
      text += "  " + sentence + "\n";
    const std::string steps = steps_text(job, report.jobs[j]);
    if (!steps.empty()) text += "\n" + steps;
  }
  return text;
}

std::string comparison_text(const std::vector<ConvergenceReport>& reports) {
  const std::vector<Compared> columns = columns_of(reports);
  std::string text = "Side by side; in brackets the ratio to the first\n";
  for (std::size_t c = 0; c < columns.size(); ++c)
    text += fmt::format("  {}: {} on {}, job {}, {}\n", c + 1, columns[c].job->policy, columns[c].job->engine,
                        columns[c].job->name, columns[c].run->path);
  text += fmt::format("\n  {:<34}", "");
  for (std::size_t c = 0; c < columns.size(); ++c) text += fmt::format("{:>22}", c + 1);
  text += "\n";
  const auto line = [&](const std::string& label, const std::vector<std::optional<double>>& values) {
    text += fmt::format("  {:<34}", label);
    for (std::size_t c = 0; c < values.size(); ++c) {
      const auto times = c > 0 ? ratio(values[c], values[0]) : std::nullopt;
      text += fmt::format("{:>22}",
                          number(values[c]) + (times ? fmt::format(" ({:.3g})", *times) : std::string()));
    }
    text += "\n";
  };
  for (const Quantity& quantity : quantities) {
    std::vector<std::optional<double>> values, published;
    std::string fitted;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      values.push_back(quantity.of(*columns[c].convergence));
      const PublishedNumber* const number = published_of(*columns[c].run, quantity.name);
      published.push_back(number != nullptr ? std::optional<double>(number->number) : std::nullopt);
      if (number != nullptr && number->calibrated)
        fitted += fmt::format("{}{}", fitted.empty() ? "" : ", ", c + 1);
    }
    const std::string unit = *quantity.unit != 0 ? fmt::format(" ({})", quantity.unit) : std::string();
    line(quantity.label + unit, values);
    if (std::any_of(published.begin(), published.end(), [](const auto& value) { return value.has_value(); }))
      line(fitted.empty() ? std::string("  published") : fmt::format("  published (fitted to: {})", fitted),
           published);
  }
  return text;
}

nlohmann::ordered_json convergence_json(const ConvergenceReport& report) {
  const RunMetrics& run = report.run;
  Json json = {{"run", run.path},
               {"scenario", run.scenario},
               {"seed", run.seed},
               {"complete", run.complete},
               {"simulated_s", known(run.end_s)},
               {"slo",
                {{"latency_p99_max_s", report.options.latency_p99_max_s},
                 {"throughput_share_min", report.options.throughput_share_min}}}};
  json["jobs"] = Json::object();
  for (std::size_t j = 0; j < report.jobs.size(); ++j) json["jobs"][run.jobs[j].name] = job_json(report, j);
  json["published"] = Json::array();
  for (const PublishedNumber& number : run.published) {
    const auto here = report.jobs.size() == 1 ? report.jobs[0].quantity(number.quantity) : std::nullopt;
    json["published"].push_back({{"what", number.what},
                                 {"quantity", number.quantity},
                                 {"published", known(number.number)},
                                 {"here", known(here)},
                                 {"calibrated", number.calibrated}});
  }
  return json;
}

nlohmann::ordered_json comparison_json(const std::vector<ConvergenceReport>& reports) {
  Json json;
  json["runs"] = Json::array();
  for (const ConvergenceReport& report : reports) json["runs"].push_back(convergence_json(report));
  const std::vector<Compared> columns = columns_of(reports);
  json["comparison"] = Json::array();
  for (const Quantity& quantity : quantities) {
    Json row = {{"quantity", quantity.name}, {"unit", quantity.unit}};
    for (const char* list : {"values", "ratios", "published", "published_ratios"}) row[list] = Json::array();
    std::optional<double> first, first_published;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto value = quantity.of(*columns[c].convergence);
      const PublishedNumber* const number = published_of(*columns[c].run, quantity.name);
      const std::optional<double> published =
          number != nullptr ? std::optional<double>(number->number) : std::nullopt;
      if (c == 0) {
        first = value;
        first_published = published;
      }
      row["values"].push_back(known(value));
      row["ratios"].push_back(known(ratio(value, first)));
      row["published"].push_back(known(published));
      row["published_ratios"].push_back(known(ratio(published, first_published)));
    }
    json["comparison"].push_back(row);
  }
  return json;
}

std::string convergence_csv(const std::vector<ConvergenceReport>& reports) {
  // As in RFC 4180.
  const auto cell = [](const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
  };
  std::string text = "run,job,policy,quantity,unit,value,published,calibrated\n";
  for (const Compared& column : columns_of(reports)) {
    for (const Quantity& quantity : quantities) {
      const auto value = quantity.of(*column.convergence);
      const PublishedNumber* const number = published_of(*column.run, quantity.name);
      text += fmt::format("{},{},{},{},{},{},{},{}\n", cell(column.run->path), cell(column.job->name),
                          cell(column.job->policy), quantity.name, quantity.unit,
                          value && std::isfinite(*value) ? fmt::format("{}", *value) : std::string(),
                          number != nullptr ? fmt::format("{}", number->number) : std::string(),
                          number != nullptr ? (number->calibrated ? "true" : "false") : "");
    }
  }
  return text;
}

}  // namespace weir::analyzer
