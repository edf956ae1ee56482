#pragma once

#include <string>

namespace weir {

// docs/reference/scenario.md: every parameter of a scenario and of all registered components, from their
// tables.
std::string scenario_reference();

}  // namespace weir
