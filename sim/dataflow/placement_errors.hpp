#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weir {

class Cluster;
struct LogicalGraph;

// Parameters of a placement that only the cluster or the dataflow show to be wrong. Thrown when one is built.
struct PlacementParameterError : std::runtime_error {
  struct Problem {
    std::string parameter;  // its path below the placement: "operators.count"
    std::string what;
    std::string allowed;
  };
  explicit PlacementParameterError(std::vector<Problem> all)
      : std::runtime_error(all.front().what), problems(std::move(all)) {}
  std::vector<Problem> problems;  // at least one
};

// What is allowed instead of a name: the first ten.
std::string operator_names(const LogicalGraph& graph);
std::string host_names(const Cluster& cluster);

}  // namespace weir
