// A policy for tests: rescales, splits rates, or starts containers at given times, whatever it sees, and
// tells what became of it.

#include <nlohmann/json.hpp>

#include "sim/control/policy.hpp"

namespace weir {
namespace {

struct Step {
  double time_s = 0;
  int operator_id = 0;
  int parallelism = 1;
  std::vector<double> shares;  // instead of a parallelism
  std::optional<int> worker;   // instead of either: a container on it
};

struct ScriptedParams {
  double interval_s = 1;
  std::vector<Step> steps;  // in the order of time; those of one time are one decision
};

ParamTable<ScriptedParams> table() {
  ParamTable<Step> step("step of a script");
  step.real("time_s", &Step::time_s, {.unit = "s", .help = "When."}, non_negative());
  step.integer("operator_id", &Step::operator_id, {.help = "Which operator."}, at_least(0));
  step.reals("shares", &Step::shares, {.help = "Of its instances, instead of a parallelism."});
  step.integer("worker", &Step::worker, {.help = "One more container on it, instead of a parallelism."});
  step.integer("parallelism", &Step::parallelism, {.help = "How many instances."}, at_least(1));
  ParamTable<ScriptedParams> t;
  t.real("interval_s", &ScriptedParams::interval_s, {.unit = "s", .help = "Between two looks."}, positive());
  t.objects("steps", &ScriptedParams::steps, step, {.help = "What to do when."});
  return t;
}

class Scripted final : public Policy {
 public:
  explicit Scripted(const ScriptedParams& params) : params_(params) {}
  double interval_s() const override { return params_.interval_s; }
  std::vector<Decision> evaluate(const Observation& seen) override {
    for (const ActionReport& report : seen.reports)
      reports_.push_back({to_seconds(report.ended_ns < 0 ? report.requested_ns : report.ended_ns),
                          static_cast<int>(report.status), report.detail});
    std::vector<Decision> decisions;
    double last_s = -1;
    for (; next_ < params_.steps.size() && to_nanos(params_.steps[next_].time_s) <= seen.now_ns; ++next_) {
      const Step& step = params_.steps[next_];
      if (step.time_s != last_s) decisions.push_back({"script", "script", "script", {}});
      last_s = step.time_s;
      if (step.worker) {
        if (decisions.back().container) decisions.push_back({"script", "script", "script", {}});
        decisions.back().container = ContainerTarget{step.operator_id, *step.worker};
      } else if (step.shares.empty()) {
        decisions.back().targets.push_back({step.operator_id, step.parallelism});
      } else {
        decisions.back().splits.push_back({step.operator_id, step.shares});
      }
    }
    return decisions;
  }
  nlohmann::json state() const override {
    nlohmann::json told = nlohmann::json::array();
    for (const Told& report : reports_) told.push_back({report.at_s, report.status, report.detail});
    return told;
  }

 private:
  struct Told {
    double at_s;
    int status;
    std::string detail;
  };
  std::vector<Told> reports_;
  ScriptedParams params_;
  std::size_t next_ = 0;
};

const auto registered = PolicyRegistry::add<ScriptedParams>(
    {.name = "test-scripted", .help = "Rescales at given times.", .source = "tests"}, table(),
    [](const ScriptedParams& p, PolicyContext&) -> std::unique_ptr<Policy> {
      return std::make_unique<Scripted>(p);
    });

}  // namespace
}  // namespace weir
