#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/program.hpp"
#include "tests/support/simulate.hpp"

// The shipped scenario of BARRE's worked example, to change and to run.

namespace weir::test {

inline nlohmann::json shipped_worked_example(const std::string& source_dir) {
  return nlohmann::json::parse(read_file(source_dir + "/scenarios/papers/barre/worked-example.json"));
}

inline nlohmann::json steady(double rate_per_s) {
  return {{"type", "constant"}, {"rate_per_s", rate_per_s}};
}

inline nlohmann::json rising(double rate_per_s, double at_s, double to_per_s) {
  return {
      {"type", "phases"},
      {"phases",
       {{{"duration_s", at_s}, {"rate_per_s", rate_per_s}}, {{"duration_s", 1}, {"rate_per_s", to_per_s}}}}};
}

}  // namespace weir::test
