#pragma once

#include <cstddef>
#include <span>
#include <vector>

// How a rate was measured. Meters tell the mean of a trailing window, and a store samples them every so
// often: what is recorded follows what happened late and rounded. A calibration that took it for the rate of
// the second would see a restart as a slope. Here both are one trailing mean:
//
//   recorded(t) = mean of the truth over (t - window, t]
//
// Kafka's consumers, say, report over 30 to 60 s (metrics.sample.window.ms, metrics.num.samples), Flink's
// meters over 60 s (MeterView).

namespace weir::calibrate {

// The trailing mean over `rows` rows, the row itself included; at the begin over what there is.
std::vector<double> trailing_mean(std::span<const double> values, std::size_t rows);

}  // namespace weir::calibrate
