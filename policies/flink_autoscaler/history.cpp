#include "policies/flink_autoscaler/history.hpp"

#include <algorithm>
#include <cmath>

#include "sim/control/snapping_ceil.hpp"

namespace weir::flink_autoscaler {

namespace {

// Both histories are cut alike, by age and number.
template <class Entries>
void cut(Entries& entries, Nanos now_ns, const Options& options, std::size_t least) {
  const Nanos oldest_ns = now_ns - to_nanos(options.history_max_age_s);
  const auto most = static_cast<std::size_t>(options.history_max_count);
  while (entries.size() > least && (entries.size() > most || entries.front().time_ns < oldest_ns))
    entries.pop_front();
}

}  // namespace

void ChangeHistory::trim(Nanos now_ns, const Options& options) {
  cut(changes_, now_ns, options, 0);
}

const Change* ChangeHistory::last_growth_to(int parallelism) const {
  if (changes_.empty()) return nullptr;
  const Change& last = changes_.back();
  return last.to == parallelism && last.to > last.from ? &last : nullptr;
}

// Least squares of rate = alpha * beta * parallelism, beta being that of the smallest parallelism, the latest
// of these.
double ChangeHistory::scalability(const Options& options) const {
  if (static_cast<int>(changes_.size()) < options.observed_scalability_min_observations) return 1;
  const Change* smallest = nullptr;
  double products = 0, squares = 0;
  for (const Change& change : changes_) {
    if (smallest == nullptr || change.from <= smallest->from) smallest = &change;
    products += change.from * change.true_per_s;
    squares += static_cast<double>(change.from) * change.from;
  }
  const double alpha = products / (squares * (smallest->true_per_s / smallest->from));
  if (std::isnan(alpha)) return 1;
  const double coefficient = std::clamp(alpha, options.observed_scalability_coefficient_min, 1.0);
  return snapping_ceil(100 * coefficient) / 100.0;
}

void RestartTracking::requested(Nanos now_ns, std::vector<ScaleTarget> targets) {
  records_.push_back({now_ns, std::move(targets), std::nullopt});
}

void RestartTracking::running(Nanos running_since_ns, std::span<const int> parallelism) {
  if (records_.empty() || records_.back().took_s || running_since_ns < records_.back().time_ns) return;
  for (const ScaleTarget& target : records_.back().targets)
    if (parallelism[static_cast<std::size_t>(target.operator_id)] != target.parallelism) return;
  records_.back().took_s = to_seconds(running_since_ns - records_.back().time_ns);
}

void RestartTracking::trim(Nanos now_ns, const Options& options) {
  cut(records_, now_ns, options, 1);
}

double RestartTracking::restart_s(const Options& options) const {
  std::optional<double> longest_s;
  if (options.track_restart)
    for (const Record& record : records_)
      if (record.took_s) longest_s = std::max(longest_s.value_or(0), *record.took_s);
  return longest_s ? std::min(*longest_s, options.tracked_restart_max_s) : options.restart_s;
}

}  // namespace weir::flink_autoscaler
