#pragma once

#include <simgrid/s4u.hpp>
#include <utility>
#include <vector>

#include "sim/kernel/time.hpp"

// Who started a SimGrid activity. SimGrid has one completion signal for everybody: the activity's data says
// whom it concerns, and is null from the moment an activity is cancelled (SimGrid 3.32 signals a cancelled
// Exec twice). Included by the .cpp files of sim/cluster only.

namespace weir {

class ActivityOwner {
 public:
  // Called inside SimGrid's loop, with its clock at the end of the activity. Must not drop the last pointer
  // to the activity: SimGrid is not done with it.
  virtual void on_activity_end() = 0;

 protected:
  ~ActivityOwner() = default;

  void own(simgrid::s4u::Activity& activity) { activity.set_data(static_cast<void*>(this)); }
  static void disown(simgrid::s4u::Activity& activity) { activity.set_data(nullptr); }
};

// Where activities go that ended or were cancelled. SimGrid 3.32 still looks at them until it has handled the
// end, which it has when its clock has moved on. What is under way when the run ends stays for ever: SimGrid
// tears down its own solvers at exit, and an activity that dies after them crashes.
class ActivityGrave {
 public:
  ActivityGrave() = default;
  ActivityGrave(const ActivityGrave&) = delete;
  ActivityGrave& operator=(const ActivityGrave&) = delete;
  ~ActivityGrave() {
    for (auto& activity : buried_) keep_for_ever(std::move(activity));
  }

  static void keep_for_ever(simgrid::s4u::ActivityPtr activity) {
    static auto* const kept = new std::vector<simgrid::s4u::ActivityPtr>;
    kept->push_back(std::move(activity));
  }

  void bury(simgrid::s4u::ActivityPtr activity) {
    const double now = simgrid::s4u::Engine::get_clock();
    if (now > latest_) buried_.clear();
    latest_ = now;
    buried_.push_back(std::move(activity));
  }

 private:
  std::vector<simgrid::s4u::ActivityPtr> buried_;
  double latest_ = 0;
};

inline Nanos simgrid_now_ns() {
  return to_nanos(simgrid::s4u::Engine::get_clock());
}

}  // namespace weir
