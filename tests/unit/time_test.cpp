#include "sim/kernel/durations.hpp"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("seconds round to the nearest nanosecond", "[time]") {
  CHECK(to_nanos(1.0) == 1'000'000'000);
  CHECK(to_nanos(0.1 + 0.2) == 300'000'000);
  CHECK(to_nanos(1.4e-9) == 1);
  CHECK(to_nanos(1.6e-9) == 2);
  CHECK(to_nanos(-1.6e-9) == -2);
  CHECK(to_nanos(1e300) == never);
  CHECK(to_duration(2.5) == 2'500'000'000);
  CHECK(to_seconds(1'500'000'000) == 1.5);
}

TEST_CASE("what lasts longer than any run can be added to any time of a run", "[time]") {
  const Nanos end = 1'000'000'000 * nanos_per_second;
  for (const double seconds : {3e9, 9.3e9, 1e300}) {
    CHECK(to_duration(seconds) == longest_duration);
    CHECK(end + to_duration(seconds) > end);
    CHECK(later(end, to_nanos(seconds)) == longest_duration);
    CHECK(later(later(end, to_nanos(seconds)), to_nanos(seconds)) == longest_duration);
  }
  CHECK(later(5, 7) == 12);
}
