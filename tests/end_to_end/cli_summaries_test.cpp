#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"

// Summaries over many windows: means over time, and an operator's over its workers of each window.

using namespace weir::test;
using nlohmann::json;

namespace {

std::string name_of(const json& row, const std::string& summary) {
  if (summary == "communication")
    return row["from"].get<std::string>() + " > " + row["to"].get<std::string>();
  return row[summary == "straggler" ? "worker" : summary].get<std::string>();
}

json analyzed(const TemporaryFolder& folder, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"analyze", "run", "--json"};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome outcome = run_weir(words, {folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return json::parse(outcome.out);
}

}  // namespace

TEST_CASE("Summaries of many windows are the means of each window's own, by its length", "[cli][analyzer]") {
  struct Case {
    const char* until_s;
    double window_s;
  };
  // A last window of a hundredth; a rescale from one to three instances in the middle.
  for (const Case& c : {Case{"1.01", 1}, Case{"205", 25}}) {
    INFO(c.until_s << " s in windows of " << c.window_s);
    const TemporaryFolder folder;
    REQUIRE(run_weir({"run", "quickstart", "--until", c.until_s, "--trace", "pag", "-o", "run", "--quiet"},
                     {folder.path()})
                .code == 0);
    const std::string window = fmt::format("{}", c.window_s);
    const json whole = analyzed(folder, {"--window", window});
    REQUIRE(whole["windows"].size() > 1);
    std::map<std::string, std::map<std::string, double>> expected;  // by summary, by row and column
    double total_s = 0;
    bool grew = false;
    for (const json& part : whole["windows"]) {
      const double from_s = part["start_s"], to_s = part["end_s"];
      std::vector<std::string> options = {"--window", window, "--to", fmt::format("{}", to_s)};
      if (from_s > 0) options.insert(options.end(), {"--from", fmt::format("{}", from_s)});
      const json alone = analyzed(folder, options);
      REQUIRE(alone["windows"].size() == 1);
      total_s += to_s - from_s;
      for (const std::string summary : {"activity", "straggler", "operator", "communication"}) {
        for (const json& row : alone[summary]) {
          for (const char* column : {"cp", "conventional"})
            expected[summary][name_of(row, summary) + " " + column] +=
                row[column].get<double>() * (to_s - from_s);
        }
      }
      // Of one window: the mean of the workers, who did nothing else that takes part in paths.
      double workers = 0, sum = 0;
      for (const json& row : alone["straggler"]) {
        if (!row["worker"].get<std::string>().starts_with("split[")) continue;
        ++workers;
        sum += row["cp"].get<double>();
      }
      bool restarts = false;
      for (const json& row : alone["activity"]) restarts = restarts || row["activity"] == "fault-tolerance";
      grew = grew || workers == 3;
      for (const json& row : alone["operator"]) {
        if (row["operator"] == "split" && !restarts)
          CHECK(row["cp"].get<double>() == Approx(sum / workers).margin(1e-12));
      }
    }
    CHECK(grew == (c.window_s > 1));
    for (const std::string summary : {"activity", "straggler", "operator", "communication"}) {
      REQUIRE(!whole[summary].empty());
      for (const json& row : whole[summary]) {
        for (const char* column : {"cp", "conventional"}) {
          const std::string name = name_of(row, summary) + " " + column;
          INFO(summary << ": " << name);
          CHECK(row[column].get<double>() ==
                Approx(expected[summary][name] / total_s).epsilon(1e-9).margin(1e-12));
        }
      }
    }
  }
}
