// The optimum, from the true costs: what a controller would do that knew everything. It scores the others
// and is no policy for a cluster. It is optimal in slots at each instant, not in latency or in the number of
// actions: it knows nothing of what an action costs, and follows every turn of the load unless
// scale_down_delay_s, scale_down_margin or look_ahead_s hold it back. Source: none; the definition of optimal
// is Truth's (sim/control/truth.hpp).
//
// Every interval it asks for the least parallelism that carries the peak of [now, now + look_ahead_s]. Growth
// is carried out at once. Shrinking waits until the optimum has been lower by at least scale_down_margin
// for scale_down_delay_s without a break: an action costs downtime, and short lulls are not worth one.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/control/policy.hpp"
#include "sim/control/truth.hpp"

namespace weir {
namespace {

struct OracleParams {
  double interval_s = 10;
  double look_ahead_s = 60;
  bool scale_down = true;
  int scale_down_margin = 1;
  double scale_down_delay_s = 0;
};

ParamTable<OracleParams> table() {
  ParamTable<OracleParams> t;
  t.real("interval_s", &OracleParams::interval_s,
         {.unit = "s", .help = "time between two decisions", .source = "chosen"}, interval_range());
  t.real("look_ahead_s", &OracleParams::look_ahead_s,
         {.unit = "s",
          .help = "how much of the future load counts: at least what an action takes",
          .source = "chosen"},
         waiting_range());
  t.boolean("scale_down", &OracleParams::scale_down,
            {.help = "whether it ever shrinks an operator", .source = "chosen"});
  t.integer(
      "scale_down_margin", &OracleParams::scale_down_margin,
      {.unit = "instances", .help = "least number of needless instances worth an action", .source = "chosen"},
      at_least(1));
  t.real("scale_down_delay_s", &OracleParams::scale_down_delay_s,
         {.unit = "s", .help = "how long instances must have been needless", .source = "chosen"},
         waiting_range());
  return t;
}

class Oracle final : public Policy {
 public:
  explicit Oracle(const OracleParams& params) : p_(params) {}
  double interval_s() const override { return p_.interval_s; }
  ActsOn acts_on() const override { return ActsOn::truth; }

  std::string why_nothing(const JobView&) const override {
    if (held_back_) return "it only ever wanted to shrink, and the parameters scale_down* held that back";
    return fmt::format("what ran was the optimum whenever it looked ({} times)", looks_);
  }

  std::vector<Decision> evaluate(const Observation& seen) override {
    ++looks_;
    WEIR_ASSERT(seen.truth != nullptr, "the oracle needs the truth");
    needless_since_ns_.resize(seen.parallelism.size(), never);
    // A job whose operators all run on all workers has one number, kept at index 0.
    const int first = seen.job.uniform_workers ? all_workers : 0;
    const int end = seen.job.uniform_workers ? 0 : static_cast<int>(seen.parallelism.size());
    Decision decision;
    bool up = false;
    for (int id = first; id < end; ++id) {
      const auto index = static_cast<std::size_t>(std::max(id, 0));
      const OperatorView& op = seen.job.operators[index];
      if (id != all_workers && !may_scale(op)) continue;
      const int now = seen.parallelism[index];
      int best = seen.truth->optimal_parallelism(id, seen.now_s(), seen.now_s() + p_.look_ahead_s);
      if (id != all_workers) best = clamp_parallelism(op, best);
      if (best >= now) needless_since_ns_[index] = never;
      if (best == now) continue;
      if (best < now && !may_shrink(seen.now_ns, index, now - best)) {
        held_back_ = true;
        continue;
      }
      up = up || best > now;
      decision.targets.push_back({id, best});
    }
    // Lulls are timed also while an action runs; acting has to wait for its end.
    if (seen.action_running || decision.targets.empty()) return {};
    decision.symptom = "the true optimum differs";
    decision.diagnosis = up ? "under-provisioned" : "over-provisioned";
    decision.reason = describe_targets(seen, decision.targets);
    return {decision};
  }

 private:
  bool may_shrink(Nanos now_ns, std::size_t index, int needless) {
    if (!p_.scale_down || needless < p_.scale_down_margin) {
      needless_since_ns_[index] = never;
      return false;
    }
    needless_since_ns_[index] = std::min(needless_since_ns_[index], now_ns);
    return now_ns - needless_since_ns_[index] >= to_nanos(p_.scale_down_delay_s);
  }

  OracleParams p_;
  std::int64_t looks_ = 0;
  bool held_back_ = false;
  std::vector<Nanos> needless_since_ns_;  // by operator; never: not needless at present
};

const auto registered = PolicyRegistry::add<OracleParams>(
    {.name = "oracle",
     .help =
         "Knows the true costs and the future load: the fewest slots at each instant, to score others by; "
         "what an action costs does not count.",
     .source = "definition in sim/control/truth.hpp"},
    table(), [](const OracleParams& p, PolicyContext&) -> std::unique_ptr<Policy> {
      return std::make_unique<Oracle>(p);
    });

}  // namespace
}  // namespace weir
