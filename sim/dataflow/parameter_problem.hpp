#pragma once

#include <string>

namespace weir {

// What is wrong with one parameter of an engine or a broker, where only the cluster or the job shows it.
struct ParameterProblem {
  std::string parameter;  // its path below the component: "resources.0.uses.map"
  std::string what;
  std::string allowed;
};

}  // namespace weir
