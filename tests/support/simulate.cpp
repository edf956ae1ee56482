#include "tests/support/simulate.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/math/distributions/students_t.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <iostream>
#include <optional>

#include "sim/analyzer/analysis.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/scenario/errors.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/program.hpp"

namespace weir::test {

namespace {

using nlohmann::json;

json to_json(const MetricWindow& window) {
  json operators = json::array();
  json offered = json::array();
  for (const OperatorMetrics& op : window.operators) {
    offered.push_back(op.offered_per_s);
    json instances = json::array();
    for (const InstanceMetrics& m : op.instances) {
      instances.push_back({{"records_in", m.records_in},
                           {"records_out", m.records_out},
                           {"useful_s", m.useful_s},
                           {"waiting_s", m.waiting_s},
                           {"blocked_s", m.blocked_s},
                           {"backpressure_s", m.backpressure_s},
                           {"overhead_s", m.overhead_s},
                           {"queue", m.queue_records}});
    }
    operators.push_back(std::move(instances));
  }
  return {{"start_ns", window.start_ns},         {"end_ns", window.end_ns},
          {"deployment", window.deployment},     {"running", window.running},
          {"operators", std::move(operators)},   {"offered_per_s", std::move(offered)},
          {"delivered", window.latency.records}, {"latency_mean_s", window.latency.mean_s}};
}

json instances_of(const Job& job) {
  json operators = json::array();
  for (int op = 0; op < static_cast<int>(job.graph().operators.size()); ++op) {
    json instances = json::array();
    for (int i = 0; i < job.instances_ever(op); ++i) {
      const Instance& instance = job.instance(op, i);
      const InstanceCounters& c = instance.counters();
      const TimeAccounts& t = instance.accounts();
      instances.push_back({{"records_in", c.records_in},
                           {"records_out", c.records_out},
                           {"arrived", c.records_arrived},
                           {"suppressed", c.records_suppressed},
                           {"lost", c.records_lost},
                           {"queue", instance.queue_records()},
                           {"useful_ns", t.total(TimeUse::useful)},
                           {"waiting_ns", t.total(TimeUse::waiting)},
                           {"blocked_ns", t.total(TimeUse::blocked)},
                           {"overhead_ns", t.total(TimeUse::overhead)},
                           {"backpressure_ns", c.backpressure_ns}});
    }
    operators.push_back(std::move(instances));
  }
  return operators;
}

json latency_of(const LatencyHistogram& latency) {
  json buckets = json::array();
  latency.for_each_bucket([&](std::int64_t from_ns, std::int64_t, std::int64_t count) {
    buckets.push_back({from_ns, count});
  });
  return {{"count", latency.count()},
          {"mean_ns", latency.mean_ns()},
          {"min_ns", latency.min_ns()},
          {"max_ns", latency.max_ns()},
          {"buckets", std::move(buckets)}};
}

const char* use_of(Activity activity) {
  switch (activity) {
    case Activity::buffer:
    case Activity::deserialization:
    case Activity::processing:
    case Activity::serialization:
      return "useful_ns";
    case Activity::blocked:
      return "blocked_ns";
    case Activity::unknown:  // the simulated system traces itself
    case Activity::fault_tolerance:
      return "overhead_ns";
    default:
      return "waiting_ns";
  }
}

// Where a worker that had waited does something, or sends something, though no message reached it: every
// waiting ends with a receive (SnailTrail, section 3). A new worker begins with its restart, the engine with
// its timer.
std::int64_t uncaused(const analyzer::EdgeWindow& window, const analyzer::EdgeSource& source) {
  analyzer::Pag pag;
  analyzer::EdgeConstruction(0).build(window, pag);
  std::vector<bool> sends(pag.vertices(), false);
  // What arrives in the instant in which it was sent, where others arrive, too, may have woken nobody.
  for (const auto& message : pag.messages) {
    const bool alone = pag.first_message[message.to + 1] - pag.first_message[message.to] == 1;
    if (alone || message.received_ns > message.sent_ns) sends[message.from] = true;
  }
  std::int64_t count = 0;
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    if (source.worker_name(pag.worker[c]).find("(engine)") != std::string::npos) continue;
    for (std::uint32_t v = pag.chain_first[c] + 1; v + 1 < pag.chain_first[c + 1]; ++v) {
      if (!is_waiting(pag.local[v - 1].activity) || pag.first_message[v] < pag.first_message[v + 1]) continue;
      const Activity begun = pag.local[v].activity;
      if (sends[v] || (!is_waiting(begun) && begun != Activity::fault_tolerance)) ++count;
    }
  }
  return count;
}

// What the program activity graph in `folder` says.
json trace_of(const std::filesystem::path& folder, const json& instances) {
  const auto path = folder / "run.h5";
  json trace = {{"instances", instances}};
  for (json& of_operator : trace["instances"]) {
    for (json& instance : of_operator)
      instance = {{"useful_ns", 0}, {"waiting_ns", 0}, {"blocked_ns", 0}, {"overhead_ns", 0}};
  }
  // Workers are numbered as they come; their names say who they are: name[index].
  Nanos converting_ns = 0;
  std::int64_t uncaused_starts = 0;
  const auto edges = analyzer::read_run_file(path);
  analyzer::EdgeWindow window;
  while (edges->next(nanos_per_second * 100'000, window)) {
    uncaused_starts += uncaused(window, *edges);
    for (std::size_t w = 0; w < window.workers.size(); ++w) {
      const std::string name = edges->worker_name(window.workers[w].id);
      const std::size_t last =
          w + 1 < window.workers.size() ? window.workers[w + 1].first_span : window.spans.size();
      const auto bracket = name.find('[');
      if (bracket == std::string::npos) continue;  // the engine
      int op = 0;
      while (edges->operator_name(op) != name.substr(0, bracket)) ++op;
      json& instance = trace["instances"][op][std::stoul(name.substr(bracket + 1))];
      for (std::size_t s = window.workers[w].first_span; s < last; ++s) {
        const auto& span = window.spans[s];
        const char* use = use_of(span.activity);
        if (span.activity == Activity::serialization || span.activity == Activity::deserialization)
          converting_ns += span.end_ns - span.begin_ns;
        instance[use] = instance[use].get<Nanos>() + span.end_ns - span.begin_ns;
      }
    }
  }
  const auto source = analyzer::read_run_file(path);
  analyzer::AnalysisOptions options;
  options.threads = 1;
  options.construction.window_ns = nanos_per_second / 10;
  const analyzer::Analysis analysis = analyze_edges(*source, options);
  double low = 1, high = 1;
  for (const auto& result : analysis.windows) {
    if (result.paths.zero()) continue;
    low = std::min(low, result.cp_sum);
    high = std::max(high, result.cp_sum);
  }
  trace["converting_ns"] = converting_ns;
  trace["uncaused"] = uncaused_starts;
  trace["windows"] = analysis.windows.size();
  trace["without_path"] = analysis.summaries.windows_without_path();
  trace["cp_sum_min"] = low;
  trace["cp_sum_max"] = high;
  trace["left_out"] = analysis.not_understood.size() + static_cast<std::size_t>(analysis.left_out.total());
  return trace;
}

json simulate_here(const Run& what) {
  Errors errors;
  ScenarioOverrides overrides;
  overrides.seed = what.seed;
  overrides.sets = what.sets;
  const auto loaded =
      load_scenario_text(what.scenario, "test", std::filesystem::current_path(), overrides, errors);
  if (!loaded) return {{"error", errors.text()}};
  json result;
  SimulationOptions options;
  options.lookahead = what.lookahead;
  json windows = json::array();
  if (what.windows) {
    options.on_window = [&](const Job&, const MetricWindow& window) { windows.push_back(to_json(window)); };
  }
  options.at_end = [&](const Job& job) {
    if (result.contains("instances")) return;
    result["instances"] = instances_of(job);
    result["latency"] = latency_of(job.latency());
  };
  std::optional<TemporaryFolder> folder;
  if (what.trace) {
    folder.emplace();
    options.output = folder->path();
    options.trace.emplace();
  }
  const RunSummary summary = simulate(*loaded, options);
  result["summary"] = json::parse(summary_json_text(summary));
  if (what.windows) result["windows"] = std::move(windows);
  if (what.trace) result["trace"] = trace_of(folder->path(), result["instances"]);
  return result;
}

struct Child {
  pid_t pid;
  int from;
};

Child start(const std::function<json()>& work) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::cout.flush();  // else the child may write it once more
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("no fork");
  if (pid > 0) {
    close(ends[1]);
    return {pid, ends[0]};
  }
  close(ends[0]);
  std::vector<std::uint8_t> bytes;
  try {
    bytes = json::to_cbor(work());
  } catch (const std::exception& error) {
    bytes = json::to_cbor(json{{"error", error.what()}});
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = write(ends[1], bytes.data() + at, bytes.size() - at);
    if (n <= 0) _exit(1);
    at += static_cast<std::size_t>(n);
  }
  _exit(0);  // no destructors: SimGrid's engine is left as it is
}

json collect(const Child& child) {
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[65536];
  for (ssize_t n = 0; (n = read(child.from, buffer, sizeof buffer)) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + n);
  }
  close(child.from);
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (status != 0 || bytes.empty())
    return {{"error", "the child ended with status " + std::to_string(status)}};
  return json::from_cbor(bytes);
}

// The last window that is counted is a whole one.
template <class Visit>
double over_windows(const json& result, double from_s, Visit&& visit) {
  double seconds = 0;
  for (const json& window : result["windows"]) {
    const double start_s = window["start_ns"].get<double>() * 1e-9;
    const double end_s = window["end_ns"].get<double>() * 1e-9;
    if (start_s < from_s) continue;
    seconds += end_s - start_s;
    visit(window);
  }
  return seconds;
}

}  // namespace

json run(const Run& what) {
  return in_child([&] { return simulate_here(what); });
}

json in_child(const std::function<json()>& work) {
  return collect(start(work));
}

std::vector<json> run_all(const std::vector<Run>& runs) {
  std::vector<json> results;
  std::deque<Child> running;
  for (const Run& what : runs) {
    if (running.size() == 2) {
      results.push_back(collect(running.front()));
      running.pop_front();
    }
    running.push_back(start([&] { return simulate_here(what); }));
  }
  for (const Child& child : running) results.push_back(collect(child));
  return results;
}

std::vector<json> replicate(const std::string& scenario, int replications, std::uint64_t first_seed) {
  std::vector<Run> runs;
  for (int i = 0; i < replications; ++i) {
    runs.push_back(
        {.scenario = scenario, .seed = first_seed + static_cast<std::uint64_t>(i), .windows = true});
  }
  std::vector<json> results = run_all(runs);
  for (const json& result : results) {
    if (result.contains("error")) FAIL(result["error"].get<std::string>());
    INFO(result["summary"].dump());
    REQUIRE(result["summary"]["conservation"]["ok"].get<bool>());
  }
  return results;
}

Estimate estimate(const std::vector<double>& replications) {
  const auto n = static_cast<double>(replications.size());
  double sum = 0, squares = 0;
  for (const double x : replications) sum += x;
  const double mean = sum / n;
  for (const double x : replications) squares += (x - mean) * (x - mean);
  const boost::math::students_t student(n - 1);
  const double t = boost::math::quantile(student, 0.5 + confidence / 2);
  return {mean, t * std::sqrt(squares / (n - 1) / n)};
}

double mean_latency_s(const json& result, double from_s) {
  double sum = 0, count = 0;
  over_windows(result, from_s, [&](const json& window) {
    const double records = window["delivered"].get<double>();
    sum += records * window["latency_mean_s"].get<double>();
    count += records;
  });
  return sum / count;
}

double mean_share(const json& result, int operator_id, const std::string& use, double from_s) {
  double sum = 0;
  std::size_t instances = 1;
  const double seconds = over_windows(result, from_s, [&](const json& window) {
    const json& of_operator = window["operators"][operator_id];
    instances = of_operator.size();
    for (const json& m : of_operator) sum += m[use].get<double>();
  });
  return sum / seconds / static_cast<double>(instances);
}

double mean_rate_per_s(const json& result, int operator_id, const std::string& counter, double from_s) {
  double sum = 0;
  const double seconds = over_windows(result, from_s, [&](const json& window) {
    for (const json& m : window["operators"][operator_id]) sum += m[counter].get<double>();
  });
  return sum / seconds;
}

double mean_queue(const json& result, int operator_id, double from_s) {
  double sum = 0, windows = 0;
  over_windows(result, from_s, [&](const json& window) {
    windows += 1;
    for (const json& m : window["operators"][operator_id]) sum += m["queue"].get<double>();
  });
  return sum / windows;
}

}  // namespace weir::test
