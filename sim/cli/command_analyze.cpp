// weir analyze: how runs converged, and the critical paths of a recorded trace.

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "sim/analyzer/convergence_report.hpp"
#include "sim/analyzer/report.hpp"
#include "sim/cli/analyze_options.hpp"
#include "sim/cli/critical_path.hpp"
#include "sim/cli/ctf_map_option.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/result_directory.hpp"

namespace weir {
namespace {

namespace fs = std::filesystem;

// What was asked for.
struct Question {
  const Options& options;
  const analyzer::AnalysisOptions& analysis;
  const analyzer::ConvergenceOptions& convergence;
  const analyzer::CtfMap& map;

  bool json() const { return options.has("json"); }
  bool csv() const { return options.has("csv"); }
  bool loads() const { return analysis.metrics || analysis.invariants.any(); }
};

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

analyzer::Analysis analyze(analyzer::OpenTrace& trace, const Question& question) {
  refuse_options_of_other_traces(question.options, question.analysis, trace);
  const analyzer::AnalysisOptions& options = question.analysis;
  analyzer::Analysis analysis = trace.log   ? analyze_log(*trace.log, options)
                                : trace.st2 ? analyze_st2(*trace.st2, options)
                                            : analyze_edges(*trace.edges, options);
  if (analysis.windows.empty() && (question.options.has("from") || question.options.has("to")))
    throw analyzer::TraceError(
        fmt::format("{}: no whole window with something in it lies between --from and --to", trace.name));
  return analysis;
}

std::string told(analyzer::OpenTrace& trace, const Question& question) {
  const analyzer::Analysis analysis = analyze(trace, question);
  const analyzer::TraceSource& source = trace.source();
  // Followed, it is the last of the lines.
  if (question.json())
    return json_text(report_json(analysis, source, question.analysis), question.analysis.follow ? -1 : 2);
  if (question.csv()) return report_csv(analysis, source, csv_table(question.options));
  return report_text(analysis, source, question.analysis, trace.name);
}

// A run has converged in some way, and its critical paths are known if they were traced.
std::string of_run(const fs::path& file, const std::string& path, const Question& question) {
  const analyzer::RunFileContents contents = analyzer::contents_of_run_file(file);
  const bool paths = !question.options.has("convergence") && (contents.activity_graph || !contents.metrics);
  if (!paths)
    refuse_options_of_windows(
        question.options,
        contents.activity_graph
            ? std::string("--convergence says how a run converged")
            : fmt::format("{} is a run that was not traced (weir run … --trace pag)", path));
  analyzer::OpenTrace trace;
  if (paths) trace = analyzer::open_trace(path, {.loads = question.loads()});
  if (paths && question.csv())
    refuse(question.options, {"slo-latency", "slo-throughput"}, "--convergence: a CSV is one table");
  if (!contents.metrics || (paths && question.csv())) return told(trace, question);
  const analyzer::ConvergenceReport converged =
      analyzer::convergence_report(analyzer::read_run_metrics(path), question.convergence);
  if (question.csv()) return analyzer::convergence_csv({converged});
  if (question.json()) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    if (paths) {
      const analyzer::Analysis analysis = analyze(trace, question);
      json = report_json(analysis, trace.source(), question.analysis);
    }
    json["convergence"] = analyzer::convergence_json(converged);
    return json_text(json);
  }
  std::string text = analyzer::convergence_text(converged);
  if (paths) return text + "\n" + told(trace, question);
  if (!contents.activity_graph)
    text += "\nIts critical paths are not known (weir run … --trace pag records them).\n";
  return text;
}

std::string compared(const std::vector<std::string>& paths, const Question& question) {
  refuse_options_of_windows(question.options, "several runs are compared by how they converged");
  for (const std::string& path : paths) {
    if (fs::is_regular_file(path) && !analyzer::run_file_at(path))
      throw analyzer::TraceError(fmt::format("{}: is no run (of several, only runs are compared)", path));
  }
  std::vector<analyzer::ConvergenceReport> reports;
  for (const std::string& path : paths)
    reports.push_back(analyzer::convergence_report(analyzer::read_run_metrics(path), question.convergence));
  if (question.csv()) return analyzer::convergence_csv(reports);
  if (question.json()) return json_text({{"convergence", analyzer::comparison_json(reports)}});
  std::string text;
  for (const analyzer::ConvergenceReport& one : reports) text += analyzer::convergence_text(one) + "\n";
  return text + analyzer::comparison_text(reports);
}

// A run while it goes on: windows as they are known, then the report. `incomplete` says why it did not come
// to its end, if so.
std::string followed(const fs::path& path, const Question& question, std::string& incomplete) {
  if (fs::is_regular_file(path) && path.extension() != ".h5")
    throw UsageError(
        fmt::format("--follow follows a run, or standard input, and {} is a file", path.string()));
  const bool file = path.extension() == ".h5" && !fs::is_directory(path);
  const fs::path directory = !file ? path : path.has_parent_path() ? path.parent_path() : fs::path(".");
  analyzer::OpenTrace trace;
  trace.name = path.string();
  trace.kind = "a run's trace";
  trace.run = true;
  trace.edges = analyzer::follow_run_file(
      file ? path : path / "run.h5", [&] { return is_being_written(directory); }, question.loads());
  const std::string text = told(trace, question);
  incomplete = trace.edges->incomplete();
  return text;
}

std::string analyzed(const std::string& path, const Question& question) {
  if (const auto file = analyzer::run_file_at(path)) return of_run(*file, path, question);
  analyzer::OpenTrace trace =
      analyzer::open_trace(path, {.map = question.map, .as_it_comes = question.analysis.follow});
  if (trace.edges && question.analysis.follow)
    throw UsageError(fmt::format("--follow follows a run, or a log: {} is {}, which is read as a whole",
                                 trace.name, trace.kind));
  return told(trace, question);
}

void tell_critical_path(const Question& question, const std::string& path) {
  const Options& options = question.options;
  refuse(options,
         {"from", "to", "seed", "threads", "windows-in-flight", "k-hop", "metrics", "invariants",
          "wait-before-sends", "convergence", "slo-latency", "slo-throughput"},
         "other reports: --critical-path is the one path through the whole trace");
  const analyzer::OpenOptions opening{.map = question.map};
  analyzer::OpenTrace trace = analyzer::open_trace(path, opening);
  refuse_options_of_other_traces(options, question.analysis, trace);
  if (trace.log) refuse(options, {"window"}, "other reports: of a log, the whole is one window");
  tell_critical_path(std::move(trace), path, opening, question.analysis.construction,
                     question.json()  ? CriticalPathForm::json
                     : question.csv() ? CriticalPathForm::csv
                                      : CriticalPathForm::text);
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("analyze"), "PATH");
  add_analyze_options(options);
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
    refuse(options, {"csv", "convergence", "critical-path", "slo-latency", "slo-throughput"},
           "what has ended: --follow prints windows as they come");
    if (paths.size() != 1) throw UsageError("--follow follows one run, or standard input");
    analysis.follow = true;
    analysis.on_window = [json = options.has("json")](const analyzer::WindowResult& window) {
      write_out(json ? window_json_text(window) : window_text(window));
    };
  }
  const Question question{options, analysis, convergence, map};
  try {
    if (options.has("critical-path")) {
      if (paths.size() != 1) throw UsageError("--critical-path takes one trace");
      tell_critical_path(question, paths[0]);
      return ExitCode::good;
    }
    if (analysis.follow && paths[0] != "-") {
      write_out(followed(paths[0], question, incomplete));
    } else {
      write_out(paths.size() == 1 ? analyzed(paths[0], question) : compared(paths, question));
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
