// weir analyze: critical paths of a recorded trace.

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "sim/analyzer/report.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"

namespace weir {
namespace {

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
  return analysis;
}

std::string report(const Options& options, const analyzer::Analysis& analysis,
                   const analyzer::TraceSource& source, const std::string& name) {
  if (options.has("json"))
    return report_json(analysis, source)
               .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
           "\n";
  if (options.has("csv")) return report_csv(analysis, source);
  return report_text(analysis, source, name);
}

// What an event log leaves open has to be put together; in a trace of whole edges nothing is open.
void refuse_options_of_logs(const Options& options, std::string_view kind) {
  for (const char* name : {"gap-threshold", "no-insert-waiting", "windows-in-flight"}) {
    if (options.has(name)) {
      throw UsageError(fmt::format(
          "--{} is for event logs: {} holds whole edges, between which nothing is guessed", name, kind));
    }
  }
}

std::string of_edges(analyzer::EdgeSource& source, const Options& options,
                     const analyzer::AnalysisOptions& analysis, const std::string& name) {
  return report(options, analyze_edges(source, analysis), source, name);
}

// What kind of log it is, its first byte says.
std::string of_stream(std::istream& stream, const Options& options, const analyzer::AnalysisOptions& analysis,
                      const std::string& name) {
  if (stream.peek() == '{') {
    refuse_options_of_logs(options, "a Spark event log");
    return of_edges(*analyzer::read_spark_event_log(stream, name), options, analysis, name);
  }
  const auto source = analyzer::read_snailtrail_log(stream, name);
  return report(options, analyze_log(*source, analysis), *source, name);
}

// What kind of trace it is, the content says.
std::string analyzed(const std::string& path, const Options& options,
                     const analyzer::AnalysisOptions& analysis) {
  if (path == "-") return of_stream(std::cin, options, analysis, "standard input");
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(file)) file /= "run.h5";
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw analyzer::TraceError(fmt::format("{}: cannot be opened", file.string()));
  constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
  std::string signature(hdf5_signature.size(), '\0');
  stream.read(signature.data(), static_cast<std::streamsize>(signature.size()));
  if (signature == hdf5_signature) {
    refuse_options_of_logs(options, "a run's trace");
    return of_edges(*analyzer::read_run_file(file), options, analysis, path);
  }
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
  options.flag("json", "print everything as JSON");
  options.flag("csv", "print the summaries as CSV");
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().size() != 1)
    throw UsageError(fmt::format("analyze takes one trace (- is standard input), and {} are given",
                                 options.positional().size()));
  if (options.has("json") && options.has("csv")) throw UsageError("--json or --csv, not both");
  Errors errors;
  const analyzer::AnalysisOptions analysis = analysis_options(options, errors);
  if (!errors.empty()) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  const std::string& path = options.positional()[0];
  try {
    write_out(analyzed(path, options, analysis));
  } catch (const analyzer::TraceError& error) {
    write_err(fmt::format("{}\n", error.what()));
    return ExitCode::wrong_input;
  }
  return ExitCode::good;
}

const auto registered = add_command({.name = "analyze",
                                     .usage = "PATH [--window S] [--json | --csv]",
                                     .help = "the critical paths through a run, or through a recorded trace",
                                     .order = 50,
                                     .run = run});

}  // namespace
}  // namespace weir
