// weir plan: the feasible region of applications on shared nodes, its index points, and a plan looked up.

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/cli/figures.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/plan_report.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/simulation/shared_nodes_of.hpp"

namespace weir {
namespace {

constexpr double rate_max_per_s = 1e9;  // as of arrivals

// Numbers with commas between; nothing if one is none.
std::vector<double> numbers(const std::string& text) {
  std::vector<double> values;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    double value = -1;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, value);
    if (error != std::errc() || stop != text.data() + end || !(value >= 0 && value <= rate_max_per_s))
      return {};
    values.push_back(value);
    begin = end + 1;
  }
  return values;
}

PlanRequest request_of(const Options& options, Errors& errors) {
  PlanRequest request;
  const std::string search = options.choice("search", {"automatic", "exact", "midpoint"}, errors);
  if (search == "exact") request.search = allocation::Search::exact;
  if (search == "midpoint") request.search = allocation::Search::midpoint;
  request.tolerance = options.positive_number("tolerance", errors).value_or(request.tolerance);
  if (request.tolerance > 1)
    errors.add_argument("--tolerance " + *options.text("tolerance"), "tolerance",
                        fmt::format("is {}", request.tolerance), "a part of the greatest rate: 1 at most");
  constexpr int rounds_most = 100;  // as of the policy
  const std::uint64_t rounds = options.unsigned_integer("rounds", errors).value_or(0);
  if (rounds > rounds_most)
    errors.add_argument(fmt::format("--rounds {}", rounds), "rounds", fmt::format("is {}", rounds),
                        fmt::format("0 to {}", rounds_most));
  request.rounds_max = static_cast<int>(std::min<std::uint64_t>(rounds_most, rounds));
  request.timed = options.has("time");
  if (const auto at = options.text("at")) {
    request.at_per_s = numbers(*at);
    if (request.at_per_s.empty())
      errors.add_argument("--at " + *at, "at", fmt::format("is {:?}", *at),
                          "rates from 0 to 1e9 with commas between");
  }
  return request;
}

// The job to plan for: the only one that splits rates, or the one that --job names.
const NodesOfJob& chosen_job(const std::vector<NodesOfJob>& jobs, const std::optional<std::string>& name) {
  if (jobs.empty())
    throw UsageError("no job of this scenario shares nodes (weir list engines: synergy does)");
  std::vector<std::string> names;
  for (const NodesOfJob& job : jobs) {
    if (name ? job.job == *name : jobs.size() == 1) return job;
    names.push_back(job.job);
  }
  throw UsageError(name ? fmt::format("unknown job {:?} ({})", *name, allowed_names(*name, names))
                        : fmt::format("several jobs share nodes: --job {}", fmt::join(names, " | ")));
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("plan"), "SCENARIO");
  add_scenario_options(options);
  options.value("job", "NAME", "which job, where several share nodes");
  options.value("search", "WAY",
                "exact, midpoint, or automatic: exact for up to 4 applications (the default)");
  options.value("tolerance", "PART",
                "of the greatest rate; a middle that moves less stays (midpoint; default 0.02)");
  options.value("rounds", "N", "how often a side is divided at most (midpoint; default: no limit)");
  options.value("at", "R1,R2,…", "records/s of the applications to look up (default: those at the start)");
  options.value("draw", "DIR", "draw the region of two applications there: plan-region.png and .pdf");
  options.flag("time", "say how long the search and a look-up took");
  options.flag("json", "all of it as JSON, with every digit");
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().size() != 1)
    throw UsageError(fmt::format("plan takes one scenario, and {} are given", options.positional().size()));
  Errors errors;
  const ScenarioOverrides overrides = scenario_overrides(options, errors);
  const PlanRequest request = request_of(options, errors);
  const auto loaded = load_scenario_argument(options.positional()[0], overrides, errors);
  if (!errors.empty() || !loaded) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  const std::vector<NodesOfJob> jobs = shared_nodes_of(*loaded);
  const NodesOfJob& job = chosen_job(jobs, options.text("job"));
  const std::size_t applications = job.nodes->network.applications.size();
  if (!request.at_per_s.empty() && request.at_per_s.size() != applications)
    throw UsageError(fmt::format("--at has {} rates, and there are {} applications: {}",
                                 request.at_per_s.size(), applications,
                                 fmt::join(job.nodes->network.applications, ", ")));
  if (options.has("draw") && applications != 2)
    throw UsageError(fmt::format("--draw is for two applications, and there are {}", applications));
  if (options.has("draw") && options.has("json"))
    throw UsageError("--draw says where its files are, and --json is JSON alone: one of them");
  for (const char* option : {"tolerance", "rounds"})
    if (options.has(option) && allocation::searches_exactly(request.search, static_cast<int>(applications)))
      throw UsageError(fmt::format(
          "--{} is of the published search, and the exact one is used: --search midpoint", option));
  const nlohmann::ordered_json report = plan_report(*job.nodes, request);
  write_out(options.has("json") ? report.dump(2) + "\n" : plan_text(report));
  if (!options.has("draw")) return ExitCode::good;
  // The figure asks for the same as JSON, and must not be told to draw.
  std::vector<std::string> arguments{"--"};
  for (std::size_t i = 0; i < context.arguments.size(); ++i) {
    const std::string& word = context.arguments[i];
    if (word == "--draw") ++i;
    if (word == "--draw" || word.starts_with("--draw=")) continue;
    arguments.push_back(word);
  }
  return draw_figure("plan-region", *options.text("draw"), arguments);
}

const auto registered =
    add_command({.name = "plan",
                 .usage = "SCENARIO [options]",
                 .help = "plans for applications on shared nodes: region, index points, a look-up",
                 .order = 32,
                 .run = run});

}  // namespace
}  // namespace weir
