#include "sim/cli/analyze_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "sim/cli/ctf_map_option.hpp"

namespace weir {

void add_analyze_options(Options& options) {
  options.value("window", "S", "seconds in a window (default 1)");
  options.value("from", "S", "leave out windows that begin earlier");
  options.value("to", "S", "leave out windows that end later");
  options.value("gap-threshold", "S",
                "shorter gaps in a worker's log are closed, longer ones filled (default 1)");
  options.value("waiting-message", "S",
                "a message under way for longer, for which nobody waited, is on no path (default 0.1)");
  options.flag("no-insert-waiting", "gaps before a message are unknown, not waiting");
  options.value("windows-in-flight", "N", "how many windows a record may be late (default 16)");
  options.value("threads", "N", "at once (default: as many as cores)");
  options.value("seed", "N", "of the single random path that is shown for comparison (default 1)");
  options.value("k-hop", "N", "what led to the end of waiting, up to N hops back (ST2's pattern: 2)");
  options.flag("metrics", "how many activities, for how long and of how many records, between whom");
  options.value(
      "invariants", "LIST",
      "where they do not hold: some-progress, max-progress=S, max-epoch=S, max-operator=S, max-message=S");
  options.flag("wait-before-sends", "ST2 logs: what comes before data is sent is waiting, too");
  options.flag("convergence", "of a run, only how it converged");
  options.value("slo-latency", "S", "the 99th percentile of latency should not be above it (default 1)");
  options.value("slo-throughput", "SHARE",
                "of what is offered, at least so much should be taken in (default 0.95)");
  add_ctf_map_option(options);
  options.flag("critical-path", "instead of windows: the one path through the whole trace");
  options.flag("follow", "a run that goes on, or standard input: print windows as they are known");
  options.flag("json", "print everything as JSON");
  options.flag("csv", "print one table as CSV: the summaries, or that of --k-hop, --metrics or --invariants");
}

namespace {

// some-progress, or max-epoch=S and its like: one of the list that --invariants is.
void add_invariant(const std::string& given, const std::string& all, analyzer::InvariantLimits& limits,
                   Errors& errors) {
  if (given == "some-progress") {
    limits.some_progress = true;
    return;
  }
  const auto wrong = [&](std::string what, std::string allowed) {
    errors.add_argument("--invariants " + all, "invariants", std::move(what), std::move(allowed));
  };
  const std::size_t equals = given.find('=');
  const std::string name = given.substr(0, equals);
  std::optional<Nanos>* const limit = name == "max-progress"   ? &limits.max_progress_ns
                                      : name == "max-epoch"    ? &limits.max_epoch_ns
                                      : name == "max-operator" ? &limits.max_operator_ns
                                      : name == "max-message"  ? &limits.max_message_ns
                                                               : nullptr;
  if (limit == nullptr || equals == std::string::npos) {
    return wrong(
        fmt::format("has {}", weir::quoted(given)),
        "some-progress, max-progress=S, max-epoch=S, max-operator=S or max-message=S, separated by commas");
  }
  const char* const begin = given.data() + equals + 1;
  const char* const end = given.data() + given.size();
  double seconds = 0;
  const auto [parsed, error] = std::from_chars(begin, end, seconds);
  // NaN is not in the range either.
  if (error != std::errc() || parsed != end || !(seconds >= 1e-9 && seconds <= 1e9))
    return wrong(fmt::format("has {}", weir::quoted(given)), "seconds from 1e-9 to 1e9 after the =");
  *limit = to_nanos(seconds);
}

// 1 ns to 30 years: beyond, windows could not be numbered.
void read_seconds(const Options& options, const char* name, Nanos& value, Errors& errors) {
  const auto seconds = options.positive_number(name, errors);
  if (!seconds) return;
  if (*seconds < 1e-9 || *seconds > 1e9) {
    errors.add_argument(fmt::format("--{} {}", name, *options.text(name)), name,
                        fmt::format("is {} s", *seconds), "1e-9 to 1e9");
    return;
  }
  value = to_nanos(*seconds);
}

}  // namespace

analyzer::AnalysisOptions analysis_options(const Options& options, Errors& errors) {
  analyzer::AnalysisOptions analysis;
  read_seconds(options, "window", analysis.construction.window_ns, errors);
  read_seconds(options, "gap-threshold", analysis.construction.gap_threshold_ns, errors);
  read_seconds(options, "waiting-message", analysis.construction.waiting_message_ns, errors);
  analysis.construction.insert_waiting = !options.has("no-insert-waiting");
  if (const auto from = options.number_from_zero("from", errors)) analysis.from_s = *from;
  if (const auto to = options.positive_number("to", errors)) {
    analysis.to_s = *to;
    if (*to <= analysis.from_s)
      errors.add_argument(fmt::format("--to {}", *options.text("to")), "to", "is not after --from",
                          fmt::format("more than {}", *options.text("from")));
  }
  if (const auto seed = options.unsigned_integer("seed", errors)) analysis.seed = *seed;
  const auto count = [&](const char* name, std::uint64_t most) {
    const auto given = options.unsigned_integer(name, errors);
    if (given && (*given < 1 || *given > most))
      errors.add_argument(fmt::format("--{} {}", name, *given), name, fmt::format("is {}", *given),
                          fmt::format("1 to {}", most));
    return given;
  };
  if (const auto threads = count("threads", 1024)) analysis.threads = static_cast<unsigned>(*threads);
  if (const auto windows = count("windows-in-flight", 1'000'000)) analysis.windows_in_flight = *windows;
  if (const auto hops = options.unsigned_integer("k-hop", errors)) {
    if (*hops < 1 || *hops > analyzer::hops_max)
      errors.add_argument(fmt::format("--k-hop {}", *hops), "k-hop", fmt::format("is {}", *hops),
                          fmt::format("1 to {}", analyzer::hops_max));
    else
      analysis.hops = static_cast<int>(*hops);
  }
  analysis.metrics = options.has("metrics");
  analysis.st2.wait_before_sends = options.has("wait-before-sends");
  if (const auto given = options.text("invariants")) {
    std::istringstream all(*given);
    std::string one;
    while (std::getline(all, one, ',')) add_invariant(one, *given, analysis.invariants, errors);
    if (given->empty()) add_invariant("", *given, analysis.invariants, errors);
  }
  return analysis;
}

analyzer::ConvergenceOptions convergence_options(const Options& options, Errors& errors) {
  analyzer::ConvergenceOptions convergence;
  if (const auto latency = options.positive_number("slo-latency", errors))
    convergence.latency_p99_max_s = *latency;
  if (const auto share = options.positive_number("slo-throughput", errors)) {
    if (*share > 1)
      errors.add_argument("--slo-throughput " + *options.text("slo-throughput"), "slo-throughput",
                          fmt::format("is {}", *share), "a share above 0, at most 1");
    convergence.throughput_share_min = *share;
  }
  return convergence;
}

void refuse(const Options& options, std::initializer_list<const char*> names, const std::string& why) {
  for (const char* name : names) {
    if (options.has(name)) throw UsageError(fmt::format("--{} is for {}", name, why));
  }
}

void refuse_options_of_windows(const Options& options, const std::string& instead) {
  for (const char* name :
       {"window", "from", "to", "gap-threshold", "no-insert-waiting", "waiting-message", "windows-in-flight",
        "threads", "seed", "k-hop", "metrics", "invariants", "wait-before-sends", "map"}) {
    if (options.has(name)) throw UsageError(fmt::format("--{} is for traces: {}", name, instead));
  }
}

void refuse_options_of_other_traces(const Options& options, const analyzer::AnalysisOptions& analysis,
                                    const analyzer::OpenTrace& trace) {
  if (!trace.run)
    refuse(options, {"convergence", "slo-latency", "slo-throughput"},
           fmt::format("runs, and {} is {}", trace.name, trace.kind));
  if (!trace.ctf) refuse(options, {"map"}, fmt::format("CTF traces, and {} is {}", trace.name, trace.kind));
  if (trace.st2)
    return refuse(options, {"window", "gap-threshold", "no-insert-waiting", "waiting-message"},
                  "other traces: the windows of an ST2 log are its epochs, and its rules know no thresholds");
  // Windows of time are as long as they are.
  refuse(options, {"wait-before-sends"}, "logs of ST2");
  if (analysis.invariants.max_epoch_ns)
    throw UsageError("--invariants max-epoch is for logs of ST2: other windows are as long as --window says");
  if (trace.edges)
    refuse(options, {"gap-threshold", "no-insert-waiting", "windows-in-flight"},
           fmt::format("event logs: {} holds whole edges, between which nothing is guessed", trace.kind));
}

}  // namespace weir
