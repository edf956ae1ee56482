#pragma once

#include <limits>
#include <span>

// Dhalion's arithmetic, free of any state. Times in backpressure are ms per s, as Heron counts them.

namespace weir::dhalion {

struct ScaleUpRule {
  double cap_ms_per_s = 999;  // more counts as this: at 1000 the factor would be infinite
  double max_added = 4;       // so that one action multiplies by 5 at most
};

// Heron 0.17.8, ScaleUpResolver: it caps what is 1000 or more to 999.
inline constexpr ScaleUpRule heron_rule{999, 4};
// Dhalion's code of the paper's time caps 60 s to 59 999 ms.
inline constexpr ScaleUpRule dhalion_rule{999.0 + 59.0 / 60.0, 4};

// 1 + (time that input was suspended by backpressure) / (time that it was not), where the first is the sum
// over all instances of the operator. Source: Dhalion, VLDB 2017, by way of DS2, OSDI 2018, section 2.
double scale_up_factor(double backpressure_ms_per_s, const ScaleUpRule& rule);
// ceil(parallelism * factor).
int scaled_up(int parallelism, double backpressure_ms_per_s, const ScaleUpRule& rule);

// Least-squares slope of value over time, in units per second; 0 if all times are equal.
double slope(std::span<const double> times_s, std::span<const double> values);

// Iglewicz and Hoaglin: |x - median| > threshold * MAD / 0.6745, so a sign of where the value lies: -1 an
// outlier below, +1 above, 0 none. If all but a few values are equal, whatever differs is an outlier.
int outlier_sign(std::span<const double> values, double value, double threshold);

}  // namespace weir::dhalion
