#include "sim/analyzer/path_count.hpp"

#include <cmath>
#include <limits>

namespace weir::analyzer {

double PathCount::log10() const {
  return std::log10(mantissa_) + static_cast<double>(exponent_) * 256 * std::log10(2.0);
}

double PathCount::value() const {
  if (exponent_ > 3) return std::numeric_limits<double>::infinity();
  return std::ldexp(mantissa_, static_cast<int>(256 * exponent_));
}

}  // namespace weir::analyzer
