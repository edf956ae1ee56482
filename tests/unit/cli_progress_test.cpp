#include <catch2/catch.hpp>

#include "sim/cli/progress.hpp"

using namespace weir;

TEST_CASE("the progress line says how far, how fast, how long", "[cli]") {
  CHECK(progress_line(150, 600, 1, 100) ==
        " 25 % [####            ] 2 min 30 s of 10 min, 150x real time, 3 s left");
  CHECK(progress_line(0, 600, 5, 100) == "  0 % [                ] 0 s of 10 min");
  CHECK(progress_line(600, 600, 0, 100) == "100 % [################] 10 min of 10 min");
}

TEST_CASE("the progress line never wraps, whatever the width", "[cli]") {
  for (int columns = 0; columns < 120; ++columns)
    CHECK(static_cast<int>(progress_line(150, 600, 1, columns).size()) <= std::max(columns - 1, 1));
  CHECK(progress_line(150, 600, 1, 30).find('[') == std::string::npos);  // numbers rather than a bar
}

TEST_CASE("the progress line survives an end that moves", "[cli]") {
  CHECK(progress_line(700, 600, 1, 100).substr(0, 5) == "100 %");
  CHECK(progress_line(0, 0, 0, 100).substr(0, 5) == "100 %");
}
