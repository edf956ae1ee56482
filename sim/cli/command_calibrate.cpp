// weir calibrate: costs, contention and capacity from recorded metrics.

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/analyzer/open_trace.hpp"
#include "sim/calibrate/job_calibration.hpp"
#include "sim/calibrate/operator_fit.hpp"
#include "sim/calibrate/report.hpp"
#include "sim/calibrate/table_file.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"
#include "sim/record/atomic_file.hpp"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace calibrate;

constexpr const char* formats[] = {"auto", "job", "ds2", "flink", "run"};

void add_options(Options& options) {
  options.value(
      "format", "FORMAT",
      "what the files are: job, ds2, flink, run (of weir), or auto (by what they look like; the default)");
  options.value("offered", "FILE",
                "of a job, instead of one table: rows time|value of the offered rate, records/s");
  options.value("achieved", "FILE", "the same of the achieved rate");
  options.value("latency", "FILE", "the same of the latency");
  options.value("workers", "N|FILE", "how many workers there were: always N, or rows time|value");
  options.values(
      "column", "WHAT=NAME",
      "the column of time, offered, achieved, latency or workers, if it has another name (repeatable)");
  options.value("latency-unit", "UNIT", "auto, s, ms or us (default auto: by the column's name, else ms)");
  options.value("train-until", "S",
                "fit on what lies before that time, score the rest (default: the first third)");
  options.value("window", "S", "over which the job's meters tell means (default: fitted, at most 180)");
  options.value("outages", "none|FILE",
                "when the job stood still: rows start_s,end_s (default: found by the rule)");
  options.value("outage-drop", "SHARE", "of its rate that a job loses in an outage (default 0.25)");
  options.value("replay", "S", "input before an outage that is read again after it (default 0)");
  options.value("sigma", "SHARE", "contention, where the data do not show it (default 0)");
  options.flag("imbalance", "fit, too, how unevenly the load is spread over the workers");
  options.value("predict", "P,…", "predict the same load with these numbers of workers");
  options.value("resamples", "N",
                "how often the data are drawn anew for intervals (default 200; 0: no intervals)");
  options.value("seed", "N", "of these draws (default 1)");
  options.flag("json", "everything as JSON");
  options.value("output,o", "FILE", "write the same JSON to a file, with the members for a scenario");
  options.value("series", "FILE", "of a job: write recorded and predicted values of every row as CSV");
}

struct Asked {
  std::string format;
  std::vector<std::string> files;
  JobFiles job;
  JobQuestion question;
  OperatorQuestion of_operators;
  std::string outages_file;
};

std::optional<double> number_between(const Options& options, const char* name, double low, double high,
                                     Errors& errors) {
  const auto value = options.number_from_zero(name, errors);
  if (!value || (*value >= low && *value <= high)) return value;
  errors.add_argument(fmt::format("--{} {}", name, *options.text(name)), name, fmt::format("is {}", *value),
                      fmt::format("{} to {}", low, high));
  return std::nullopt;
}

std::optional<long> whole_number(std::string_view text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr long workers_max = 16384;

std::vector<int> workers_list(const Options& options, Errors& errors) {
  std::vector<int> workers;
  const std::string text = options.text("predict").value_or("");
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    const auto value = whole_number(std::string_view(text).substr(from, end - from));
    if (!value || *value < 1 || *value > workers_max) {
      errors.add_argument(
          "--predict " + text, "predict",
          fmt::format("{} is no number of workers", weir::quoted(text.substr(from, end - from))),
          "whole numbers from 1 to 16384 with commas between");
      return {};
    }
    workers.push_back(static_cast<int>(*value));
    from = end + 1;
  }
  return workers;
}

void read_columns(const Options& options, JobFiles& files, Errors& errors) {
  static const std::vector<std::string> known = {"achieved", "latency", "offered", "time", "workers"};
  for (const std::string& text : options.texts("column")) {
    const auto equals = text.find('=');
    const std::string what = text.substr(0, equals);
    if (equals == std::string::npos || equals + 1 == text.size()) {
      errors.add_argument("--column " + text, "column", "names no column", "WHAT=NAME");
    } else if (std::find(known.begin(), known.end(), what) == known.end()) {
      errors.add_argument("--column " + text, "column",
                          fmt::format("{} is nothing that is read", weir::quoted(what)),
                          allowed_names(what, known));
    } else {
      files.columns[what] = text.substr(equals + 1);
    }
  }
}

void read_workers(const Options& options, JobFiles& files, Errors& errors) {
  const auto text = options.text("workers");
  if (!text) return;
  if (const auto number = whole_number(*text)) {
    if (*number < 1 || *number > workers_max)
      errors.add_argument("--workers " + *text, "workers", fmt::format("is {}", *number),
                          "1 to 16384, or a file");
    files.workers_always = static_cast<double>(*number);
  } else {
    files.workers = *text;
  }
}

void read_question(const Options& options, Asked& asked, Errors& errors) {
  JobQuestion& job = asked.question;
  job.train_until_s = options.positive_number("train-until", errors);
  job.window_s = number_between(options, "window", 1e-3, 1e6, errors);
  job.outage_rule.drop =
      number_between(options, "outage-drop", 0.05, 0.95, errors).value_or(job.outage_rule.drop);
  job.replay_s = number_between(options, "replay", 0, 1e6, errors).value_or(0);
  job.sigma = number_between(options, "sigma", 0, 1, errors).value_or(0);
  job.fit_imbalance = options.has("imbalance");
  job.predict_workers = workers_list(options, errors);
  if (const auto n = options.unsigned_integer("resamples", errors)) {
    if (*n > 100'000)
      errors.add_argument(fmt::format("--resamples {}", *n), "resamples", fmt::format("is {}", *n),
                          "0 to 100000");
    else
      job.resamples = static_cast<int>(*n);
  }
  job.seed = options.unsigned_integer("seed", errors).value_or(job.seed);
  if (const auto outages = options.text("outages")) {
    if (*outages == "none")
      job.outages = std::vector<Outage>{};
    else
      asked.outages_file = *outages;
  }
  static const std::vector<std::string> units = {"auto", "s", "ms", "us"};
  const std::string unit = options.choice("latency-unit", units, errors);
  asked.job.latency_unit =
      static_cast<LatencyUnit>(std::find(units.begin(), units.end(), unit) - units.begin());
  asked.of_operators = {.train_until_s = job.train_until_s, .resamples = job.resamples, .seed = job.seed};
}

// By the header of the first file.
std::string found_format(const std::string& file, Errors& errors) {
  if (analyzer::run_file_at(file)) return "run";
  const TableHead head = read_table_head(file, errors);
  if (!errors.empty()) return {};
  if (looks_like_ds2(head.names, head.columns)) return "ds2";
  if (looks_like_flink(head.names)) return "flink";
  return "job";
}

void refuse(const Options& options, std::initializer_list<const char*> names, const char* why) {
  for (const char* name : names)
    if (options.has(name)) throw UsageError(fmt::format("--{} is for {}", name, why));
}

Asked understood(const Options& options, Errors& errors) {
  Asked asked;
  asked.files = options.positional();
  asked.job.offered = options.text("offered").value_or("");
  asked.job.achieved = options.text("achieved").value_or("");
  asked.job.latency = options.text("latency").value_or("");
  read_columns(options, asked.job, errors);
  read_workers(options, asked.job, errors);
  read_question(options, asked, errors);
  asked.format = options.choice("format", {std::begin(formats), std::end(formats)}, errors);
  const bool by_metric = options.has("offered") || options.has("achieved") || options.has("latency");
  if (by_metric && !asked.files.empty())
    throw UsageError("one table, or a file for each metric (--offered, --achieved, …), not both");
  if (by_metric && !(options.has("offered") && options.has("achieved")))
    throw UsageError("without a table, --offered and --achieved are needed");
  if (!by_metric && asked.files.empty())
    throw UsageError("calibrate takes recorded metrics, and none are given");
  if (by_metric && asked.format != "auto" && asked.format != "job")
    throw UsageError(
        fmt::format("--offered, --achieved and --latency are of a job, and --format is {}", asked.format));
  if (by_metric) asked.format = "job";
  if (errors.empty() && asked.format == "auto") asked.format = found_format(asked.files[0], errors);
  if (asked.format == "job" && asked.files.size() > 1)
    throw UsageError("a job is read from one table, or from --offered, --achieved, …");
  if (asked.format == "job" && !asked.files.empty()) asked.job.table = asked.files[0];
  if (asked.format == "run" && asked.files.size() != 1) throw UsageError("of weir's runs, one is read");
  if (asked.format == "ds2" || asked.format == "flink" || asked.format == "run")
    refuse(options,
           {"workers", "column", "latency-unit", "window", "outages", "outage-drop", "replay", "sigma",
            "imbalance", "predict", "series"},
           "metrics of a job as a whole");
  return asked;
}

std::vector<std::string> inputs(const Asked& asked) {
  std::vector<std::string> paths = asked.files;
  for (const std::string& path :
       {asked.job.offered, asked.job.achieved, asked.job.latency, asked.job.workers, asked.outages_file})
    if (!path.empty()) paths.push_back(path);
  return paths;
}

// A result must not replace what it was made of, and must have somewhere to go before the work begins.
void check_output(const Options& options, const char* name, const Asked& asked, Errors& errors) {
  const auto text = options.text(name);
  if (!text) return;
  const fs::path path = *text;
  const std::string argument = fmt::format("--{} {}", name, *text);
  std::error_code ignored;
  if (text->empty() || fs::is_directory(path, ignored))
    errors.add_argument(argument, name, "is no file", "a file");
  else if (path.has_parent_path() && !fs::is_directory(path.parent_path(), ignored))
    errors.add_argument(argument, name, fmt::format("{} is no directory", path.parent_path().string()),
                        "a path in a directory that is there");
  for (const std::string& input : inputs(asked))
    if (fs::equivalent(path, input, ignored))
      errors.add_argument(argument, name, "is one of the inputs", "another file");
  if (std::string(name) == "series" && options.text("output") == text)
    errors.add_argument(argument, name, "is where --output goes, too", "another file");
}

void check_split(double train_until_s, double duration_s, const char* file, Errors& errors) {
  if (train_until_s >= duration_s)
    errors.add_argument(fmt::format("--train-until {:g}", train_until_s), "train-until",
                        fmt::format("nothing is left to be held out of {}", file),
                        fmt::format("less than {:g}", duration_s));
}

struct Found {
  std::string text;
  nlohmann::ordered_json json;
  std::string series;
};

std::optional<Found> calibrated_job(Asked& asked, const Options& options, const std::atomic<bool>* stop,
                                    Errors& errors) {
  JobSeries series = read_job_series(asked.job, errors, stop);
  if (stop->load()) throw Interrupted();
  if (!asked.outages_file.empty()) asked.question.outages = read_outages(asked.outages_file, errors);
  constexpr std::size_t rows_min = 30;
  if (errors.empty() && series.size() < rows_min)
    errors.add_file(inputs(asked)[0], 1, "$", fmt::format("has {} rows in time", series.size()),
                    fmt::format("at least {}", rows_min));
  if (errors.empty() && asked.question.train_until_s)
    check_split(*asked.question.train_until_s, series.duration_s(), inputs(asked)[0].c_str(), errors);
  if (!errors.empty()) return std::nullopt;
  asked.question.stop = stop;
  const JobCalibration all = calibrate_job(std::move(series), asked.question);
  return Found{job_text(all), job_json(all, data_files(inputs(asked))),
               options.has("series") ? job_series_csv(all) : std::string()};
}

std::optional<Found> calibrated_operators(Asked& asked, const std::atomic<bool>* stop, Errors& errors) {
  OperatorData data =
      asked.format == "run"
          ? read_operators_of_run(asked.files[0])
          : read_operators(asked.files, asked.format == "ds2" ? OperatorFormat::ds2 : OperatorFormat::flink,
                           errors, stop);
  if (stop->load()) throw Interrupted();
  if (!errors.empty()) return std::nullopt;
  asked.of_operators.stop = stop;
  const OperatorCalibration all = calibrate_operators(std::move(data), asked.of_operators);
  std::vector<std::string> files = asked.files;
  if (asked.format == "run") files = {analyzer::run_file_at(asked.files[0])->string()};
  return Found{operators_text(all), operators_json(all, data_files(files)), ""};
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("calibrate"), "FILE…");
  add_options(options);
  if (!options.parse(context.arguments)) return ExitCode::good;
  Errors errors;
  Asked asked = understood(options, errors);
  for (const char* name : {"output", "series"}) check_output(options, name, asked, errors);
  const Interrupts interrupts;
  try {
    std::optional<Found> found;
    if (errors.empty())
      found = asked.format == "job" ? calibrated_job(asked, options, &interrupts.asked(), errors)
                                    : calibrated_operators(asked, &interrupts.asked(), errors);
    if (!found) {
      write_err(errors.text());
      return ExitCode::wrong_input;
    }
    const std::string json = found->json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (const auto path = options.text("output")) write_file_atomically(*path, json);
    if (const auto path = options.text("series")) write_file_atomically(*path, found->series);
    write_out(options.has("json") ? json : found->text);
  } catch (const analyzer::TraceError& error) {
    write_err(fmt::format("{}\n", error.what()));
    return ExitCode::wrong_input;
  } catch (const Interrupted&) {
    write_err("weir: interrupted: nothing is written\n");
    return ExitCode::failed;
  }
  return ExitCode::good;
}

const auto registered = add_command({.name = "calibrate",
                                     .usage = "FILE… [--train-until S] [--json] [-o FILE]",
                                     .help = "fit costs, contention and capacity to recorded metrics",
                                     .order = 55,
                                     .run = run});

}  // namespace
}  // namespace weir
