#include "sim/scenario/range.hpp"

#include <fmt/format.h>

#include <cmath>

namespace weir {

bool Range::contains(double x) const {
  if (!std::isfinite(x)) return false;
  return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
}

std::string Range::text(const std::string& noun) const {
  const bool has_low = std::isfinite(low);
  const bool has_high = std::isfinite(high);
  if (has_low && has_high && !low_open && !high_open) return fmt::format("{} from {} to {}", noun, low, high);
  std::string out = noun;
  if (has_low) out += fmt::format(" {} {}", low_open ? ">" : ">=", low);
  if (has_high) out += fmt::format("{} {} {}", has_low ? " and" : "", high_open ? "<" : "<=", high);
  return out;
}

Range any() {
  return {};
}
Range positive() {
  return above(0);
}
Range non_negative() {
  return at_least(0);
}
Range between(double low, double high) {
  Range range;
  range.low = low;
  range.high = high;
  return range;
}
Range at_least(double low) {
  Range range;
  range.low = low;
  return range;
}
Range at_most(double high) {
  Range range;
  range.high = high;
  return range;
}
Range above(double low) {
  Range range;
  range.low = low;
  range.low_open = true;
  return range;
}
Range below(double high) {
  Range range;
  range.high = high;
  range.high_open = true;
  return range;
}

}  // namespace weir
