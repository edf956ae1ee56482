#include "policies/dhalion/action_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir::dhalion {

const char* to_string(Action action) {
  switch (action) {
    case Action::scale_up:
      return "scale-up";
    case Action::scale_down:
      return "scale-down";
    case Action::undo:
      return "undo";
    case Action::scale_up_source:
      return "scale-up-source";
  }
  return "?";
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pending:
      return "pending";
    case Outcome::beneficial:
      return "beneficial";
    case Outcome::not_beneficial:
      return "not-beneficial";
    case Outcome::not_carried_out:
      return "not-carried-out";
  }
  return "?";
}

LogEntry* ActionLog::pending() {
  if (entries_.empty() || entries_.back().outcome != Outcome::pending) return nullptr;
  return &entries_.back();
}

bool ActionLog::matches(const LogEntry& past, const LogEntry& candidate) const {
  if (past.diagnosis != candidate.diagnosis || past.action != candidate.action) return false;
  if (p_.blacklist_scope == Scope::pair) return true;
  if (past.operator_id != candidate.operator_id) return false;
  if (p_.blacklist_scope == Scope::operator_) return true;
  const auto [least, most] = std::minmax(past.executed_per_s, candidate.executed_per_s);
  return past.from == candidate.from && most <= p_.similar_factor * least;
}

bool ActionLog::blacklisted(const LogEntry& candidate) const {
  if (p_.blacklist != Switch::on) return false;
  int taken = 0, failed = 0;
  for (const LogEntry& past : entries_) {
    if (past.outcome != Outcome::beneficial && past.outcome != Outcome::not_beneficial) continue;
    if (!matches(past, candidate)) continue;
    ++taken;
    if (past.outcome == Outcome::not_beneficial) ++failed;
  }
  return taken > 0 && static_cast<double>(failed) / taken > p_.blacklist_threshold;
}

nlohmann::json ActionLog::to_json(const std::vector<std::string>& names) const {
  nlohmann::json log = nlohmann::json::array(), blacklist = nlohmann::json::array();
  for (const LogEntry& entry : entries_) {
    const std::string& name = names[static_cast<std::size_t>(entry.operator_id)];
    log.push_back({{"time_s", entry.time_s},
                   {"diagnosis", to_string(entry.diagnosis)},
                   {"action", to_string(entry.action)},
                   {"operator", name},
                   {"from", entry.from},
                   {"to", entry.to},
                   {"outcome", to_string(entry.outcome)}});
    if (entry.outcome != Outcome::not_beneficial || !blacklisted(entry)) continue;
    nlohmann::json row = {{"diagnosis", to_string(entry.diagnosis)}, {"action", to_string(entry.action)}};
    if (p_.blacklist_scope != Scope::pair) row["operator"] = name;
    if (p_.blacklist_scope == Scope::similar) {
      row["parallelism"] = entry.from;
      row["executed_per_s"] = entry.executed_per_s;
    }
    if (std::find(blacklist.begin(), blacklist.end(), row) == blacklist.end()) blacklist.push_back(row);
  }
  return {{"log", log}, {"blacklist", blacklist}};
}

bool beneficial(const LogEntry& entry, const std::vector<ComponentSensors>& now, const JobView& job,
                const Params& p) {
  const ComponentSensors& component = now[static_cast<std::size_t>(entry.operator_id)];
  if (entry.action == Action::scale_down) {
    // Any backpressure: less of one component may show in another.
    for (std::size_t o = 0; o < now.size(); ++o)
      if (!job.operators[o].source && detect(now[o], p).backpressure) return false;
    return true;
  }
  if (entry.action == Action::scale_up) {
    if (!detect(component, p).backpressure) return true;  // the bottleneck is another one, or none
    if (component.backpressure_share() < entry.backpressure_share) return true;
  }
  return component.executed_per_s() >= p.expected_share * entry.executed_per_s * entry.to / entry.from;
}

}  // namespace weir::dhalion
