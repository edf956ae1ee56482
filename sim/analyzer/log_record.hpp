#pragma once

#include <cstdint>

#include "sim/record/activity.hpp"

// One record of an event log, as instrumented systems write them (SnailTrail's log format).

namespace weir::analyzer {

enum class LogEvent : std::uint8_t {
  start = 1,  // of an activity
  end = 2,
  sent = 3,  // of a message
  received = 4,
  bogus = 5,  // a boundary of a window, made by the construction
};

struct LogRecord {
  static constexpr std::int64_t none = -1;

  std::uint64_t time_ns = 0;
  std::int64_t worker = 0;
  Activity activity{};
  LogEvent event{};
  std::int64_t correlator = none;  // the same for both ends of a message, among all that its sender sends
  std::int64_t remote_worker = none;
  std::int32_t operator_id = -1;
};

}  // namespace weir::analyzer
