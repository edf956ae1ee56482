#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/kernel/random.hpp"

// Intervals by resampling what was recorded (bootstrap). Rows of one run depend on each other, so blocks of
// rows that follow each other are drawn, not rows (moving blocks: Künsch, Annals of Statistics 17(3), 1989).
// An interval says what another recording of the same length could have given if the model holds; it does not
// say how wrong the model is. That is what held-out errors are for.

namespace weir::calibrate {

inline constexpr double interval_share = 0.9;

struct Interval {
  double low = 0, high = 0;
};

// How often each of `rows` rows is drawn when blocks of `block` rows, anywhere, are drawn until there are as
// many rows again; blocks that go over the end go on at the begin.
std::vector<double> drawn_in_blocks(RandomStream& random, std::size_t rows, std::size_t block);

// The middle share of the values; none if there are fewer than 20, or one is not finite.
std::optional<Interval> middle_of(std::vector<double> values, double share = interval_share);

}  // namespace weir::calibrate
