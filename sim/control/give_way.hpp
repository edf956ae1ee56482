#pragma once

#include <vector>

namespace weir {

// Takes `excess` instances away from what grows from `before` to `wanted`, as if one at a time, each from the
// largest growth (among equals the first); less if that is all the growth.
void give_way(std::vector<int>& wanted, const std::vector<int>& before, int excess);

// Makes what is wanted fit into so many slots (slots.hpp): what grows gives way, and where slots are shared,
// nobody grows beyond them.
void fit_slots(std::vector<int>& wanted, const std::vector<int>& before, int slots, bool shared);

}  // namespace weir
