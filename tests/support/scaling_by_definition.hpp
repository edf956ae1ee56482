#pragma once

#include "sim/record/scaling_score.hpp"

// The score of scaling as its definitions read (scaling_score.hpp), from all actions and all of the optimum
// at once: what the fold over a run's events has to agree with. Equal neighbours in an optimum are not
// allowed.

namespace weir::test {

ScalingScore score_by_definition(const ScalingInput& input);

}  // namespace weir::test
