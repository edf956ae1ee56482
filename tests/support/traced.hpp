#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/analyzer/participation.hpp"
#include "sim/analyzer/trace_source.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/program.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Runs a scenario with a trace, and sums that up.

namespace weir::test {

// Runs it in a child; what `sum_up` makes of its trace.
template <class SumUp>
nlohmann::json sum_of_trace(const ScenarioText& scenario, SumUp&& sum_up) {
  return in_child([&]() -> nlohmann::json {
    Errors errors;
    const auto loaded = load_scenario_text(scenario.text(), "test", ".", {}, errors);
    if (!loaded) return {{"error", errors.text()}};
    const TemporaryFolder folder;
    SimulationOptions options;
    options.output = folder.path();
    options.trace.emplace();
    simulate(*loaded, options);
    return sum_up(*analyzer::read_run_file(folder.path() / "run.h5"));
  });
}

// Of the trace: seconds by worker and activity, windows of a second and which of them have no path.
inline nlohmann::json traced(const ScenarioText& scenario) {
  const nlohmann::json result = sum_of_trace(scenario, [](auto& source) -> nlohmann::json {
    std::map<std::string, std::map<std::string, double>> seconds;
    int windows = 0;
    std::vector<int> without_path;
    analyzer::EdgeWindow window;
    while (source.next(nanos_per_second, window)) {
      analyzer::Pag pag;
      analyzer::EdgeConstruction(nanos_per_second / 10).build(window, pag);
      analyzer::Participation participation;
      participation.count(pag);
      if (participation.paths().zero()) without_path.push_back(windows);
      ++windows;
      for (std::size_t c = 0; c < pag.chains(); ++c)
        for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v)
          seconds[source.worker_name(pag.worker[c])][std::string(activity_name(pag.local[v].activity))] +=
              to_seconds(pag.time_ns[v + 1] - pag.time_ns[v]);
    }
    return {{"seconds", seconds}, {"windows", windows}, {"without_path", without_path}};
  });
  INFO(result.dump(1));
  REQUIRE(!result.contains("error"));
  return result;
}

}  // namespace weir::test
