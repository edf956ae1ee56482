#include "sim/analyzer/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/analyzer/colocation.hpp"
#include "sim/analyzer/findings_report.hpp"
#include "sim/record/readable.hpp"

namespace weir::analyzer {

namespace {

using Json = nlohmann::ordered_json;

Json shares_json(Json keys, const Shares& shares) {
  keys["cp"] = shares.cp;
  keys["conventional"] = shares.conventional;
  keys["single_path"] = shares.single_path;
  keys["duration_s"] = shares.duration_s;
  keys["edges"] = shares.edges;
  return keys;
}

Json window_json(const WindowResult& window) {
  Json json = {{"window", window.epoch},
               {"start_s", static_cast<double>(window.start_ns) / 1e9},
               {"end_s", static_cast<double>(window.end_ns) / 1e9},
               {"edges", window.edges},
               {"messages", window.messages}};
  const double paths = window.paths.value();
  json["paths"] = std::isfinite(paths) ? Json(paths) : Json(nullptr);
  json["paths_log10"] = window.paths.zero() ? Json(nullptr) : Json(window.paths.log10());
  json["cp_sum"] = window.cp_sum;
  return json;
}

// What was left out, in words, with how often.
std::map<std::string, std::int64_t> all_left_out(const Analysis& analysis) {
  std::map<std::string, std::int64_t> all = analysis.not_understood;
  const auto note = [&](const char* what, std::int64_t count) {
    if (count > 0) all[what] += count;
  };
  for (const auto& [what, count] : in_words(analysis.left_out)) note(what.c_str(), count);
  note(late_records_words, analysis.late_records);
  std::int64_t cut = 0;
  for (const WindowResult& window : analysis.windows) cut += window.cut_messages;
  note("messages in circles that take no time", cut);
  return all;
}

// ---------------------------------------------------------------- for people

std::string percent(double share) {
  return fmt::format("{:5.1f} %", 100 * share);
}

std::string bar(double share) {
  const int width = static_cast<int>(std::lround(40 * std::clamp(share, 0.0, 1.0)));
  std::string text;
  for (int i = 0; i < width; ++i) text += "▇";
  return text;
}

struct Row {
  std::string name;
  Shares shares;
};

std::string table(const std::string& title, std::vector<Row> rows, std::size_t rows_max) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.shares.cp > b.shares.cp; });
  std::size_t width = title.size();
  for (std::size_t i = 0; i < std::min(rows.size(), rows_max); ++i)
    width = std::max(width, rows[i].name.size());
  std::string text = fmt::format("\n{:<{}}  {:>8}  {:>12}  {:>11}\n", title, width, "critical",
                                 "conventional", "single path");
  for (std::size_t i = 0; i < rows.size() && i < rows_max; ++i) {
    const Shares& s = rows[i].shares;
    text += fmt::format("{:<{}}  {:>8}  {:>12}  {:>11}  {}\n", rows[i].name, width, percent(s.cp),
                        percent(s.conventional), percent(s.single_path), bar(s.cp));
  }
  if (rows.size() > rows_max) text += fmt::format("… and {} more (--json, --csv)\n", rows.size() - rows_max);
  return text;
}

// Whom to place together, with their part of what messages take in the paths.
std::string colocation_text(const Summaries& summaries, const TraceSource& source) {
  constexpr std::size_t pairs_max = 5;
  const std::vector<Colocation> pairs = colocations(summaries);
  if (pairs.empty()) return {};
  std::string text = "\nplace together, for their share of all critical messages\n";
  for (std::size_t i = 0; i < std::min(pairs.size(), pairs_max); ++i)
    text += fmt::format("{} and {}: {}\n", source.worker_name(pairs[i].first),
                        source.worker_name(pairs[i].second), percent(pairs[i].share));
  return text;
}

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string paths_text(double log10) {
  if (log10 >= 15) return fmt::format("1e{:.0f} paths", std::floor(log10));
  return counted(static_cast<std::size_t>(std::llround(std::pow(10, log10))), "path");
}

std::string head_text(const Analysis& analysis, const std::string& name) {
  const Summaries& summaries = analysis.summaries;
  std::int64_t edges = 0, messages = 0;
  double paths_log10 = 0;
  for (const WindowResult& window : analysis.windows) {
    edges += window.edges;
    messages += window.messages;
    if (!window.paths.zero()) paths_log10 = std::max(paths_log10, window.paths.log10());
  }
  std::string text = fmt::format("{}: {}{} with something in {}, {} edges, {} of them messages\n", name,
                                 analysis.records > 0 ? fmt::format("{} records, ", analysis.records) : "",
                                 counted(analysis.windows.size(), "window"),
                                 analysis.windows.size() == 1 ? "it" : "them", edges, messages);
  if (summaries.windows() == 0) {
    text +=
        "No window has a path: in each of them, everybody waits for something that the trace does not "
        "hold.\n";
  } else {
    if (summaries.windows_without_path() > 0)
      text += fmt::format("{} windows have no path and are left out of all shares: everybody waits.\n",
                          summaries.windows_without_path());
    text += fmt::format("At most {} in a window.\n", paths_text(paths_log10));
  }
  return text + left_out_text(all_left_out(analysis));
}

std::string summaries_text(const Summaries& summaries, const TraceSource& source) {
  std::string text;
  constexpr std::size_t rows_max = 12;
  std::vector<Row> rows;
  for (const auto& [activity, shares] : summaries.by_activity())
    rows.push_back({std::string(activity_name(activity)), shares});
  text += table("activity", rows, rows_max);
  rows.clear();
  for (const auto& [worker, shares] : summaries.by_worker())
    rows.push_back({source.worker_name(worker), shares});
  text += table("worker", rows, rows_max);
  rows.clear();
  for (const auto& [operator_id, shares] : summaries.by_operator())
    rows.push_back({source.operator_name(operator_id), shares});
  if (!rows.empty()) text += table("operator, mean of its workers", rows, rows_max);
  rows.clear();
  for (const auto& [pair, shares] : summaries.by_pair())
    rows.push_back(
        {fmt::format("{} -> {}", source.worker_name(pair.from), source.worker_name(pair.to)), shares});
  if (!rows.empty()) text += table("messages", rows, rows_max);
  return text + colocation_text(summaries, source);
}

}  // namespace

std::string report_text(const Analysis& analysis, const TraceSource& source, const AnalysisOptions& options,
                        const std::string& name) {
  std::string text = head_text(analysis, name);
  if (analysis.summaries.windows() > 0) text += summaries_text(analysis.summaries, source);
  return text + findings_text(analysis, source, options);
}

std::string left_out_text(const std::map<std::string, std::int64_t>& left_out) {
  std::string text;
  for (const auto& [what, count] : left_out) text += fmt::format("Left out: {}: {}\n", what, count);
  return text;
}

std::string window_text(const WindowResult& window) {
  return fmt::format("{} to {} s: {} edges, {} of them messages, {}\n", exact_seconds(window.start_ns),
                     exact_seconds(window.end_ns), window.edges, window.messages,
                     window.paths.zero() ? "no path: everybody waits" : paths_text(window.paths.log10()));
}

std::string window_json_text(const WindowResult& window) {
  return window_json(window).dump() + "\n";
}

nlohmann::ordered_json report_json(const Analysis& analysis, const TraceSource& source,
                                   const AnalysisOptions& options) {
  const Summaries& summaries = analysis.summaries;
  Json json;
  json["records"] = analysis.records;
  json["windows"] = Json::array();
  for (const WindowResult& window : analysis.windows) json["windows"].push_back(window_json(window));
  json["windows_without_path"] = summaries.windows_without_path();
  json["activity"] = Json::array();
  json["straggler"] = Json::array();
  json["operator"] = Json::array();
  json["communication"] = Json::array();
  json["colocation"] = Json::array();
  if (summaries.windows() > 0) {
    for (const auto& [activity, shares] : summaries.by_activity())
      json["activity"].push_back(shares_json({{"activity", activity_name(activity)}}, shares));
    for (const auto& [worker, shares] : summaries.by_worker())
      json["straggler"].push_back(shares_json({{"worker", source.worker_name(worker)}}, shares));
    for (const auto& [operator_id, shares] : summaries.by_operator())
      json["operator"].push_back(shares_json({{"operator", source.operator_name(operator_id)}}, shares));
    for (const auto& [pair, shares] : summaries.by_pair())
      json["communication"].push_back(shares_json(
          {{"from", source.worker_name(pair.from)}, {"to", source.worker_name(pair.to)}}, shares));
    for (const Colocation& pair : colocations(summaries))
      json["colocation"].push_back(
          {{"workers", {source.worker_name(pair.first), source.worker_name(pair.second)}},
           {"cp", pair.messages.cp},
           {"share", pair.share},
           {"messages", pair.messages.edges}});
  }
  json["left_out"] = Json::object();
  for (const auto& [what, count] : all_left_out(analysis)) json["left_out"][what] = count;
  if (options.hops > 0) json["k_hop"] = k_hop_rows(analysis, source);
  if (options.metrics) json["metrics"] = metric_rows(analysis, source);
  if (options.invariants.any()) json["invariants"] = violation_rows(analysis, source);
  return json;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

namespace {

std::string summaries_csv(const Analysis& analysis, const TraceSource& source) {
  const Summaries& summaries = analysis.summaries;
  std::string text =
      "summary,activity,worker,operator,from,to,cp,conventional,single_path,duration_s,edges\n";
  if (summaries.windows() == 0) return text;
  const auto line = [&](const std::string& keys, const Shares& s) {
    text +=
        fmt::format("{},{},{},{},{},{}\n", keys, s.cp, s.conventional, s.single_path, s.duration_s, s.edges);
  };
  for (const auto& [activity, shares] : summaries.by_activity())
    line(fmt::format("activity,{},,,,", activity_name(activity)), shares);
  const auto worker_name = [&](std::int64_t worker) { return csv_field(source.worker_name(worker)); };
  for (const auto& [worker, shares] : summaries.by_worker())
    line(fmt::format("straggler,,{},,,", worker_name(worker)), shares);
  for (const auto& [operator_id, shares] : summaries.by_operator())
    line(fmt::format("operator,,,{},,", csv_field(source.operator_name(operator_id))), shares);
  for (const auto& [pair, shares] : summaries.by_pair())
    line(fmt::format("communication,,,,{},{}", worker_name(pair.from), worker_name(pair.to)), shares);
  return text;
}

// Flat objects, by columns.
std::string rows_csv(const std::vector<std::string>& columns, const Json& rows) {
  std::string text;
  for (const std::string& column : columns) text += (text.empty() ? "" : ",") + column;
  text += "\n";
  for (const Json& row : rows) {
    std::string line;
    for (const std::string& column : columns) {
      if (&column != &columns.front()) line += ",";
      const Json& value = row.at(column);
      if (value.is_string())
        line += csv_field(value.get<std::string>());
      else if (!value.is_null())
        line += value.dump();
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string report_csv(const Analysis& analysis, const TraceSource& source, CsvTable table) {
  switch (table) {
    case CsvTable::summaries:
      return summaries_csv(analysis, source);
    case CsvTable::k_hop:
      return rows_csv({"window", "activity", "worker", "edges", "duration_s"}, k_hop_rows(analysis, source));
    case CsvTable::metrics:
      return rows_csv({"window", "from", "to", "activity", "activities", "duration_s", "records"},
                      metric_rows(analysis, source));
    case CsvTable::invariants:
      return rows_csv({"invariant", "window", "worker", "to", "activity", "operator", "begin_s", "end_s",
                       "duration_s", "count", "peers"},
                      violation_rows(analysis, source));
  }
  return {};
}

}  // namespace weir::analyzer
