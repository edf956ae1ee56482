#include "sim/simulation/reference.hpp"

#include "sim/scenario/reference.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {

std::string scenario_reference() {
  const RegistryCore* const registries[] = {&WorkloadRegistry::core(), &ArrivalRegistry::core(),
                                            &OperatorRegistry::core(), &EngineRegistry::core(),
                                            &PolicyRegistry::core(),   &PlacementRegistry::core(),
                                            &BrokerRegistry::core()};
  return markdown_reference("Scenario files", scenario_table().table(), registries);
}

}  // namespace weir
