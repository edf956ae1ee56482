#pragma once

#include <cstdint>
#include <optional>

// What a rescale costs after its downtime: what arrived meanwhile waits outside of the job, and is worked off
// beside what arrives. Known to the end of a metric window.

namespace weir {

// Whether, at the end of a window, no more records wait outside than did at the end of the last window before
// the action was asked for, give or take a tenth of a second's: sources take in by the batch.
inline bool caught_up(double backlog_records, double backlog_before_records, double offered_per_s) {
  constexpr double always_s = 0.1;
  return backlog_records <= backlog_before_records + offered_per_s * always_s;
}

// One job's windows and actions as they happen. An action that another follows before the job has caught up
// never does: what waits then is the work of both.
class CatchingUp {
 public:
  // An action that is not refused.
  void began() {
    waits_for_.reset();
    before_records_ = backlog_records_;
  }
  void ended(std::int64_t action_id, double time_s) {
    waits_for_ = action_id;
    ended_s_ = time_s;
  }
  struct Result {
    std::int64_t action_id;
    double catch_up_s;  // from the action's end on
  };
  std::optional<Result> window(double end_s, double backlog_records, double offered_per_s) {
    backlog_records_ = backlog_records;
    if (!waits_for_ || end_s <= ended_s_ || !caught_up(backlog_records, before_records_, offered_per_s))
      return {};
    const Result result{*waits_for_, end_s - ended_s_};
    waits_for_.reset();
    return result;
  }

 private:
  double backlog_records_ = 0;  // when the last window ended
  double before_records_ = 0;   // of the action
  double ended_s_ = 0;
  std::optional<std::int64_t> waits_for_;
};

}  // namespace weir
