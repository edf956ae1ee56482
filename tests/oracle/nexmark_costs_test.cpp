#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models/workloads/nexmark/costs.hpp"
#include "tests/support/program.hpp"

// The costs of Nexmark's queries: five constants fitted to 22 published runs, each query left out in turn.
// The table in docs/nexmark.md is made here.

using namespace weir;
using namespace weir::nexmark;

namespace {

const std::filesystem::path page = std::filesystem::path(WEIR_SOURCE_DIR) / "docs/nexmark.md";
constexpr double slots = 8;

double error_of(double us, const QueryWork& work) {
  return us / work.published_slot_us - 1;
}

struct FitErrors {
  std::string table;
  double mean_fitted = 0, mean_left_out = 0;
};

// Rates are events a second of eight slots; an error of time is that of the rate with the sign turned.
FitErrors fit_errors() {
  FitErrors errors;
  errors.table =
      "| query | published k events/s | fitted | error | without it | error |\n|---|--:|--:|--:|--:|--:|\n";
  const auto rate = [](double us) { return 1e3 * slots / us; };
  for (int i = 0; i < query_count; ++i) {
    const QueryWork& work = query_works()[static_cast<std::size_t>(i)];
    const double fitted = work.slot_us(fitted_costs()), without = work.slot_us(fit_costs(i));
    const double published = work.published_slot_us;
    errors.table += fmt::format("| {} | {:.0f} | {:.0f} | {:+.0f} % | {:.0f} | {:+.0f} % |\n", work.query,
                                rate(published), rate(fitted), 100 * (published / fitted - 1), rate(without),
                                100 * (published / without - 1));
    errors.mean_fitted += std::abs(error_of(fitted, work)) / query_count;
    errors.mean_left_out += std::abs(error_of(without, work)) / query_count;
  }
  const CostConstants c = fitted_costs();
  errors.table += fmt::format(
      "\nMean error of the time of an event: {:.0f} % fitted, {:.0f} % with the query left out. Constants: "
      "event {} us, "
      "function {} us, update {} us, access {} us, byte {} ns.\n",
      100 * errors.mean_fitted, 100 * errors.mean_left_out, c.event_us, c.function_us, c.update_us,
      c.access_us, c.byte_ns);
  return errors;
}

}  // namespace

TEST_CASE("nexmark: the shipped costs are the fitted ones", "[nexmark][oracle]") {
  const CostConstants fitted = fit_costs(-1), shipped = fitted_costs();
  CHECK(shipped.event_us == Approx(fitted.event_us).epsilon(0.01));
  CHECK(shipped.function_us == Approx(fitted.function_us).epsilon(0.01));
  CHECK(shipped.update_us == Approx(fitted.update_us).epsilon(0.01));
  CHECK(shipped.access_us == Approx(fitted.access_us).epsilon(0.01));
  CHECK(shipped.byte_ns == Approx(fitted.byte_ns).epsilon(0.01));
}

TEST_CASE("docs/nexmark.md: the table of costs is what the fit says", "[nexmark][docs]") {
  const FitErrors found = fit_errors();
  // The stated tolerance.
  CHECK(found.mean_fitted < 0.20);
  CHECK(found.mean_left_out < 0.25);
  const std::string begin = "<!-- cost-table -->\n", end = "<!-- end of cost-table -->";
  std::string text = test::read_file(page);
  const std::size_t from = text.find(begin), to = text.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) {
    text.replace(from + begin.size(), to - from - begin.size(), found.table);
    std::ofstream(page) << text;
  }
  INFO("WEIR_UPDATE_DOCS=1 writes it anew");
  text = test::read_file(page);
  CHECK(text.substr(from + begin.size(), text.find(end) - from - begin.size()) == found.table);
}

TEST_CASE("nexmark: each query reaches in simulation the rate that its costs allow", "[nexmark][oracle]") {
  for (const QueryWork& work : query_works()) {
    INFO(work.query);
    const double capacity_per_s = 1e6 * slots / work.slot_us(fitted_costs());
    const std::string query = work.query;
    const bool windows_in_event_time = query == "q5" || query == "q7" || query == "q8" || query == "q11";
    const test::TemporaryFolder folder;
    folder.write(
        "full.json",
        fmt::format(R"({{"weir": 1, "name": "full", "until_s": 12, "cluster": {{"hosts": [{{"count": 4,
        "cores": 64, "slots": 64}}]}}, "jobs": [{{"name": "nexmark", "engine": "generic", "policy": "static",
        "workload": {{"type": "nexmark-{}", {}
                      "arrivals": {{"type": "constant", "rate_per_s": {}}}}}}}]}})",
                    work.query, windows_in_event_time ? R"("watermark_holdback_s": 0.5,)" : "",
                    1.3 * capacity_per_s));
    const test::Outcome outcome = test::run_weir({"run", "full.json", "--json"}, {folder.path()});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto summary = nlohmann::json::parse(outcome.out);
    CHECK(summary["conservation"]["ok"] == true);
    const double achieved_per_s = summary["throughput"]["achieved_per_s"];
    // The queues that fill at first count as achieved. Hot keys take some of it away: three quarters of the
    // bids of a source go to one session for a moment, and the queues of the others run dry.
    const double taken = query == "q11" ? 0.3 : 0.08;
    CHECK(achieved_per_s > (1 - taken) * capacity_per_s);
    CHECK(achieved_per_s < 1.08 * capacity_per_s);
  }
}
