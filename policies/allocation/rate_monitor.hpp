#pragma once

#include <string>
#include <vector>

#include "sim/control/policy.hpp"

// Watches the applications' incoming rates and the nodes' availability, as BARRE does while the system runs.
// Rates are means over the metric windows since the last look.

namespace weir {

struct MonitorParams {
  double interval_s = 1;
  double threshold = 0.1;
};

// Adds the parameters to the table of a policy whose struct derives from MonitorParams.
template <class Params>
void add_monitor_parameters(ParamTable<Params>& t) {
  const char* unpublished = "not published";
  t.real("interval_s", static_cast<double Params::*>(&MonitorParams::interval_s),
         {.unit = "s", .help = "time between two looks at rates and nodes", .source = unpublished},
         interval_range());
  t.real(
      "threshold", static_cast<double Params::*>(&MonitorParams::threshold),
      {.help =
           "a burst begins or ends when a rate differs by more than this part of the one that the "
           "present plan was made for; likewise a node's availability. Noise is not told from bursts: of a "
           "Poisson process every other look differs by more where it sees 1 / threshold^2 records, and one "
           "in forty where it sees ten times as many",
       .source = unpublished},
      between(0, 1e3));
}

class RateMonitor {
 public:
  explicit RateMonitor(double threshold) : threshold_(threshold) {}

  // Takes the new windows in. False if there is none.
  bool look(const Observation& seen);
  const std::vector<double>& rates_per_s() const { return rates_per_s_; }    // by application
  const std::vector<double>& availability() const { return availability_; }  // by node

  // Whether they differ from those that were planned for; without a plan they do.
  bool rates_changed() const { return differ(rates_per_s_, planned_rates_, true); }
  bool nodes_changed() const { return differ(availability_, planned_availability_, false); }
  void plan_rates(std::vector<double> rates_per_s) { planned_rates_ = std::move(rates_per_s); }
  void plan_nodes(std::vector<double> availability) { planned_availability_ = std::move(availability); }
  // "app1 88.9 -> 160.0/s", of the rates that changed.
  std::string change(const JobView& job) const;

 private:
  bool differs(double now, double planned, bool relative) const;
  bool differ(const std::vector<double>& now, const std::vector<double>& planned, bool relative) const;

  double threshold_;
  Nanos seen_until_ns_ = 0;
  std::vector<double> rates_per_s_, availability_;
  std::vector<double> planned_rates_, planned_availability_;
};

}  // namespace weir
