#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/kubernetes/behavior.hpp"
#include "policies/kubernetes/replicas.hpp"
#include "sim/control/policy.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/params.hpp"

// The parameters that every policy has that acts through a HorizontalPodAutoscaler.

namespace weir::kubernetes {

struct AutoscalerParams {
  double interval_s = 15;
  double tolerance = 0.1;
  int min_replicas = 1;
  std::optional<int> max_replicas;
  ScalingRules scale_up = default_scale_up();
  ScalingRules scale_down = default_scale_down();
  std::vector<std::string> operators;

  Behavior behavior() const { return {scale_up, scale_down}; }
  Tolerances tolerances() const {
    return {scale_down.tolerance.value_or(tolerance), scale_up.tolerance.value_or(tolerance)};
  }
};

ParamTable<ScalingRules> scale_up_table();
ParamTable<ScalingRules> scale_down_table();

// Policies register themselves while static variables are initialised: these must not be among those.
inline constexpr const char* api = "Kubernetes autoscaling/v2";
inline constexpr const char* controller = "kube-controller-manager, horizontal-pod-autoscaler";
inline std::string of_api(const char* what) {
  return std::string(api) + ", " + what;
}
inline std::string of_controller(const char* option) {
  return std::string(controller) + option;
}

// Adds them to the table of a policy whose parameters derive from them. Where max_replicas comes from
// differs.
template <class Params>
void add_autoscaler_params(ParamTable<Params>& t, const ParamText& max_replicas) {
  t.real("interval_s", &Params::interval_s,
         {.unit = "s",
          .help = "time between two syncs of the autoscaler",
          .source = of_controller("-sync-period")},
         interval_range());
  t.real("tolerance", &Params::tolerance,
         {.unit = "1",
          .help = "nothing is done while metric / target differs from 1 by no more than this",
          .source = of_controller("-tolerance")},
         non_negative());
  t.integer("min_replicas", &Params::min_replicas,
            {.unit = "instances", .help = "least of each deployment", .source = api}, at_least(1));
  t.integer("max_replicas", &Params::max_replicas, max_replicas, at_least(1));
  t.object("scale_up", static_cast<ScalingRules Params::*>(&Params::scale_up), scale_up_table(),
           {.help = "how fast it may grow", .source = of_api("behavior")});
  t.object("scale_down", static_cast<ScalingRules Params::*>(&Params::scale_down), scale_down_table(),
           {.help = "how fast it may shrink", .source = of_api("behavior")});
  t.texts("operators", &Params::operators,
          {.help = "the operators that it scales; none: all that the engine can scale",
           .source = of_api("scaleTargetRef")});
  t.check({"min_replicas", "max_replicas"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.max_replicas && *p.max_replicas < p.min_replicas)
      errors.add(at.at_or_self("max_replicas"), "max_replicas is below min_replicas",
                 "min_replicas <= max_replicas");
  });
}

}  // namespace weir::kubernetes
