#include "sim/analyzer/path_count.hpp"

#include <fmt/format.h>

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

std::string PathCount::text() const {
  if (zero()) return "0";
  const double power = log10();
  if (power < 15) return fmt::format("{:.0f}", value());
  double whole = std::floor(power);
  double digits = std::pow(10.0, power - whole);
  if (digits >= 9.9995) {
    digits = 1;
    whole += 1;
  }
  return fmt::format("{:.3f}e{:.0f}", digits, whole);
}

}  // namespace weir::analyzer
