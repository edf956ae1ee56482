#include "models/arrivals/ctf_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <unordered_map>

#include "models/arrivals/curve_arrivals.hpp"
#include "sim/ctf/ctf_reader.hpp"

namespace weir {

namespace fs = std::filesystem;

CtfEvents read_ctf_events(const std::string& path, const std::string& key_field) {
  ctf::Reader reader(path, {key_field});
  CtfEvents measured;
  std::unordered_map<std::string, std::size_t> places;
  std::vector<ctf::RecordedEvent> events;
  double bytes = 0;
  while (reader.read(events)) {
    for (const ctf::RecordedEvent& event : events) {
      measured.times_ns.push_back(event.time_ns);
      bytes += static_cast<double>(event.payload_bytes);
      const ctf::FieldValue& key = event.fields[0];
      const std::string name = key.type == ctf::FieldValue::Type::integer ? fmt::format("{}", key.integer)
                               : key.type == ctf::FieldValue::Type::text  ? "=" + key.text
                                                                          : "";
      const auto place = places.try_emplace(name, places.size()).first->second;
      if (place == measured.keys.size()) measured.keys.push_back(0);
      ++measured.keys[place];
    }
    events.clear();
  }
  if (measured.times_ns.empty()) throw ctf::CtfError(fmt::format("{}: a CTF trace without events", path));
  if (places.size() == 1 && places.contains(""))
    throw ctf::CtfError(fmt::format("{}: no event has a field {} to take keys from", path, key_field));
  measured.mean_bytes = bytes / static_cast<double>(measured.times_ns.size());
  for (const fs::path& directory : ctf::ctf_directories(path)) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.is_regular_file()) measured.files.push_back(entry.path().string());
    }
  }
  std::sort(measured.files.begin(), measured.files.end());
  return measured;
}

namespace {

std::shared_ptr<const RateCurve> curve_of(const CtfTraceParams& p, std::string* problem) {
  Trace trace;
  trace.value = TraceValue::event;
  trace.rows.reserve(p.events->times_ns.size());
  for (const Nanos time_ns : p.events->times_ns) trace.rows.push_back({time_ns, 1});
  TraceShape shape;
  shape.scale = p.scale;
  shape.speed_up = p.speed_up;
  shape.keep = p.keep;
  shape.start_s = p.start_s;
  shape.end_s = p.end_s;
  shape.repeat = p.repeat;
  return make_trace_curve(std::move(trace), shape, problem);
}

std::string found(const std::string& path, const std::string& folder) {
  return fs::path(path).is_absolute() || folder.empty()
             ? path
             : (fs::path(folder) / path).lexically_normal().string();
}

void check(const CtfTraceParams& p, const Node& at, Errors& errors) {
  if (p.end_s > 0 && p.start_s >= p.end_s)
    return errors.add(at.at_or_self("end_s"), "end_s is not behind start_s", "start_s < end_s, or end_s 0");
  const Node* root = &at;
  while (root->parent() != nullptr) root = root->parent();
  const std::string folder = fs::path(root->source().file).parent_path().string();
  const Node& path = at.at_or_self("path");
  try {
    p.events = std::make_shared<CtfEvents>(read_ctf_events(found(p.path, folder), p.key));
  } catch (const ctf::CtfError& error) {
    return errors.add(path, error.what(), "a directory with a CTF trace, as lttng records it");
  }
  std::string problem;
  p.curve = curve_of(p, &problem);
  if (p.curve == nullptr) errors.add(path, fmt::format("trace {}: {}", weir::quoted(p.path), problem));
}

ParamTable<CtfTraceParams> table() {
  using P = CtfTraceParams;
  ParamTable<P> t;
  t.text("path", &P::path,
         {.help = "Directory of the trace, at any depth; a relative path begins at the scenario's folder."});
  t.required("path");
  t.text("key", &P::key,
         {.help = "The field of the events, or of their context, whose values are keys (trace-analysis)."});
  t.real("scale", &P::scale, {.help = "That many records for each event, on average."}, between(0, 1e12));
  t.real("speed_up", &P::speed_up, {.help = "Times are that much shorter."}, between(1e-6, 1e9));
  t.choice(
      "speed_up_keeps", &P::keep,
      {.help =
           "Under speed_up: all records, so that rates rise by it; or the rates, so that there are fewer."},
      {{"counts", TraceKeep::counts}, {"rates", TraceKeep::rates}});
  t.real("start_s", &P::start_s, {.unit = "s", .help = "Where to begin, after the first event."},
         arrival_time());
  t.real("end_s", &P::end_s, {.unit = "s", .help = "Where to end, after the first event; 0: its end."},
         arrival_time());
  t.boolean("repeat", &P::repeat, {.help = "Begin again at the end; else nothing comes any more."});
  t.check_all(check);
  return t;
}

const auto registered = ArrivalRegistry::add<CtfTraceParams>(
    {.name = "ctf-trace",
     .help = "The events of a recorded CTF trace (LTTng), each at its time.",
     .source = "Common Trace Format 1.8, read by libbabeltrace2"},
    table(), [](const CtfTraceParams& p, ArrivalContext& context) -> std::unique_ptr<ArrivalProcess> {
      if (p.curve == nullptr) {  // parameters that did not come from a scenario have not been checked
        p.events = std::make_shared<CtfEvents>(read_ctf_events(found(p.path, context.base_dir), p.key));
        std::string problem;
        p.curve = curve_of(p, &problem);
        if (p.curve == nullptr) throw std::runtime_error(fmt::format("{}: {}", p.path, problem));
      }
      return make_arrivals(p.curve, ArrivalSpacing::even, context, p.events->files);
    });

}  // namespace

const CtfEvents& events_of(const CtfTraceParams& params) {
  if (params.events == nullptr)
    params.events = std::make_shared<CtfEvents>(read_ctf_events(params.path, params.key));
  return *params.events;
}

}  // namespace weir
