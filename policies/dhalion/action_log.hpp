#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "policies/dhalion/diagnosis.hpp"

// The action log and the blacklist: which action was tried against which diagnosis, whether it helped, and
// what is therefore not tried again. Source: Dhalion, VLDB 2017: a (diagnosis, action) pair is blacklisted
// when (times it was not beneficial) / (times it was taken) exceeds a threshold; what makes two diagnoses the
// same is of Dhalion's code: same component, executed sums within a factor of 2.

namespace weir::dhalion {

enum class Action { scale_up, scale_down, undo, scale_up_source };
enum class Outcome { pending, beneficial, not_beneficial, not_carried_out };

const char* to_string(Action action);
const char* to_string(Outcome outcome);

struct LogEntry {
  double time_s = 0;
  Diagnosis diagnosis = Diagnosis::none;
  Action action = Action::scale_up;
  int operator_id = 0;
  int from = 1, to = 1;
  double executed_per_s = 0;      // of the component, before the action
  double backpressure_share = 0;  // of the component, before the action
  Outcome outcome = Outcome::pending;
};

class ActionLog {
 public:
  explicit ActionLog(const Params& params) : p_(params) {}

  void add(const LogEntry& entry) { entries_.push_back(entry); }
  // The entry whose outcome is still to be seen: the last one, as there is one action at a time.
  LogEntry* pending();
  // Would this be tried again? Looks at diagnosis, action, and as far as the scope says at operator,
  // parallelism and executed rate of `candidate`.
  bool blacklisted(const LogEntry& candidate) const;
  nlohmann::json to_json(const std::vector<std::string>& names) const;

 private:
  bool matches(const LogEntry& past, const LogEntry& candidate) const;

  Params p_;
  std::vector<LogEntry> entries_;
};

// Did it help? `now` are the sensors of all components after the action.
bool beneficial(const LogEntry& entry, const std::vector<ComponentSensors>& now, const JobView& job,
                const Params& p);

}  // namespace weir::dhalion
