// The figures of DS2's experiments on Flink: drawn, with the numbers that docs/figures.md has.

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

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

TEST_CASE("DS2, Fig. 8: one cost gives the plan of query 2, another one its rates", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-fig8", {"--queries", "Q2"});
  check_picture(folder.path() / "ds2-fig8", "ds2-fig8",
                {"published,", "weir,calibrated,", "weir,predicted,"});
  CHECK(documented("| Q2 | 3.37") == told(outcome, "| Q2 | 3.37"));
  CHECK(documented("| Q2, latency |") == told(outcome, "| Q2, latency |"));
  const std::string data = read_file(folder.path() / "ds2-fig8/ds2-fig8.csv");
  // An identity: the cost was chosen for it.
  CHECK(value_of(data, "weir,calibrated,Q2,by indicated,indicated,,") == 14);
  // Twelve instances of the cost that fits eight bear the rate, as published; DS2 asks for fewer than in the
  // paper.
  CHECK(value_of(data, "weir,predicted,Q2,by first rate,rate,12,") == Approx(4e6).epsilon(0.03));
  CHECK(value_of(data, "weir,predicted,Q2,by first rate,indicated,,") <= 12);
  CHECK(value_of(data, "weir,predicted,Q2,by indicated,rate,12,") < 0.95 * 4e6);
  CHECK(value_of(data, "weir,predicted,Q2,by indicated,latency_p99_s,14,") < 0.3);
}

TEST_CASE("DS2, Fig. 10: instrumentation that fits query 1 is within the stated bound for another one",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-fig10", {"--queries", "Q1,Q5"});
  check_picture(folder.path() / "ds2-fig10", "ds2-fig10",
                {"published,", "weir,calibrated,Q1,", "weir,predicted,Q5,"});
  for (const char* query : {"| Q1, instrumented |", "| Q5, instrumented |"})
    CHECK(documented(query) == told(outcome, query));
  const auto ratio = [&](const std::string& line) {
    const std::string data = read_file(folder.path() / "ds2-fig10/ds2-fig10.csv");
    const std::size_t at = data.find("\n" + line);
    REQUIRE(at != std::string::npos);
    const std::string row = data.substr(at + 1, data.find('\n', at + 1) - at - 1);
    return std::stod(row.substr(row.rfind(',') + 1));
  };
  CHECK(ratio("weir,calibrated,Q1,") == Approx(ratio("published,digitised,Q1,")).epsilon(0.015));
  CHECK(ratio("weir,predicted,Q5,") < 1.13);
}

TEST_CASE("DS2 under skew: the steps without it, and the rate of the fullest Count", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-skew");
  check_picture(
      folder.path() / "ds2-skew", "ds2-skew",
      {"published,", "weir,predicted,sample rates,20,1,", "weir,predicted,first deployment fast,20,2,"});
  for (const std::string model : {"sample rates", "first deployment fast"}) {
    const auto steps = [&](const std::string& row) {
      const std::size_t begin = row.find("% |");
      return row.substr(begin, row.rfind('|', row.size() - 2) - begin);
    };
    const std::string without = steps(told(outcome, "| " + model + ", 0 %"));
    for (const char* skew : {"0", "20", "50", "70"}) {
      const std::string begin = "| " + model + ", " + skew + " %";
      const std::string row = told(outcome, begin);
      CHECK(documented(begin) == row);
      CHECK(steps(row) == without);
      const double rate = std::stod(row.substr(row.rfind('|', row.size() - 2) + 1));
      const double bound = std::stod(row.substr(row.find('(') + 1));
      CHECK(rate == Approx(bound).epsilon(0.05));
    }
  }
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

TEST_CASE("laws of capacity for DS2's Table 4 predict what is documented", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "ds2-table4-laws", {"--laws", "constant,Gunther,over"});
  check_picture(
      folder.path() / "ds2-table4-laws", "ds2-table4-laws",
      {"constant,calibrated,", "constant,predicted,", "Gunther,predicted,8,23,24,", "over,predicted,"});
  for (const char* law : {"| constant | 1 |", "| Gunther | 2 |", "| over | 2 |"})
    CHECK(documented(law) == told(outcome, law));
}
