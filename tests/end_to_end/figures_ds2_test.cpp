// The figures of DS2's experiments on Flink: drawn, with the numbers that docs/figures.md has.

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

namespace {

// The row of a table in what a figure prints.
std::string told(const Outcome& outcome, const std::string& begin) {
  INFO(begin << " in\n" << outcome.out);
  const std::size_t at = ("\n" + outcome.out).find("\n" + begin);
  REQUIRE(at != std::string::npos);
  return outcome.out.substr(at, outcome.out.find('\n', at) - at);
}

}  // namespace

TEST_CASE("DS2, Fig. 7: two speeds give the decisions that they were fitted to, and 7/4 at 1 M/s",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-fig7", {"--models", "sample rates,two speeds"});
  check_picture(folder.path() / "ds2-fig7", "ds2-fig7",
                {"published,", "weir,calibrated,two speeds,", "weir,predicted,two speeds,",
                 "weir,predicted,sample rates,"});
  for (const char* model : {"| Fig. 7 |", "| sample rates |", "| two speeds |"})
    CHECK(documented(model) == told(outcome, model));
  CHECK_THAT(told(outcome, "| two speeds |"),
             Catch::Contains("14/7 at 40 s, 19/11 at") && Catch::Contains("| 7/4 at 810 s |"));
}

TEST_CASE("DS2, Fig. 8: one cost gives the plan of query 3, another one its rates", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-fig8", {"--queries", "Q3"});
  check_picture(folder.path() / "ds2-fig8", "ds2-fig8",
                {"published,", "weir,calibrated,", "weir,predicted,"});
  CHECK(documented("| Q3 | 35.5") == told(outcome, "| Q3 | 35.5"));
  CHECK(documented("| Q3, latency |") == told(outcome, "| Q3, latency |"));
  const std::string data = read_file(folder.path() / "ds2-fig8/ds2-fig8.csv");
  // An identity: the cost was chosen for it.
  CHECK(value_of(data, "weir,calibrated,Q3,by indicated,indicated,,") == 20);
  // Eight instances of the cost that fits four: predicted, and at most 3 % (of digitising) from the published
  // range.
  const double rate_per_s = value_of(data, "weir,predicted,Q3,by first rate,rate,8,");
  CHECK((rate_per_s > 0.97 * 470e3 && rate_per_s < 1.03 * 490e3));
  CHECK(value_of(data, "weir,predicted,Q3,by first rate,indicated,,") < 10);
  CHECK(value_of(data, "weir,predicted,Q3,by indicated,latency_p99_s,20,") < 0.3);
}

TEST_CASE("DS2, Table 4: one query is drawn", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-table4", {"--queries", "Q8"});
  check_picture(folder.path() / "ds2-table4", "ds2-table4",
                {"Q8,8,published,published,10", "Q8,8,constant,calibrated,10", "Q8,28,contended,calibrated,",
                 "Q8,12,contended,predicted,"});
  // Constant capacity: from anywhere to the final value at once.
  const std::string data = read_file(folder.path() / "ds2-table4/ds2-table4.csv");
  for (const char* initial : {"8", "12", "16", "20", "24", "28"})
    CHECK_THAT(data, Catch::Contains(std::string("\nQ8,") + initial + ",constant,calibrated,10\n"));
  CHECK_THAT(outcome.out, Catch::Contains("constant: 2 of 6 paths, 6 final values"));
}

TEST_CASE("the policies on one query of Nexmark are compared", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  draw(folder, "nexmark-policies", {"--workloads", "q8", "--loads", "step", "--policies", "static,oracle"});
  check_picture(folder.path() / "nexmark-policies", "nexmark-policies",
                {"q8,step,static,0,", "q8,step,oracle,"});
  const std::string table = read_file(folder.path() / "nexmark-policies/nexmark-policies.md");
  CHECK(std::count(table.begin(), table.end(), '\n') == 2 + 2);
}
