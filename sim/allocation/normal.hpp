#pragma once

#include <optional>
#include <vector>

#include "sim/allocation/network.hpp"

namespace weir::allocation {

// The n with n . p = 1 at each of the points, and 0 along the free applications: the normal of the plane
// through them. Points and free ones together are as many as applications. None if they lie in no plane that
// leaves the origin out.
std::optional<Rates> normal_through(const std::vector<const Rates*>& points, const std::vector<int>& free,
                                    int applications);

}  // namespace weir::allocation
