#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/control/policy.hpp"

using namespace weir;

TEST_CASE("every policy names its source and explains each parameter", "[policy]") {
  const auto names = PolicyRegistry::names();
  for (const char* name : {"contune", "dhalion", "drs", "ds2", "flink-autoscaler", "hpa", "keda", "oracle",
                           "static", "threshold", "twres"})
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
  for (const Component* component : PolicyRegistry::list()) {
    if (component->info.name.starts_with("test-")) continue;  // only in this program
    INFO(component->info.name);
    CHECK_FALSE(component->info.help.empty());
    CHECK_FALSE(component->info.source.empty());
    for (const Param& param : component->table->params()) {
      INFO(param.name);
      CHECK_FALSE(param.text.help.empty());
      CHECK_FALSE(param.text.source.empty());
    }
  }
}
