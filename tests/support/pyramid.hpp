#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/analyzer/log_record.hpp"

// The event logs that SnailTrail's own tests are made of (its test-gen): workers call one another like nested
// functions. Worker w sends to w + 1 one slot after it has begun, and has its answer one slot before it ends:
//
//   worker 0  ├─act─┬────────infix────────┬─act─┤
//                    ╲                    ╱
//   worker 1  prefix  ├─act─┬─infix─┬─act─┤  suffix      4 (workers - 1) + 1 slots in all

namespace weir::test {

struct Pyramid {
  int workers = 10;
  int phases = 1;
  std::int64_t phase_ns = 10'000'000;
  Activity activity = Activity::processing;
  std::optional<Activity> prefix = Activity::waiting;
  std::optional<Activity> infix = Activity::processing;
  std::optional<Activity> suffix = Activity::waiting;
  bool calls = true;
  bool answers = true;

  static constexpr std::uint64_t start_ns = 1'000'000'000'000'000;

  // By time; each activity's operator is its worker.
  std::vector<analyzer::LogRecord> records() const;
};

}  // namespace weir::test
