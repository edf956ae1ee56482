#include "sim/analyzer/critical_path_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/report.hpp"
#include "sim/analyzer/time_origin.hpp"
#include "sim/record/readable.hpp"
#include "sim/record/seconds.hpp"

namespace weir::analyzer {

namespace {

using Json = nlohmann::ordered_json;
using Kind = CriticalPathSummary::Kind;
using Part = CriticalPathSummary::Part;

double share(Nanos part_ns, Nanos all_ns) {
  return all_ns > 0 ? static_cast<double>(part_ns) / static_cast<double>(all_ns) : 0;
}

std::string kind_name(const Kind& kind, const TraceSource& source) {
  const std::string_view activity = activity_name(kind.activity);
  return kind.operator_id == no_operator
             ? std::string(activity)
             : fmt::format("{} {}", source.operator_name(kind.operator_id), activity);
}

// The entries of a map by duration, longest first.
template <class Key>
std::vector<std::pair<Key, Part>> sorted(const std::map<Key, Part>& parts) {
  std::vector<std::pair<Key, Part>> all(parts.begin(), parts.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second.duration_ns > b.second.duration_ns; });
  return all;
}

std::vector<std::pair<Kind, Nanos>> sorted(const std::map<Kind, Nanos>& parts) {
  std::vector<std::pair<Kind, Nanos>> all(parts.begin(), parts.end());
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return all;
}

}  // namespace

Nanos CriticalPathSummary::spell_begin_ns(std::size_t spell) const {
  const auto part =
      static_cast<Nanos>(static_cast<double>(duration_ns()) / spells * static_cast<double>(spell));
  return spell == spells ? end_ns : begin_ns + part;
}

void CriticalPathSummary::add(const PathPiece& piece) {
  const Nanos length_ns = piece.end_ns - piece.begin_ns;
  const Kind kind{piece.activity, piece.operator_id};
  const auto count = [&](Part& part) {
    part.duration_ns += length_ns;
    ++part.pieces;
  };
  ++pieces;
  count(by_kind[kind]);
  if (piece.to_worker < 0) {
    count(by_worker[piece.worker]);
  } else {
    count(by_messages[{piece.worker, piece.to_worker}]);
  }
  for (std::size_t spell = spell_; spell < spells; ++spell) {
    // Later pieces begin later.
    if (spell_begin_ns(spell + 1) <= piece.begin_ns) spell_ = spell + 1;
    if (spell_begin_ns(spell) >= piece.end_ns) break;
    const Nanos from_ns = std::max(piece.begin_ns, spell_begin_ns(spell));
    const Nanos to_ns = std::min(piece.end_ns, spell_begin_ns(spell + 1));
    if (from_ns < to_ns) by_spell[spell][kind] += to_ns - from_ns;
  }
  const auto longer = [](const PathPiece& a, const PathPiece& b) {
    return a.end_ns - a.begin_ns > b.end_ns - b.begin_ns;
  };
  longest.insert(std::upper_bound(longest.begin(), longest.end(), piece, longer), piece);
  if (longest.size() > longest_max) longest.pop_back();
}

CriticalPathSummary critical_path_of_edges(const std::function<std::unique_ptr<EdgeSource>()>& open,
                                           const ConstructionOptions& options, const OnPiece& on_piece) {
  CriticalPath path;
  EdgeConstruction construction(options.waiting_message_ns);
  EdgeWindow window;
  Pag pag;
  CriticalPathSummary summary;
  LeftOut left_out;
  const auto each_window = [&](const auto& what) {
    const std::unique_ptr<EdgeSource> source = open();
    while (source->next(options.window_ns, window)) {
      construction.build(window, pag);
      what();
    }
    summary.left_out = source->left_out();
  };
  each_window([&] {
    path.learn(pag);
    left_out.backward_messages += construction.backward_messages();
  });
  const auto note_left_out = [&] {
    for (const auto& [what, count] : in_words(left_out)) summary.left_out[what] += count;
  };
  if (!path.choose()) {
    note_left_out();
    return summary;
  }
  summary.waiting_ns = path.waiting_ns();
  summary.begin_ns = path.begin_ns();
  summary.end_ns = path.end_ns();
  const auto take = [&](const PathPiece& piece) {
    summary.add(piece);
    if (on_piece) on_piece(piece);
  };
  each_window([&] { path.tell(pag, take); });
  path.end(take);
  note_left_out();
  return summary;
}

CriticalPathSummary critical_path_of_log(LogSource& source, const ConstructionOptions& options,
                                         const OnPiece& on_piece) {
  CriticalPathSummary summary;
  std::vector<LogRecord> records;
  while (source.read(records)) {
  }
  summary.left_out = source.left_out();
  if (records.empty()) return summary;
  // One window from the first record to the last, wherever windows would begin.
  const auto by_time = [](const LogRecord& a, const LogRecord& b) { return a.time_ns < b.time_ns; };
  const auto [first, last] = std::minmax_element(records.begin(), records.end(), by_time);
  const std::uint64_t first_ns = first->time_ns;
  ConstructionOptions whole = options;
  whole.window_ns = static_cast<Nanos>(last->time_ns - first_ns) + 1;
  for (LogRecord& record : records) record.time_ns -= first_ns;
  Construction construction(whole);
  Pag pag;
  construction.build(0, records, pag);
  for (const auto& [what, count] : in_words(construction.left_out())) summary.left_out[what] += count;
  CriticalPath path;
  path.learn(pag);
  if (!path.choose()) return summary;
  const auto shift_ns = static_cast<Nanos>(first_ns);
  summary.waiting_ns = path.waiting_ns();
  summary.begin_ns = path.begin_ns() + shift_ns;
  summary.end_ns = path.end_ns() + shift_ns;
  const auto take = [&](PathPiece piece) {
    piece.begin_ns += shift_ns;
    piece.end_ns += shift_ns;
    summary.add(piece);
    if (on_piece) on_piece(piece);
  };
  path.tell(pag, take);
  path.end(take);
  return summary;
}

// ---------------------------------------------------------------- for people

namespace {

struct Row {
  std::string name;
  Part part;
};

std::string table(const std::string& title, const std::vector<Row>& rows, Nanos all_ns) {
  constexpr std::size_t rows_max = 12;
  std::size_t width = title.size();
  for (std::size_t i = 0; i < std::min(rows.size(), rows_max); ++i)
    width = std::max(width, rows[i].name.size());
  std::string text = fmt::format("\n{:<{}}  {:>7}  {:>12}  {:>8}\n", title, width, "share", "time", "pieces");
  for (std::size_t i = 0; i < std::min(rows.size(), rows_max); ++i) {
    const double part = share(rows[i].part.duration_ns, all_ns);
    text += fmt::format("{:<{}}  {:>5.1f} %  {:>10.6g} s  {:>8}  ", rows[i].name, width, 100 * part,
                        written_seconds(rows[i].part.duration_ns), rows[i].part.pieces);
    for (int bar = 0; bar < std::lround(40 * part); ++bar) text += "▇";
    while (text.back() == ' ') text.pop_back();
    text += "\n";
  }
  if (rows.size() > rows_max) text += fmt::format("… and {} more (--json)\n", rows.size() - rows_max);
  return text;
}

// What takes most of a spell, up to nine tenths of it.
std::string spell_text(const std::map<Kind, Nanos>& kinds, Nanos all_ns, const TraceSource& source) {
  std::string text;
  double told = 0;
  for (const auto& [kind, duration_ns] : sorted(kinds)) {
    const double part = share(duration_ns, all_ns);
    if (told > 0 && (told > 0.9 || part < 0.05)) break;
    text += fmt::format("{}{:.0f} % {}", text.empty() ? "" : ", ", 100 * part, kind_name(kind, source));
    told += part;
  }
  return text;
}

}  // namespace

std::string critical_path_text(const CriticalPathSummary& summary, const TraceSource& source) {
  const std::string left_out = left_out_text(summary.left_out);
  if (summary.end_ns < summary.begin_ns)
    return "\nNo critical path: nobody ever did anything but wait.\n" + left_out;
  const Nanos all_ns = summary.duration_ns();
  const Nanos origin_ns = time_origin_ns(summary.begin_ns);
  const auto since = [&](Nanos time_ns) { return written_seconds(time_ns - origin_ns); };
  std::string text = fmt::format("\nThe critical path: from {:.6g} s to {:.6g} s, {} pieces\n",
                                 since(summary.begin_ns), since(summary.end_ns), summary.pieces);
  if (origin_ns > 0) text += fmt::format("(0 s is {} s of the trace's clock.)\n", exact_seconds(origin_ns));
  text += left_out;
  if (summary.waiting_ns > 0)
    text += fmt::format("{:.2g} % of it is waiting of which the trace does not say what for.\n",
                        100 * share(summary.waiting_ns, all_ns));
  std::vector<Row> rows;
  for (const auto& [kind, part] : sorted(summary.by_kind)) rows.push_back({kind_name(kind, source), part});
  text += table("what it consists of", rows, all_ns);
  rows.clear();
  for (const auto& [worker, part] : sorted(summary.by_worker))
    rows.push_back({source.worker_name(worker), part});
  text += table("worker", rows, all_ns);
  rows.clear();
  for (const auto& [pair, part] : sorted(summary.by_messages))
    rows.push_back(
        {fmt::format("{} -> {}", source.worker_name(pair.first), source.worker_name(pair.second)), part});
  if (!rows.empty()) text += table("messages", rows, all_ns);
  text += "\nalong it\n";
  for (std::size_t spell = 0; spell < CriticalPathSummary::spells; ++spell) {
    const Nanos from_ns = summary.spell_begin_ns(spell), to_ns = summary.spell_begin_ns(spell + 1);
    if (from_ns == to_ns) continue;
    text += fmt::format("{:>10.6g} s  {}\n", since(from_ns),
                        spell_text(summary.by_spell[spell], to_ns - from_ns, source));
  }
  text += "\nlongest pieces\n";
  for (const PathPiece& piece : summary.longest) {
    text += fmt::format("{:>10.6g} s  {:>10.6g} s long  {} {}{}\n", since(piece.begin_ns),
                        written_seconds(piece.end_ns - piece.begin_ns), source.worker_name(piece.worker),
                        piece.to_worker < 0 ? "" : fmt::format("-> {} ", source.worker_name(piece.to_worker)),
                        kind_name({piece.activity, piece.operator_id}, source));
  }
  return text;
}

// ---------------------------------------------------------------- for programs

namespace {

Json with_kind(const Kind& kind, const TraceSource& source) {
  return {{"activity", activity_name(kind.activity)},
          {"operator",
           kind.operator_id == no_operator ? Json(nullptr) : Json(source.operator_name(kind.operator_id))}};
}

Json with_part(Json keys, const Part& part, Nanos all_ns) {
  keys["share"] = share(part.duration_ns, all_ns);
  keys["duration_s"] = written_seconds(part.duration_ns);
  keys["pieces"] = part.pieces;
  return keys;
}

}  // namespace

nlohmann::ordered_json critical_path_json(const CriticalPathSummary& summary, const TraceSource& source) {
  const bool found = summary.end_ns >= summary.begin_ns;
  const Nanos all_ns = summary.duration_ns();
  Json json = {{"begin_s", found ? Json(written_seconds(summary.begin_ns)) : Json(nullptr)},
               {"end_s", found ? Json(written_seconds(summary.end_ns)) : Json(nullptr)},
               {"waiting_s", written_seconds(summary.waiting_ns)},
               {"pieces", summary.pieces}};
  for (const char* list : {"kinds", "workers", "messages", "spells", "longest"}) json[list] = Json::array();
  for (const auto& [kind, part] : sorted(summary.by_kind))
    json["kinds"].push_back(with_part(with_kind(kind, source), part, all_ns));
  for (const auto& [worker, part] : sorted(summary.by_worker))
    json["workers"].push_back(with_part({{"worker", source.worker_name(worker)}}, part, all_ns));
  for (const auto& [pair, part] : sorted(summary.by_messages))
    json["messages"].push_back(with_part(
        {{"from", source.worker_name(pair.first)}, {"to", source.worker_name(pair.second)}}, part, all_ns));
  for (std::size_t spell = 0; found && spell < CriticalPathSummary::spells; ++spell) {
    const Nanos from_ns = summary.spell_begin_ns(spell), to_ns = summary.spell_begin_ns(spell + 1);
    Json kinds = Json::array();
    for (const auto& [kind, duration_ns] : sorted(summary.by_spell[spell])) {
      Json entry = with_kind(kind, source);
      entry["share"] = share(duration_ns, to_ns - from_ns);
      kinds.push_back(std::move(entry));
    }
    json["spells"].push_back({{"begin_s", written_seconds(from_ns)},
                              {"end_s", written_seconds(to_ns)},
                              {"kinds", std::move(kinds)}});
  }
  for (const PathPiece& piece : summary.longest) {
    Json entry = {{"begin_s", written_seconds(piece.begin_ns)},
                  {"end_s", written_seconds(piece.end_ns)},
                  {"worker", source.worker_name(piece.worker)},
                  {"to", piece.to_worker < 0 ? Json(nullptr) : Json(source.worker_name(piece.to_worker))}};
    entry.update(with_kind({piece.activity, piece.operator_id}, source));
    json["longest"].push_back(std::move(entry));
  }
  json["left_out"] = Json::object();
  for (const auto& [what, count] : summary.left_out) json["left_out"][what] = count;
  return json;
}

std::string critical_path_csv_header() {
  return "begin_s,end_s,worker,to,activity,operator\n";
}

std::string critical_path_csv_line(const PathPiece& piece, const TraceSource& source) {
  return fmt::format(
      "{},{},{},{},{},{}\n", exact_seconds(piece.begin_ns), exact_seconds(piece.end_ns),
      csv_field(source.worker_name(piece.worker)),
      piece.to_worker < 0 ? "" : csv_field(source.worker_name(piece.to_worker)),
      activity_name(piece.activity),
      piece.operator_id == no_operator ? "" : csv_field(source.operator_name(piece.operator_id)));
}

}  // namespace weir::analyzer
