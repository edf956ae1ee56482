#pragma once

#include <limits>
#include <string>

// The values a number may have. Every number must be finite, whatever its range.

namespace weir {

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;  // low itself is not allowed
  bool high_open = false;

  bool contains(double x) const;
  // `a finite number > 0`, `an integer from 0 to 9`; `noun` is `a finite number` or `an integer`.
  std::string text(const std::string& noun) const;
};

Range any();
Range positive();                        // > 0
Range non_negative();                    // >= 0
Range between(double low, double high);  // both allowed
Range at_least(double low);
Range at_most(double high);
Range above(double low);
Range below(double high);

}  // namespace weir
