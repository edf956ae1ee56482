#pragma once

#include <cstdint>
#include <string_view>

// What a worker does, or what travels between two. The first thirteen are SnailTrail's (NSDI 2018), with the
// numbers of its log format; `blocked` is weir's own, `spinning` ST2's (SnailTrail's successor).

namespace weir {

enum class Activity : std::uint8_t {
  input = 1,
  buffer = 2,
  scheduling = 3,
  processing = 4,
  barrier = 5,
  serialization = 6,
  deserialization = 7,
  fault_tolerance = 8,
  control_message = 9,
  data_message = 10,
  unknown = 11,
  waiting = 12,
  busy_waiting = 13,
  blocked = 14,   // by backpressure: waits for room downstream
  spinning = 15,  // scheduled, but with nothing to do
};

inline constexpr int activity_count = 16;  // and one for 0, which is none

constexpr bool is_activity(std::uint64_t number) {
  return number >= 1 && number < activity_count;
}
constexpr bool is_message(Activity activity) {
  return activity == Activity::control_message || activity == Activity::data_message;
}
// Nothing is ever critical in it: somebody else is what it waits for. No path runs along it.
constexpr bool is_waiting(Activity activity) {
  return activity == Activity::waiting || activity == Activity::blocked;
}

constexpr std::string_view activity_name(Activity activity) {
  constexpr std::string_view names[activity_count] = {
      "none",          "input",           "buffer",          "scheduling",      "processing",   "barrier",
      "serialization", "deserialization", "fault-tolerance", "control-message", "data-message", "unknown",
      "waiting",       "busy-waiting",    "blocked",         "spinning"};
  return names[static_cast<int>(activity)];
}

}  // namespace weir
