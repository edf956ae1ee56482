#pragma once

#include "policies/ds2/model.hpp"
#include "sim/control/policy.hpp"

// DS2's model from what a metric window tells, for policies that build on it: each record goes along every
// edge.

namespace weir::ds2 {

// By operator id. A source's target is what is offered, as the mean over the window, or what it pushed if
// nobody knows.
std::vector<OperatorRates> measured_rates(const JobView& job, const MetricWindow& window);

// The least share of its target that a source achieved, at most 1.
double achieved_share(const JobView& job, const MetricWindow& window);

}  // namespace weir::ds2
