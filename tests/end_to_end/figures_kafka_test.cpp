// Kafka's figure: drawn, with the numbers that docs/figures.md has.

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

TEST_CASE("Kafka's large messages: ten points, four of them fitted to", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "kafka-large-messages");
  check_picture(folder.path() / "kafka-large-messages", "kafka-large-messages",
                {"published,measured,9.8,5,229", "weir,calibrated,9.8,15,", "weir,predicted,9.8,10,"});
  const char* const points[] = {"2.5 MB, 1", "2.5 MB, 5",  "2.5 MB, 10", "2.5 MB, 15",
                                "4.9 MB, 1", "4.9 MB, 10", "4.9 MB, 15", "9.8 MB, 1",
                                "9.8 MB, 5", "9.8 MB, 10", "9.8 MB, 15"};
  for (const char* point : points) {
    const std::string row = fmt::format("| {} |", point);
    CHECK(documented(row) == told(outcome, row));
  }
  const std::string data = read_file(folder.path() / "kafka-large-messages/kafka-large-messages.csv");
  // What the measured groups did at 9.8 and 2.5 MB, within 15 %.
  CHECK(value_of(data, "weir,calibrated,9.8,5,") == Approx(229).epsilon(0.15));
  CHECK(value_of(data, "weir,predicted,9.8,10,") == Approx(329).epsilon(0.15));
  CHECK(value_of(data, "weir,predicted,2.5,5,") == Approx(243).epsilon(0.15));
  CHECK(value_of(data, "weir,predicted,2.5,10,") == Approx(313).epsilon(0.15));
  CHECK(value_of(data, "weir,predicted,2.5,15,") == Approx(347).epsilon(0.15));
}
