// weir analyze: how runs converged, and the critical paths of a recorded trace.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <istream>
#include <optional>
#include <sstream>

#include "sim/analyzer/convergence_report.hpp"
#include "sim/analyzer/open_trace.hpp"
#include "sim/analyzer/report.hpp"
#include "sim/cli/critical_path.hpp"
#include "sim/cli/ctf_map_option.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/result_directory.hpp"

namespace weir {
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

analyzer::AnalysisOptions analysis_options(const Options& options, Errors& errors) {
  analyzer::AnalysisOptions analysis;
  // 1 ns to 30 years: beyond, windows could not be numbered.
  const auto nanoseconds = [&](const char* name, Nanos& value) {
    const auto seconds = options.positive_number(name, errors);
    if (!seconds) return;
    if (*seconds < 1e-9 || *seconds > 1e9) {
      errors.add_argument(fmt::format("--{} {}", name, *options.text(name)), name,
                          fmt::format("is {} s", *seconds), "1e-9 to 1e9");
      return;
    }
    value = to_nanos(*seconds);
  };
  nanoseconds("window", analysis.construction.window_ns);
  nanoseconds("gap-threshold", analysis.construction.gap_threshold_ns);
  nanoseconds("waiting-message", analysis.construction.waiting_message_ns);
  analysis.construction.insert_waiting = !options.has("no-insert-waiting");
  if (const auto from = options.positive_number("from", errors)) analysis.from_s = *from;
  if (const auto to = options.positive_number("to", errors)) analysis.to_s = *to;
  if (const auto seed = options.unsigned_integer("seed", errors)) analysis.seed = *seed;
  if (const auto threads = options.unsigned_integer("threads", errors))
    analysis.threads = static_cast<unsigned>(std::min<std::uint64_t>(*threads, 1024));
  if (const auto windows = options.unsigned_integer("windows-in-flight", errors))
    analysis.windows_in_flight = std::max<std::uint64_t>(1, *windows);
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

std::string json_text(const nlohmann::ordered_json& json, int indent = 2) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// A CSV is one table: that of what was asked for.
analyzer::CsvTable csv_table(const Options& options) {
  if (options.has("k-hop")) return analyzer::CsvTable::k_hop;
  if (options.has("metrics")) return analyzer::CsvTable::metrics;
  if (options.has("invariants")) return analyzer::CsvTable::invariants;
  return analyzer::CsvTable::summaries;
}

std::string report(const Options& options, const analyzer::Analysis& analysis,
                   const analyzer::TraceSource& source, const analyzer::AnalysisOptions& asked,
                   const std::string& name) {
  // Followed, it is the last of the lines.
  if (options.has("json"))
    return json_text(report_json(analysis, source, asked), options.has("follow") ? -1 : 2);
  if (options.has("csv")) return report_csv(analysis, source, csv_table(options));
  return report_text(analysis, source, asked, name);
}

void refuse(const Options& options, std::initializer_list<const char*> names, const std::string& why) {
  for (const char* name : names) {
    if (options.has(name)) throw UsageError(fmt::format("--{} is for {}", name, why));
  }
}

// Windows of time are as long as they are.
void refuse_options_of_epochs(const Options& options, const analyzer::AnalysisOptions& analysis) {
  refuse(options, {"wait-before-sends"}, "logs of ST2");
  if (analysis.invariants.max_epoch_ns)
    throw UsageError("--invariants max-epoch is for logs of ST2: other windows are as long as --window says");
}

// What an event log leaves open has to be put together; in a trace of whole edges nothing is open.
void refuse_options_of_logs(const Options& options, std::string_view kind) {
  refuse(options, {"gap-threshold", "no-insert-waiting", "windows-in-flight"},
         fmt::format("event logs: {} holds whole edges, between which nothing is guessed", kind));
}

std::string of_edges(analyzer::EdgeSource& source, const Options& options,
                     const analyzer::AnalysisOptions& analysis, const std::string& name) {
  refuse_options_of_epochs(options, analysis);
  return report(options, analyze_edges(source, analysis), source, analysis, name);
}

// What kind of log it is, its first byte says.
std::string of_stream(std::istream& stream, const Options& options, const analyzer::AnalysisOptions& analysis,
                      const std::string& name) {
  if (stream.peek() == '{') {
    refuse_options_of_logs(options, "a Spark event log");
    return of_edges(*analyzer::read_spark_event_log(stream, name), options, analysis, name);
  }
  constexpr int array_of_eleven = 0x9b;
  if (stream.peek() == array_of_eleven) {
    refuse(options, {"window", "gap-threshold", "no-insert-waiting", "waiting-message"},
           "other traces: the windows of an ST2 log are its epochs, and its rules know no thresholds");
    const auto source = analyzer::read_st2_log(stream, name, analysis.follow);
    return report(options, analyze_st2(*source, analysis), *source, analysis, name);
  }
  refuse_options_of_epochs(options, analysis);
  const auto source = analyzer::read_snailtrail_log(stream, name, analysis.follow);
  return report(options, analyze_log(*source, analysis), *source, analysis, name);
}

// A run has converged in some way, and its critical paths are known if they were traced.
std::string of_run(const std::filesystem::path& file, const std::string& path, const Options& options,
                   const analyzer::AnalysisOptions& analysis,
                   const analyzer::ConvergenceOptions& convergence) {
  refuse_options_of_logs(options, "a run's trace");
  const bool details = analysis.metrics || analysis.invariants.any();
  const analyzer::RunFileContents contents = analyzer::contents_of_run_file(file);
  const bool paths = !options.has("convergence") &&
                     (contents.activity_graph || details || options.has("k-hop") || !contents.metrics);
  if (!contents.metrics || (paths && options.has("csv")))
    return of_edges(*analyzer::read_run_file(file, details), options, analysis, path);
  const analyzer::ConvergenceReport converged =
      analyzer::convergence_report(analyzer::read_run_metrics(path), convergence);
  if (options.has("csv")) return analyzer::convergence_csv({converged});
  if (!paths) {
    if (options.has("json")) return json_text({{"convergence", analyzer::convergence_json(converged)}});
    std::string text = analyzer::convergence_text(converged);
    if (!contents.activity_graph)
      text += "\nIts critical paths are not known (weir run … --trace pag records them).\n";
    return text;
  }
  const auto source = analyzer::read_run_file(file, details);
  if (!options.has("json"))
    return analyzer::convergence_text(converged) + "\n" + of_edges(*source, options, analysis, path);
  refuse_options_of_epochs(options, analysis);
  nlohmann::ordered_json json = report_json(analyze_edges(*source, analysis), *source, analysis);
  json["convergence"] = analyzer::convergence_json(converged);
  return json_text(json);
}

std::string compared(const std::vector<std::string>& paths, const Options& options,
                     const analyzer::ConvergenceOptions& convergence) {
  std::vector<analyzer::ConvergenceReport> reports;
  for (const std::string& path : paths)
    reports.push_back(analyzer::convergence_report(analyzer::read_run_metrics(path), convergence));
  if (options.has("csv")) return analyzer::convergence_csv(reports);
  if (options.has("json")) return json_text({{"convergence", analyzer::comparison_json(reports)}});
  std::string text;
  for (const analyzer::ConvergenceReport& one : reports) text += analyzer::convergence_text(one) + "\n";
  return text + analyzer::comparison_text(reports);
}

std::string of_ctf(const analyzer::OpenTrace& trace, const Options& options,
                   const analyzer::AnalysisOptions& analysis, const std::string& name) {
  if (trace.edges) {
    refuse_options_of_logs(options, "what weir exported of a run");
    return of_edges(*trace.edges, options, analysis, name);
  }
  refuse_options_of_epochs(options, analysis);
  return report(options, analyze_log(*trace.log, analysis), *trace.log, analysis, name);
}

// Standard input as it comes: what std::cin reads waits until a buffer is full.
class Pipe final : public std::streambuf {
 protected:
  int_type underflow() override {
    const ::ssize_t got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    if (got <= 0) return traits_type::eof();
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return traits_type::to_int_type(buffer_[0]);
  }

 private:
  std::array<char, 1 << 16> buffer_;
};

// A run while it goes on: windows as they are known, then the report.
std::string followed(const std::filesystem::path& path, const Options& options,
                     const analyzer::AnalysisOptions& analysis, std::string& incomplete) {
  refuse_options_of_logs(options, "a run's trace");
  const bool file = path.extension() == ".h5" && !std::filesystem::is_directory(path);
  const std::filesystem::path directory = !file                    ? path
                                          : path.has_parent_path() ? path.parent_path()
                                                                   : std::filesystem::path(".");
  const auto source = analyzer::follow_run_file(
      file ? path : path / "run.h5", [&] { return is_being_written(directory); },
      analysis.metrics || analysis.invariants.any());
  const std::string text = of_edges(*source, options, analysis, path.string());
  incomplete = source->incomplete();
  return text;
}

// What kind of trace it is, the content says.
std::string analyzed(const std::string& path, const Options& options,
                     const analyzer::AnalysisOptions& analysis,
                     const analyzer::ConvergenceOptions& convergence, const analyzer::CtfMap& map) {
  if (path == "-") {
    Pipe pipe;
    std::istream stream(&pipe);
    return of_stream(stream, options, analysis, "standard input");
  }
  std::filesystem::path file = path;
  if (analyzer::is_ctf(file)) return of_ctf(analyzer::read_ctf(file, map), options, analysis, path);
  if (std::filesystem::is_directory(file)) file /= "run.h5";
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw analyzer::TraceError(fmt::format("{}: cannot be opened", file.string()));
  constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
  std::string signature(hdf5_signature.size(), '\0');
  stream.read(signature.data(), static_cast<std::streamsize>(signature.size()));
  if (signature == hdf5_signature) return of_run(file, path, options, analysis, convergence);
  stream.clear();
  stream.seekg(0);
  return of_stream(stream, options, analysis, path);
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("analyze"), "PATH");
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
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().empty())
    throw UsageError("analyze takes one trace (- is standard input), or runs to compare, and none is given");
  if (options.has("json") && options.has("csv")) throw UsageError("--json or --csv, not both");
  if (options.has("csv") && options.has("k-hop") + options.has("metrics") + options.has("invariants") > 1)
    throw UsageError("with --csv, one of --k-hop, --metrics and --invariants: it prints one table");
  Errors errors;
  analyzer::AnalysisOptions analysis = analysis_options(options, errors);
  const analyzer::ConvergenceOptions convergence = convergence_options(options, errors);
  const analyzer::CtfMap map = chosen_ctf_map(options, errors);
  if (!errors.empty()) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  const std::vector<std::string>& paths = options.positional();
  std::string incomplete;
  if (options.has("follow")) {
    refuse(options, {"csv", "convergence", "critical-path"},
           "what has ended: --follow prints windows as they come");
    if (paths.size() != 1) throw UsageError("--follow follows one run, or standard input");
    analysis.follow = true;
    analysis.on_window = [json = options.has("json")](const analyzer::WindowResult& window) {
      write_out(json ? window_json_text(window) : window_text(window));
    };
  }
  try {
    if (options.has("critical-path")) {
      refuse(options,
             {"from", "to", "k-hop", "metrics", "invariants", "wait-before-sends", "convergence",
              "slo-latency", "slo-throughput"},
             "other reports: --critical-path is the one path through the whole trace");
      if (paths.size() != 1) throw UsageError("--critical-path takes one trace");
      tell_critical_path(paths[0], map, analysis.construction,
                         options.has("json")  ? CriticalPathForm::json
                         : options.has("csv") ? CriticalPathForm::csv
                                              : CriticalPathForm::text);
      return ExitCode::good;
    }
    if (analysis.follow && paths[0] != "-") {
      write_out(followed(paths[0], options, analysis, incomplete));
    } else {
      write_out(paths.size() == 1 ? analyzed(paths[0], options, analysis, convergence, map)
                                  : compared(paths, options, convergence));
    }
  } catch (const analyzer::TraceError& error) {
    write_err(fmt::format("{}\n", error.what()));
    return ExitCode::wrong_input;
  }
  if (incomplete.empty()) return ExitCode::good;
  write_err(fmt::format("weir: incomplete: {}\n", incomplete));
  return ExitCode::failed;
}

const auto registered =
    add_command({.name = "analyze",
                 .usage = "PATH… [--window S] [--json | --csv]",
                 .help = "how runs converged, and the critical paths through a run or a trace",
                 .order = 50,
                 .run = run});

}  // namespace
}  // namespace weir
