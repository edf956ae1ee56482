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

// The window, in rows from 1 to rows_max, with which the trailing mean of `offered` comes nearest to
// `achieved` by the median of the absolute difference over the rows from `from` to `to`: while a job keeps
// up, the one is the other, measured. The median lets up to half of the rows be outages and what follows
// them. Of windows that are as good (a constant load), the shortest.
std::size_t fit_window_rows(std::span<const double> offered, std::span<const double> achieved,
                            std::size_t from, std::size_t to, std::size_t rows_max);

}  // namespace weir::calibrate
