// Never acts: what the initial configuration does by itself. The baseline of every comparison.

#include "sim/control/policy.hpp"

namespace weir {
namespace {

struct StaticParams {
  double interval_s = 60;
};

ParamTable<StaticParams> table() {
  ParamTable<StaticParams> t;
  t.real("interval_s", &StaticParams::interval_s,
         {.unit = "s", .help = "time between two looks that lead to nothing", .source = "no influence"},
         interval_range());
  return t;
}

class Static final : public Policy {
 public:
  explicit Static(const StaticParams& params) : interval_s_(params.interval_s) {}
  double interval_s() const override { return interval_s_; }
  std::vector<Decision> evaluate(const Observation&) override { return {}; }
  ActsOn acts_on() const override { return ActsOn::nothing; }
  std::string why_nothing(const JobView&) const override { return "it never acts"; }

 private:
  double interval_s_;
};

const auto registered = PolicyRegistry::add<StaticParams>(
    {.name = "static", .help = "Never acts.", .source = "baseline"}, table(),
    [](const StaticParams& p, PolicyContext&) -> std::unique_ptr<Policy> {
      return std::make_unique<Static>(p);
    });

}  // namespace
}  // namespace weir
