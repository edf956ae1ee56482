#include "sim/control/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/kernel/assert.hpp"

namespace weir {

nlohmann::json Policy::state() const {
  return nullptr;
}

std::vector<OperatorNames> Policy::operator_names() const {
  return {};
}

std::string Policy::why_nothing(const JobView&) const {
  return {};
}

int clamp_parallelism(const OperatorView& op, int wanted) {
  WEIR_ASSERT(op.min_parallelism >= 1 && op.min_parallelism <= op.max_parallelism,
              "empty range of parallelism");
  return std::clamp(wanted, op.min_parallelism, op.max_parallelism);
}

std::string describe_targets(const Observation& seen, const std::vector<ScaleTarget>& targets) {
  std::string text;
  for (const ScaleTarget& target : targets) {
    if (!text.empty()) text += ", ";
    if (target.operator_id == all_workers) {
      text += fmt::format("workers -> {}", target.parallelism);
    } else {
      const auto id = static_cast<std::size_t>(target.operator_id);
      text +=
          fmt::format("{} {} -> {}", seen.job.operators[id].name, seen.parallelism[id], target.parallelism);
    }
  }
  return text;
}

}  // namespace weir
