#pragma once

#include <optional>
#include <string>

#include "sim/calibrate/resampling.hpp"

namespace weir::calibrate {

// One number that was asked of the data.
struct Parameter {
  std::string name, unit;
  double value = 0;         // if it is not identified: what is taken instead
  bool identified = false;  // whether the data see it
  std::optional<Interval> interval = {};
  std::string why = {};  // by what it is seen, or why not, in words
};

}  // namespace weir::calibrate
