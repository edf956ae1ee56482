#include "policies/kubernetes/params.hpp"

namespace weir::kubernetes {

namespace {

// The API's own limits.
constexpr double period_s_max = 1800, stabilization_s_max = 3600;
constexpr const char* limits = "Kubernetes autoscaling/v2 (defaults and validation of the API)";

ParamTable<RatePolicy> rate_policy_table() {
  ParamTable<RatePolicy> t("rate policy");
  t.choice("type", &RatePolicy::type, {.help = "what value counts", .source = limits},
           {{"pods", RateUnit::pods}, {"percent", RateUnit::percent}});
  t.integer("value", &RatePolicy::value,
            {.unit = "pods or %",
             .help = "most that may change in a period, in percent of what there was at its beginning",
             .source = limits},
            at_least(1));
  t.real("period_s", &RatePolicy::period_s, {.unit = "s", .help = "the period", .source = limits},
         between(1, period_s_max));
  return t;
}

ParamTable<ScalingRules> table(const char* title, const char* stabilization) {
  ParamTable<ScalingRules> t(title);
  t.real("stabilization_s", &ScalingRules::stabilization_s,
         {.unit = "s", .help = stabilization, .source = limits}, between(0, stabilization_s_max));
  t.choice("select", &ScalingRules::select,
           {.help = "which rate policy counts: the one that allows the largest change, the smallest, or "
                    "disabled: no change in this direction",
            .source = limits},
           {{"max", Select::max}, {"min", Select::min}, {"disabled", Select::disabled}});
  t.objects("policies", &ScalingRules::policies, rate_policy_table(),
            {.help = "rate policies", .source = limits}, 1);
  t.real("tolerance", &ScalingRules::tolerance,
         {.unit = "1", .help = "in this direction; null: the autoscaler's", .source = of_api("since 1.33")},
         non_negative());
  return t;
}

}  // namespace

// The two directions have other defaults, which the objects that hold them say.
ParamTable<ScalingRules> scale_up_table() {
  return table("scale-up rules", "the lowest recommendation of this time counts");
}

ParamTable<ScalingRules> scale_down_table() {
  return table("scale-down rules", "the highest recommendation of this time counts");
}

}  // namespace weir::kubernetes
