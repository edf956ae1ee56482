#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/dataflow/ring.hpp"
#include "sim/dataflow/tracer.hpp"
#include "sim/kernel/calendar.hpp"

// A thread of the driver: does one thing after the other, in the order in which they were given to it. On
// cores of its own. A worker of the trace, which is scheduling or waits.

namespace weir::spark {

class DriverThread final : EventHandler {
 public:
  struct Work {
    std::uint32_t kind = 0;
    std::uint32_t argument = 0;
    Nanos cost_ns = 0;
  };

  DriverThread(Calendar& calendar, std::uint32_t id) : calendar_(calendar) { handler_id = id; }
  void trace_to(Tracer& tracer, const std::string& role);

  // When a piece of work is over; and when there is no more to do.
  std::function<void(const Work&)> on_done;
  std::function<void()> on_idle;

  void give(const Work& work);
  bool idle() const { return !busy_ && waiting_.empty(); }
  Nanos busy_ns() const { return busy_ns_; }

  // ---- trace ----
  int trace_worker() const { return trace_worker_; }
  // When it sent a signal that it causes now: while it worked, if it did.
  Nanos signal_ns() const {
    return worked_until_ns_ == calendar_.now() ? calendar_.now() - 1 : calendar_.now();
  }
  void trace_until(Nanos now);
  Nanos traced_until_ns() const { return traced_until_ns_; }
  bool busy() const { return busy_; }

 private:
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void begin();

  Calendar& calendar_;
  Tracer* tracer_ = nullptr;
  int trace_worker_ = -1;
  Ring<Work> waiting_;
  Work doing_;
  bool busy_ = false;
  Nanos begun_ns_ = 0;
  Nanos worked_until_ns_ = -1;
  Nanos traced_until_ns_ = 0;
  Nanos busy_ns_ = 0;
};

}  // namespace weir::spark
