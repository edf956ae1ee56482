#include "sim/analyzer/findings_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::analyzer {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t rows_max = 12;

double seconds(double nanos) {
  return nanos / 1e9;  // the nearest to what a person writes
}
double seconds(Nanos nanos) {
  return seconds(static_cast<double>(nanos));
}

std::string more(std::size_t rows) {
  return rows > rows_max ? fmt::format("… and {} more (--json, --csv)\n", rows - rows_max) : "";
}

// Rows of text and numbers, the largest first.
struct Line {
  std::string name;
  double weight;
  std::string numbers;
};

std::string lines_text(const std::string& title, const std::string& columns, std::vector<Line> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.weight > b.weight; });
  std::size_t width = title.size();
  const std::size_t shown = std::min(lines.size(), rows_max);
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, lines[i].name.size());
  std::string text = fmt::format("\n{:<{}}  {}\n", title, width, columns);
  for (std::size_t i = 0; i < shown; ++i)
    text += fmt::format("{:<{}}  {}\n", lines[i].name, width, lines[i].numbers);
  return text + more(lines.size());
}

std::string k_hop_text(const Analysis& analysis, const TraceSource& source, int hops) {
  KHopSums sums;
  for (const WindowFindings& window : analysis.findings) {
    for (const auto& [key, sum] : window.k_hop) sums[key] += sum;
  }
  std::vector<Line> lines;
  for (const auto& [key, sum] : sums) {
    lines.push_back({fmt::format("{} at {}", activity_name(key.activity), source.worker_name(key.worker)),
                     seconds(sum.duration_ns),
                     fmt::format("{:>10g}  {:>12.6g}", sum.edges, seconds(sum.duration_ns))});
  }
  return lines_text(fmt::format("{} {} back from waiting", hops, hops == 1 ? "hop" : "hops"),
                    fmt::format("{:>10}  {:>12}", "edges", "duration_s"), lines);
}

std::string metrics_text(const Analysis& analysis, const TraceSource& source) {
  MetricSums sums;
  for (const WindowFindings& window : analysis.findings) {
    for (const auto& [key, sum] : window.metrics) sums[key] += sum;
  }
  std::vector<Line> lines;
  for (const auto& [key, sum] : sums) {
    const std::string from = source.worker_name(key.from_worker);
    const std::string where =
        is_message(key.activity) ? from + " -> " + source.worker_name(key.to_worker) : from;
    lines.push_back({fmt::format("{} at {}", activity_name(key.activity), where), seconds(sum.duration_ns),
                     fmt::format("{:>10}  {:>12.6g}  {:>10}", sum.activities, seconds(sum.duration_ns),
                                 source.holds_records() ? fmt::format("{}", sum.records) : "-")});
  }
  return lines_text("metrics", fmt::format("{:>10}  {:>12}  {:>10}", "activities", "duration_s", "records"),
                    lines);
}

std::string violation_text(const Violation& v, const TraceSource& source) {
  const std::string when =
      fmt::format("from {:.9f} s on, {:.9f} s", seconds(v.begin_ns), seconds(v.end_ns - v.begin_ns));
  switch (v.invariant) {
    case Invariant::some_progress:
      return fmt::format("window {}: {} sent {} of {} control messages", v.epoch,
                         source.worker_name(v.worker), v.count, v.peers);
    case Invariant::max_progress:
      return fmt::format("window {}: {} sent no control message, {}", v.epoch, source.worker_name(v.worker),
                         when);
    case Invariant::max_epoch:
      return fmt::format("window {}: {}", v.epoch, when);
    case Invariant::max_operator:
      return fmt::format(
          "window {}: {}, {} for {}, {}", v.epoch, source.worker_name(v.worker), activity_name(v.activity),
          v.operator_id == no_operator ? "no operator" : source.operator_name(v.operator_id), when);
    case Invariant::max_message:
      return fmt::format("window {}: {} -> {}, {}, {}", v.epoch, source.worker_name(v.worker),
                         source.worker_name(v.to), activity_name(v.activity), when);
  }
  return {};
}

bool looked_at(const InvariantLimits& limits, Invariant invariant) {
  switch (invariant) {
    case Invariant::some_progress:
      return limits.some_progress;
    case Invariant::max_progress:
      return limits.max_progress_ns.has_value();
    case Invariant::max_epoch:
      return limits.max_epoch_ns.has_value();
    case Invariant::max_operator:
      return limits.max_operator_ns.has_value();
    case Invariant::max_message:
      return limits.max_message_ns.has_value();
  }
  return false;
}

std::string invariants_text(const InvariantCheck& check, const TraceSource& source) {
  std::string text = "\ninvariants\n";
  for (std::size_t i = 0; i < invariant_count; ++i) {
    const auto invariant = static_cast<Invariant>(i);
    if (!looked_at(check.limits(), invariant)) continue;
    const std::int64_t count = check.count(invariant);
    text += fmt::format("{}: {}\n", invariant_name(invariant),
                        count == 0 ? std::string("holds") : fmt::format("does not hold, {} times", count));
    std::size_t shown = 0;
    for (const Violation& violation : check.violations()) {
      if (violation.invariant != invariant || ++shown > rows_max) continue;
      text += fmt::format("  {}\n", violation_text(violation, source));
    }
    text += more(static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Json k_hop_rows(const Analysis& analysis, const TraceSource& source) {
  Json rows = Json::array();
  for (const WindowFindings& window : analysis.findings) {
    for (const auto& [key, sum] : window.k_hop) {
      rows.push_back({{"window", window.epoch},
                      {"activity", activity_name(key.activity)},
                      {"worker", source.worker_name(key.worker)},
                      {"edges", sum.edges},
                      {"duration_s", seconds(sum.duration_ns)}});
    }
  }
  return rows;
}

Json metric_rows(const Analysis& analysis, const TraceSource& source) {
  Json rows = Json::array();
  for (const WindowFindings& window : analysis.findings) {
    for (const auto& [key, sum] : window.metrics) {
      rows.push_back({{"window", window.epoch},
                      {"from", source.worker_name(key.from_worker)},
                      {"to", source.worker_name(key.to_worker)},
                      {"activity", activity_name(key.activity)},
                      {"activities", sum.activities},
                      {"duration_s", seconds(sum.duration_ns)},
                      {"records", source.holds_records() ? Json(sum.records) : Json(nullptr)}});
    }
  }
  return rows;
}

Json violation_rows(const Analysis& analysis, const TraceSource& source) {
  Json rows = Json::array();
  for (const Violation& v : analysis.invariants.violations()) {
    const bool of_activity = v.invariant == Invariant::max_operator || v.invariant == Invariant::max_message;
    const bool counted = v.invariant == Invariant::some_progress || (of_activity && source.holds_records());
    rows.push_back(
        {{"invariant", invariant_name(v.invariant)},
         {"window", v.epoch},
         {"worker", v.invariant == Invariant::max_epoch ? Json(nullptr) : Json(source.worker_name(v.worker))},
         {"to", v.invariant == Invariant::max_message ? Json(source.worker_name(v.to)) : Json(nullptr)},
         {"activity", of_activity ? Json(activity_name(v.activity)) : Json(nullptr)},
         {"operator",
          v.operator_id == no_operator ? Json(nullptr) : Json(source.operator_name(v.operator_id))},
         {"begin_s", seconds(v.begin_ns)},
         {"end_s", seconds(v.end_ns)},
         {"duration_s", seconds(v.end_ns - v.begin_ns)},
         {"count", counted ? Json(v.count) : Json(nullptr)},
         {"peers", v.invariant == Invariant::some_progress ? Json(v.peers) : Json(nullptr)}});
  }
  return rows;
}

std::string findings_text(const Analysis& analysis, const TraceSource& source,
                          const AnalysisOptions& options) {
  std::string text;
  if (options.hops > 0) text += k_hop_text(analysis, source, options.hops);
  if (options.metrics) text += metrics_text(analysis, source);
  if (options.invariants.any()) text += invariants_text(analysis.invariants, source);
  return text;
}

}  // namespace weir::analyzer
