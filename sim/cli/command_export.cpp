// weir export: a recorded trace in the formats of other tools.

#include <fmt/format.h>

#include <filesystem>

#include "sim/analyzer/export/export.hpp"
#include "sim/cli/ctf_map_option.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const analyzer::ExportFormat& format : analyzer::export_formats()) names.push_back(format.name);
  return names;
}

const analyzer::ExportFormat* chosen_format(const Options& options, Errors& errors) {
  const auto given = options.text("format");
  if (!given) throw UsageError(fmt::format("--format is missing ({})", allowed_names("", format_names())));
  options.choice("format", format_names(), errors);
  for (const analyzer::ExportFormat& format : analyzer::export_formats()) {
    if (format.name == *given) return &format;
  }
  return nullptr;
}

// 1 ns to 30 years: beyond, windows could not be numbered.
analyzer::ExportOptions export_options(const Options& options, Errors& errors) {
  analyzer::ExportOptions chosen;
  const auto nanoseconds = [&](const char* name, Nanos& value) {
    const auto seconds = options.positive_number(name, errors);
    if (!seconds) return;
    if (*seconds < 1e-9 || *seconds > 4e9) {
      errors.add_argument(fmt::format("--{} {}", name, *options.text(name)), name,
                          fmt::format("is {} s", *seconds), "1e-9 to 4e9");
      return;
    }
    value = to_nanos(*seconds);
  };
  nanoseconds("from", chosen.from_ns);
  nanoseconds("to", chosen.to_ns);
  nanoseconds("window", chosen.construction.window_ns);
  nanoseconds("gap-threshold", chosen.construction.gap_threshold_ns);
  if (chosen.from_ns >= chosen.to_ns)
    errors.add_argument(fmt::format("--to {}", *options.text("to")), "to", "is not after --from",
                        fmt::format("more than {}", options.text("from").value_or("0")));
  return chosen;
}

// What is there already is replaced only if it is a file, and not the trace itself.
void check_path(const fs::path& path, const std::string& trace, bool directory, Errors& errors) {
  const std::string argument = fmt::format("-o {}", path.string());
  std::error_code ignored;
  if (directory && fs::exists(path, ignored) &&
      !(fs::is_directory(path, ignored) && fs::is_empty(path, ignored)))
    errors.add_argument(argument, "output", "is there already", "a new or an empty directory");
  if (!directory && fs::is_directory(path, ignored))
    errors.add_argument(argument, "output", "is a directory", "a file");
  if (!directory &&
      (fs::equivalent(path, trace, ignored) || fs::equivalent(path, fs::path(trace) / "run.h5", ignored)))
    errors.add_argument(argument, "output", "is the trace itself", "another file");
  if (path.has_parent_path() && !fs::is_directory(path.parent_path(), ignored))
    errors.add_argument(argument, "output", fmt::format("{} is no directory", path.parent_path().string()),
                        "a path in a directory that is there");
}

void refuse_other_options(const Options& options, const analyzer::OpenTrace& trace,
                          const analyzer::ExportFormat& format) {
  const auto refuse = [&](const char* name, const char* what) {
    if (options.has(name))
      throw UsageError(fmt::format("--{} is for {}, and {} is {}", name, what, trace.name, trace.kind));
  };
  if (!trace.log) refuse("gap-threshold", "logs of events");
  if (!trace.log && format.name != "dot") refuse("window", "dot, and for logs of events");
  if (!trace.ctf) refuse("map", "CTF traces");
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("export"), "PATH");
  options.value("format,f", "FORMAT", fmt::format("{}", allowed_names("", format_names())).c_str());
  options.value("output,o", "PATH", "what to write");
  options.value("from", "S", "only what lies after that time of the trace");
  options.value("to", "S", "only what lies before that time of the trace");
  options.value("window", "S", "seconds in a window: of dot, and of logs (default 1)");
  options.value("gap-threshold", "S", "of logs, as in weir analyze (default 1)");
  add_ctf_map_option(options);
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().size() != 1)
    throw UsageError(fmt::format("export takes one trace (- is standard input), and {} are given",
                                 options.positional().size()));
  if (options.text("output").value_or("").empty()) throw UsageError("-o is missing (what to write)");
  Errors errors;
  const analyzer::ExportFormat* format = chosen_format(options, errors);
  analyzer::ExportOptions chosen = export_options(options, errors);
  const analyzer::CtfMap map = chosen_ctf_map(options, errors);
  const std::string& trace_path = options.positional()[0];
  const fs::path output = *options.text("output");
  if (format != nullptr) check_path(output, trace_path, format->directory, errors);
  if (!errors.empty()) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  const Interrupts interrupts;
  chosen.stop = &interrupts.asked();
  try {
    analyzer::OpenTrace trace = analyzer::open_trace(trace_path, {.map = map, .loads = true});
    refuse_other_options(options, trace, *format);
    const analyzer::ExportResult result = format->write(trace, chosen, output);
    std::string text = fmt::format("{}: {}\n", output.string(), result.what);
    for (const auto& [what, count] : result.left_out) text += fmt::format("Left out: {}: {}\n", what, count);
    write_out(text);
  } catch (const analyzer::TraceError& error) {
    write_err(fmt::format("{}\n", error.what()));
    return ExitCode::wrong_input;
  } catch (const analyzer::Stopped&) {
    write_err(fmt::format("weir: interrupted: {} is not written\n", output.string()));
    return ExitCode::failed;
  }
  return ExitCode::good;
}

const auto registered =
    add_command({.name = "export",
                 .usage = "PATH --format FORMAT -o PATH [--from S] [--to S]",
                 .help = "a run's trace, or a recorded one, as CTF, Chrome JSON, CSV or DOT",
                 .order = 51,
                 .run = run});

}  // namespace
}  // namespace weir
