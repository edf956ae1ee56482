#include "sim/calibrate/job_model.hpp"

#include <algorithm>
#include <cmath>

#include "sim/calibrate/instrument.hpp"

namespace weir::calibrate {

// The instances with one share of the load. Positions are in records of the whole load, so that one
// cumulative curve serves all.
struct JobQueue::Group {
  double share = 1;     // of the load
  double position = 0;  // up to which record of the load it has come
  std::size_t row = 0;  // in which that record was offered
  double saved = 0;     // the position that the next restart goes back to
};

JobQueue::JobQueue(const JobSeries& series, std::span<const Outage> outages, std::size_t window_rows,
                   double workers)
    : series_(series),
      outages_(outages.begin(), outages.end()),
      window_rows_(window_rows),
      workers_(workers),
      offered_before_(series.size() + 1),
      up_share_(series.size(), 1),
      restart_(series.size(), -1) {
  for (std::size_t i = 0; i < series.size(); ++i)
    offered_before_[i + 1] = offered_before_[i] + series.offered_per_s[i] * series.step_s;
  for (std::size_t o = 0; o < outages_.size(); ++o) {
    const auto row_of = [&](double time_s) {
      return static_cast<std::size_t>(
          std::clamp(time_s / series.step_s, 0.0, static_cast<double>(series.size())));
    };
    for (std::size_t i = row_of(outages_[o].start_s);
         i < series.size() && series.time_s(i) < outages_[o].end_s; ++i) {
      const double down_s =
          std::min(series.time_s(i + 1), outages_[o].end_s) - std::max(series.time_s(i), outages_[o].start_s);
      up_share_[i] = std::max(0.0, up_share_[i] - down_s / series.step_s);
    }
    if (const std::size_t end = row_of(outages_[o].end_s); end < series.size())
      restart_[end] = static_cast<int>(o);
  }
}

double JobQueue::workers_at(std::size_t row) const {
  if (workers_ > 0) return workers_;
  return series_.workers.empty() ? 1 : series_.workers[row];
}

void JobQueue::run(const JobModel& model, std::size_t rows, JobPrediction& out, bool latencies) const {
  const double p = workers_at(0);
  std::vector<Group> groups(model.imbalance > 0 && p > 1 ? static_cast<std::size_t>(p) : 1);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double tilt = groups.size() == 1 ? 0 : 2 * static_cast<double>(g) / (p - 1) - 1;
    groups[g].share = (1 + model.imbalance * tilt) / static_cast<double>(groups.size());
  }
  std::vector<double> achieved(rows), latency(latencies ? rows : 0);
  std::vector<std::pair<double, double>> lags(groups.size());  // lag, records
  std::size_t outage = 0;  // the next one, whose checkpoint is not taken yet
  for (std::size_t i = 0; i < rows; ++i) {
    for (; outage < outages_.size() && series_.time_s(i + 1) > outages_[outage].start_s - model.replay_s;
         ++outage)
      for (Group& group : groups) group.saved = group.position;
    if (restart_[i] >= 0 && model.replay_s > 0)
      for (Group& group : groups) group.position = group.saved, group.row = 0;
    const double room = model.capacity_per_s(workers_at(i)) / static_cast<double>(groups.size()) *
                        series_.step_s * up_share_[i];
    double sum = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      Group& group = groups[g];
      // Of a row in which the job stood still for a part, what was offered until its end can be taken.
      const double to =
          std::max(group.position, std::min(up_share_[i] > 0 ? offered_before_[i + 1] : group.position,
                                            group.position + room / std::max(group.share, 1e-12)));
      const double records = (to - group.position) * group.share;
      group.position = to;
      sum += records;
      if (!latencies) continue;
      while (group.row < i && offered_before_[group.row + 1] <= to) ++group.row;
      const double in_row = offered_before_[group.row + 1] - offered_before_[group.row];
      const double offered_s = series_.time_s(group.row) +
                               (in_row > 0 ? (to - offered_before_[group.row]) / in_row : 1) * series_.step_s;
      lags[g] = {std::max(0.0, series_.time_s(i + 1) - offered_s), records};
    }
    achieved[i] = sum / series_.step_s;
    if (!latencies) continue;
    if (sum <= 0) {  // nothing comes out: what was told last stays
      latency[i] = i > 0 ? latency[i - 1] : model.floor_s;
      continue;
    }
    std::sort(lags.begin(), lags.end());
    double below = 0;
    std::size_t k = 0;
    while (k + 1 < lags.size() && (below += lags[k].second) < 0.95 * sum) ++k;
    latency[i] = model.floor_s + lags[k].first;
  }
  out.achieved_per_s = trailing_mean(achieved, window_rows_);
  if (latencies) out.latency_s = trailing_mean(latency, window_rows_);
}

JobPrediction JobQueue::predict(const JobModel& model, std::size_t rows) const {
  JobPrediction prediction;
  run(model, std::min(rows, series_.size()), prediction, true);
  return prediction;
}

std::vector<double> JobQueue::achieved(const JobModel& model, std::size_t rows) const {
  JobPrediction prediction;
  run(model, std::min(rows, series_.size()), prediction, false);
  return std::move(prediction.achieved_per_s);
}

}  // namespace weir::calibrate
