#include "sim/kernel/time.hpp"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("seconds round to the nearest nanosecond", "[time]") {
  CHECK(to_nanos(1.0) == 1'000'000'000);
  CHECK(to_nanos(0.1 + 0.2) == 300'000'000);
  CHECK(to_nanos(1.4e-9) == 1);
  CHECK(to_nanos(1.6e-9) == 2);
  CHECK(to_nanos(-1.6e-9) == -2);
  CHECK(to_nanos(1e300) == never);
  CHECK(to_seconds(1'500'000'000) == 1.5);
}
