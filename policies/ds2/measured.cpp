#include "policies/ds2/measured.hpp"

#include <algorithm>

namespace weir::ds2 {

namespace {

double target_per_s(const OperatorMetrics& source, double window_s) {
  return source.offered_per_s >= 0 ? source.offered_per_s : source.observed_output_rate_per_s(window_s);
}

}  // namespace

std::vector<OperatorRates> measured_rates(const JobView& job, const MetricWindow& window) {
  std::vector<OperatorRates> rates(window.operators.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const OperatorMetrics& measured = window.operators[i];
    const OperatorView& view = job.operators[i];
    rates[i] = {.source = view.source,
                .parallelism = measured.parallelism(),
                .measured = measured.has_true_rate(),
                .true_processing_per_s = measured.true_processing_rate_per_s(),
                .true_output_per_s = measured.true_output_rate_per_s(),
                .target_per_s = view.source ? target_per_s(measured, window.duration_s()) : 0,
                .inputs = {}};
    for (const int from : view.upstream) rates[i].inputs.push_back({from, 1});
  }
  return rates;
}

double achieved_share(const JobView& job, const MetricWindow& window) {
  double least = 1;
  for (std::size_t i = 0; i < window.operators.size(); ++i) {
    if (!job.operators[i].source) continue;
    const double target = target_per_s(window.operators[i], window.duration_s());
    if (target > 0)
      least = std::min(least, window.operators[i].observed_output_rate_per_s(window.duration_s()) / target);
  }
  return least;
}

}  // namespace weir::ds2
