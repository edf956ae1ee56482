#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "models/arrivals/curve_arrivals.hpp"
#include "models/arrivals/trace_curve.hpp"
#include "models/arrivals/trace_reader.hpp"

namespace weir {
namespace {

enum class RateUnit { second, minute, hour };
enum class Separator { automatic, comma, semicolon, bar, tab, blanks };

struct TraceParams {
  std::string path;
  TraceValue value = TraceValue::automatic;
  RateUnit unit = RateUnit::second;
  Separator separator = Separator::automatic;
  TraceHeader header = TraceHeader::automatic;
  std::string time_column, value_column;
  TraceTime time = TraceTime::automatic;
  TraceGap gap = TraceGap::hold;
  TraceInterpolation interpolation = TraceInterpolation::step;
  double scale = 1, offset_per_s = 0, speed_up = 1, start_s = 0, end_s = 0;
  TraceKeep keep = TraceKeep::counts;
  bool rebase = true, repeat = false;
  ArrivalSpacing spacing = ArrivalSpacing::even;

  // Validation reads the file; the instances then share what it made, and where it was found.
  mutable std::shared_ptr<const RateCurve> curve;
  mutable std::string file;
};

TraceFormat format_of(const TraceParams& p) {
  TraceFormat format;
  constexpr char separators[] = {0, ',', ';', '|', '\t', ' '};
  format.separator = separators[static_cast<int>(p.separator)];
  format.header = p.header;
  format.time_column = p.time_column;
  format.value_column = p.value_column;
  format.time = p.time;
  format.value = p.value;
  return format;
}

TraceShape shape_of(const TraceParams& p) {
  TraceShape shape;
  shape.unit_s = p.unit == RateUnit::second ? 1 : p.unit == RateUnit::minute ? 60 : 3600;
  shape.gap = p.gap;
  shape.interpolation = p.interpolation;
  shape.scale = p.scale;
  shape.offset_per_s = p.offset_per_s;
  shape.speed_up = p.speed_up;
  shape.keep = p.keep;
  shape.start_s = p.start_s;
  shape.end_s = p.end_s;
  shape.rebase = p.rebase;
  shape.repeat = p.repeat;
  return shape;
}

void add_reading(ParamTable<TraceParams>& t) {
  using P = TraceParams;
  t.text("path", &P::path,
         {.help = "File of rows `time,value`; a relative path begins at the scenario's folder."});
  t.required("path");
  t.choice(
      "value", &P::value,
      {.help =
           "What the values are: a rate, the number of records from this row to the next, or every row is "
           "one record (`time[,key[,size]]`, of which the time is used). auto: by the header (count, "
           "requests, …), events if there is one column, else a rate."},
      {{"auto", TraceValue::automatic},
       {"rate", TraceValue::rate},
       {"count", TraceValue::count},
       {"event", TraceValue::event}});
  t.choice("unit", &P::unit, {.help = "A rate is per that long."},
           {{"second", RateUnit::second}, {"minute", RateUnit::minute}, {"hour", RateUnit::hour}});
  t.choice("separator", &P::separator,
           {.help = "Between the columns; auto: the first of tab ; | , blank that there is."},
           {{"auto", Separator::automatic},
            {"comma", Separator::comma},
            {"semicolon", Separator::semicolon},
            {"bar", Separator::bar},
            {"tab", Separator::tab},
            {"blanks", Separator::blanks}});
  t.choice("header", &P::header,
           {.help = "Whether the first row names the columns; auto: if it has words only."},
           {{"auto", TraceHeader::automatic}, {"yes", TraceHeader::yes}, {"no", TraceHeader::no}});
  t.text("time_column", &P::time_column,
         {.help = "Name or number (from 1) of the column; empty: time, timestamp, date, …, else the first."});
  t.text("value_column", &P::value_column,
         {.help = "Name or number (from 1) of the column; empty: rate, count, value, …, else the first after "
                  "the time."});
  t.choice(
      "time", &P::time,
      {.help =
           "How times are written: numbers since any origin, or ISO 8601 (UTC unless it has an offset). "
           "auto: by the first row; numbers from 1e11 on are milliseconds, from 1e14 microseconds, from 1e17 "
           "nanoseconds."},
      {{"auto", TraceTime::automatic},
       {"seconds", TraceTime::seconds},
       {"milliseconds", TraceTime::milliseconds},
       {"microseconds", TraceTime::microseconds},
       {"nanoseconds", TraceTime::nanoseconds},
       {"iso", TraceTime::iso}});
}

void add_shaping(ParamTable<TraceParams>& t) {
  using P = TraceParams;
  t.choice("gap", &P::gap,
           {.help = "A row without a value (empty, null, NA): the last value again (0 before the first), "
                    "zero, between "
                    "its neighbours, or as if the row were not there (a count then covers both intervals)."},
           {{"hold", TraceGap::hold},
            {"zero", TraceGap::zero},
            {"linear", TraceGap::linear},
            {"skip", TraceGap::skip}});
  t.choice("interpolation", &P::interpolation,
           {.help = "A rate lasts until the next row, or changes steadily to it. The last row lasts as long "
                    "as the one "
                    "before."},
           {{"step", TraceInterpolation::step}, {"linear", TraceInterpolation::linear}});
  t.real("scale", &P::scale, {.help = "Factor on all values (events: that many records each, on average)."},
         between(0, 1e12));
  t.real("offset_per_s", &P::offset_per_s,
         {.unit = "records/s", .help = "Added to the scaled rate; what would be below 0 is 0."},
         between(-1e9, 1e9));
  t.real("speed_up", &P::speed_up, {.help = "Times are that much shorter."}, between(1e-6, 1e9));
  t.choice(
      "speed_up_keeps", &P::keep,
      {.help =
           "Under speed_up: all records, so that rates rise by it; or the rates, so that there are fewer."},
      {{"counts", TraceKeep::counts}, {"rates", TraceKeep::rates}});
  t.real("start_s", &P::start_s,
         {.unit = "s", .help = "Where to begin, in the trace's time after its first row."}, arrival_time());
  t.real("end_s", &P::end_s,
         {.unit = "s", .help = "Where to end, in the trace's time after its first row; 0: its end."},
         arrival_time());
  t.boolean(
      "rebase", &P::rebase,
      {.help =
           "The first row (or start_s) is the simulation's time 0; else times are taken as they are, also "
           "for start_s and end_s."});
  t.boolean("repeat", &P::repeat, {.help = "Begin again at the end; else nothing comes any more."});
  add_spacing(t);
}

std::string found_file(const std::string& path, const std::string& base_dir) {
  return std::filesystem::path(path).is_absolute() || base_dir.empty()
             ? path
             : (std::filesystem::path(base_dir) / path).lexically_normal().string();
}

// Where the scenario is; a value from the command line counts as written in it.
std::string folder_of(const Node& at) {
  const Node* root = &at;
  while (root->parent() != nullptr) root = root->parent();
  return std::filesystem::path(root->source().file).parent_path().string();
}

void check(const TraceParams& p, const Node& at, Errors& errors) {
  p.curve = nullptr;
  if (errors.sound(at, "start_s") && errors.sound(at, "end_s") && p.end_s > 0 && p.start_s >= p.end_s) {
    errors.add(at.at_or_self("end_s"), "end_s is not behind start_s", "start_s < end_s, or end_s 0");
  }
  for (const char* of_the_file :
       {"path", "value", "separator", "header", "time_column", "value_column", "time"}) {
    if (!errors.sound(at, of_the_file)) return;
  }
  const Node& path = at.at_or_self("path");
  p.file = found_file(p.path, folder_of(at));
  Trace trace = read_trace(p.file, format_of(p));
  for (const TraceProblem& problem : trace.problems) {
    if (problem.line == 0) {
      errors.add(path, fmt::format("trace {}: {}", weir::quoted(p.file), problem.what), problem.allowed);
    } else {
      errors.add_file(p.file, static_cast<int>(problem.line), path.path(), problem.what, problem.allowed);
    }
  }
  if (trace.problems_more > 0) {
    errors.add(path, fmt::format("trace {}: {} more errors", weir::quoted(p.file), trace.problems_more));
  }
  if (!trace.ok()) return errors.doubt(path);
  if (trace.value == TraceValue::event && errors.sound(at, "spacing") &&
      p.spacing == ArrivalSpacing::poisson) {
    errors.add(at.at_or_self("spacing"), "recorded events come at their own times", "even");
  }
  if (!errors.sound(at)) return;
  std::string problem;
  p.curve = make_trace_curve(std::move(trace), shape_of(p), &problem);
  if (p.curve == nullptr) errors.add(path, fmt::format("trace {}: {}", weir::quoted(p.file), problem));
}

ParamTable<TraceParams> table() {
  ParamTable<TraceParams> t;
  add_reading(t);
  add_shaping(t);
  t.check_parts(check);
  return t;
}

// Parameters that did not come from a scenario have not been checked.
void load(const TraceParams& p, const std::string& base_dir) {
  p.file = found_file(p.path, base_dir);
  Trace trace = read_trace(p.file, format_of(p));
  if (!trace.ok()) {
    throw std::runtime_error(
        fmt::format("{}:{}: {}", p.file, trace.problems[0].line, trace.problems[0].what));
  }
  std::string problem;
  p.curve = make_trace_curve(std::move(trace), shape_of(p), &problem);
  if (p.curve == nullptr) throw std::runtime_error(fmt::format("{}: {}", p.file, problem));
}

const auto registered = ArrivalRegistry::add<TraceParams>(
    {.name = "trace",
     .help = "A recorded curve from a file: rates, counts or single events (CSV, or other separators)."},
    table(), [](const TraceParams& p, ArrivalContext& context) -> std::unique_ptr<ArrivalProcess> {
      if (p.curve == nullptr) load(p, context.base_dir);
      return make_arrivals(p.curve, p.spacing, context, {p.file});
    });

}  // namespace
}  // namespace weir
