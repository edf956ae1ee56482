#include "policies/allocation/rate_monitor.hpp"

#include <fmt/format.h>

#include <cmath>

namespace weir {

bool RateMonitor::look(const Observation& seen) {
  const std::vector<int>& sources = seen.job.nodes->sources;
  std::vector<double> arrived(sources.size(), 0);
  double seconds = 0;
  for (const MetricWindow& window : seen.windows) {
    if (window.start_ns < seen_until_ns_) continue;
    seconds += window.duration_s();
    for (std::size_t q = 0; q < sources.size(); ++q)
      arrived[q] +=
          window.operators[static_cast<std::size_t>(sources[q])].offered_per_s * window.duration_s();
  }
  if (seconds <= 0) return false;
  for (double& rate : arrived) rate /= seconds;
  rates_per_s_ = std::move(arrived);
  seen_until_ns_ = seen.windows.back().end_ns;
  availability_ = seen.windows.back().node_availability;
  return true;
}

bool RateMonitor::differs(double now, double planned, bool relative) const {
  return std::abs(now - planned) > threshold_ * (relative ? planned : 1);
}

bool RateMonitor::differ(const std::vector<double>& now, const std::vector<double>& planned,
                         bool relative) const {
  if (now.size() != planned.size()) return true;
  for (std::size_t i = 0; i < now.size(); ++i)
    if (differs(now[i], planned[i], relative)) return true;
  return false;
}

std::string RateMonitor::change(const JobView& job) const {
  std::string text;
  for (std::size_t q = 0; q < rates_per_s_.size() && q < planned_rates_.size(); ++q) {
    if (!differs(rates_per_s_[q], planned_rates_[q], true)) continue;
    text += fmt::format("{}{} {:.1f} -> {:.1f}/s", text.empty() ? "" : ", ",
                        job.nodes->network.applications[q], planned_rates_[q], rates_per_s_[q]);
  }
  return text.empty() ? "nodes" : text;
}

}  // namespace weir
