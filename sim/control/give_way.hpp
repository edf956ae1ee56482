#pragma once

#include <vector>

namespace weir {

// Takes `excess` instances away from what grows from `before` to `wanted`, as if one at a time, each from the
// largest growth (among equals the first); less if that is all the growth.
void give_way(std::vector<int>& wanted, const std::vector<int>& before, int excess);

}  // namespace weir
