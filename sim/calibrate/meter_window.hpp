#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "sim/calibrate/job_series.hpp"
#include "sim/calibrate/outages.hpp"

// Over how many rows the meters of a job tell means (instrument.hpp), if nobody says: the window with which
// the job's model, at its best capacity, is nearest to the achieved rates of the first `train_rows` rows, by
// least squares. Calm rows show the window by how late the achieved rate follows the offered one, outages by
// how slowly it falls and rises. Both are not of one mind where a meter is more than a trailing mean; this is
// a compromise between them. Of windows that are as good (to 1e-4; a constant load), the shortest.

namespace weir::calibrate {

struct MeterWindow {
  std::size_t rows = 1;
  bool seen = false;  // some other window is worse: else it is a guess
};

// From 1 to rows_max. Outages are given, or found by the rule for each window that is tried.
MeterWindow find_window(const JobSeries& series, const OutageRule& rule,
                        const std::optional<std::vector<Outage>>& given, std::size_t train_rows,
                        std::size_t rows_max, const std::atomic<bool>* stop = nullptr);

}  // namespace weir::calibrate
