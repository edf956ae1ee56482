#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/simulation/reference.hpp"

using namespace weir;

TEST_CASE("docs/reference/scenario.md is what the tables say", "[docs]") {
  const std::string path = std::string(WEIR_SOURCE_DIR) + "/docs/reference/scenario.md";
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) std::ofstream(path) << scenario_reference();
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  INFO("WEIR_UPDATE_DOCS=1 weir_tests \"docs/reference/scenario.md*\" writes it anew");
  CHECK((text.str() == scenario_reference()));
}
