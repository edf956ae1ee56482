// ContTune: first more of everything until nothing is held back, then, operator by operator, as few instances
// as its own history says are enough, and DS2's number where the history does not reach.
//
// Sources: Lian et al., ContTune: Continuous Tuning by Conservative Bayesian Optimization for Distributed
// Stream Data Processing Systems, PVLDB 16, 2023; ljqcodelove/ContTune (the Gaussian process; the controller
// is not public). The parts are in policies/contune, the fallback in policies/ds2.
//
//   the job stays behind its sources --big--> every operator times big_factor
//   it does not --small--> abilities += true rates; load of each operator by DS2's model
//               --Gaussian process--> least parallelism that can take the load
//               --within alpha of a parallelism that was seen?--> that, else DS2's
//
// Not published, and chosen here: by how much the big phase grows, and when a job counts as behind.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policies/contune/conservative.hpp"
#include "policies/ds2/measured.hpp"
#include "sim/control/fresh_windows.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir {
namespace contune {
namespace {

struct Params {
  double interval_s = 60;
  int warm_up_intervals = 1;
  double behind = 0.05;
  double big_factor = 2;
  double alpha = 1;
  double length_scale = 4.37;
  bool fit_length_scale = false;
  double noise = 1e-8;
};

ParamTable<Params> table() {
  const std::string code = "ljqcodelove/ContTune";
  ParamTable<Params> t;
  t.real("interval_s", &Params::interval_s,
         {.unit = "s", .help = "time between two decisions", .source = "chosen: not published"},
         interval_range());
  t.integer("warm_up_intervals", &Params::warm_up_intervals,
            {.unit = "intervals", .help = "ignored after each start of a deployment", .source = "as DS2"},
            at_least(0));
  t.real("behind", &Params::behind,
         {.unit = "1",
          .help =
              "share of its target rate that a source lacks in the big phase: above it there is backpressure",
          .source = "chosen: not published"},
         between(0, 1));
  t.real(
      "big_factor", &Params::big_factor,
      {.unit = "1",
       .help =
           "the big phase multiplies the parallelism of every operator by this until the job is not behind",
       .source = "chosen: not published"},
      above(1));
  t.real(
      "alpha", &Params::alpha,
      {.unit = "instances",
       .help = "how far from a parallelism that was seen the Gaussian process is trusted; beyond it DS2 is",
       .source = code + ", README: 1 in the example"},
      non_negative());
  t.real("length_scale", &Params::length_scale,
         {.unit = "instances", .help = "of its kernel", .source = code + ", README"}, positive());
  t.boolean("fit_length_scale", &Params::fit_length_scale,
            {.help = "the likeliest from 0.5 to 64 instead, once two parallelisms were seen",
             .source = code + ", GPofContTune.py (there by L-BFGS-B from the start value)"});
  t.real("noise", &Params::noise,
         {.unit = "1",
          .help = "variance of what is measured, as a share of the kernel's",
          .source = "chosen: a matrix that can be inverted; the code adds 1e-8 to one of 1e12"},
         between(1e-12, 1));
  return t;
}

class ContTune final : public Policy {
 public:
  ContTune(const Params& params, const JobView& job) : p_(params), abilities_(job.operators.size()) {}

  double interval_s() const override { return p_.interval_s; }
  double history_s() const override { return 4 * p_.interval_s; }
  ActsOn acts_on() const override { return ActsOn::true_rates; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override;
  std::string why_nothing(const JobView& job) const override;

 private:
  std::vector<ScaleTarget> big(const Observation& seen) const;
  std::vector<ScaleTarget> small(const Observation& seen, const MetricWindow& epoch);

  Params p_;
  std::vector<Abilities> abilities_;  // by operator id
  std::vector<std::string> names_;
  FreshWindows fresh_;
  int deployment_ = -1, epochs_ = 0, evaluations_ = 0;
  int big_ = 0, small_ = 0, trusted_ = 0, fallbacks_ = 0;
};

std::vector<ScaleTarget> ContTune::big(const Observation& seen) const {
  std::vector<ScaleTarget> targets;
  for (std::size_t id = 0; id < seen.parallelism.size(); ++id) {
    const OperatorView& op = seen.job.operators[id];
    if (!may_scale(op)) continue;
    const int wanted = clamp_parallelism(op, snapping_ceil(p_.big_factor * seen.parallelism[id]));
    if (wanted > seen.parallelism[id]) targets.push_back({static_cast<int>(id), wanted});
  }
  return targets;
}

std::vector<ScaleTarget> ContTune::small(const Observation& seen, const MetricWindow& epoch) {
  const std::vector<ds2::OperatorRates> rates = ds2::measured_rates(seen.job, epoch);
  const std::vector<ds2::Requirement> required = ds2::required_instances(rates, ds2::Feedback::iterate);
  std::vector<ScaleTarget> targets;
  for (std::size_t id = 0; id < rates.size(); ++id) {
    const OperatorView& op = seen.job.operators[id];
    if (!may_scale(op) || !rates[id].measured) continue;
    abilities_[id].observe(rates[id].parallelism, rates[id].true_processing_per_s);
    if (!required[id].known) continue;
    const auto trusted = trusted_parallelism(abilities_[id], required[id].input_per_s, op.max_parallelism,
                                             p_.alpha, {p_.length_scale, p_.fit_length_scale, p_.noise});
    ++(trusted ? trusted_ : fallbacks_);
    const int wanted =
        clamp_parallelism(op, trusted.value_or(std::max(1, snapping_ceil(required[id].instances))));
    if (wanted != seen.parallelism[id]) targets.push_back({static_cast<int>(id), wanted});
  }
  return targets;
}

std::vector<Decision> ContTune::evaluate(const Observation& seen) {
  if (names_.empty())
    for (const OperatorView& op : seen.job.operators) names_.push_back(op.name);
  if (seen.action_running || seen.job.uniform_workers) return {};
  if (seen.deployment != deployment_) {
    deployment_ = seen.deployment;
    epochs_ = 0;
  }
  const std::vector<const MetricWindow*> windows = fresh_.take(seen);
  if (windows.empty() || epochs_++ < p_.warm_up_intervals) return {};
  ++evaluations_;
  const MetricWindow epoch = merge_windows(windows);
  const double achieved = ds2::achieved_share(seen.job, epoch);
  const bool behind = achieved < 1 - p_.behind;
  Decision decision{.symptom = fmt::format("sources achieve {:.1f} % of their target rate", 100 * achieved),
                    .diagnosis = behind ? "big phase: under-provisioned" : "small phase",
                    .reason = "",
                    .targets = behind ? big(seen) : small(seen, epoch)};
  if (decision.targets.empty()) return {};
  ++(behind ? big_ : small_);
  decision.reason = describe_targets(seen, decision.targets);
  return {decision};
}

std::string ContTune::why_nothing(const JobView& job) const {
  if (job.uniform_workers) return "it tunes operators one by one, and those of this job share workers";
  if (evaluations_ == 0)
    return fmt::format("it had no interval to decide on, after {} of warm-up", p_.warm_up_intervals);
  return fmt::format("what it computed was what ran, in all {} intervals", evaluations_);
}

nlohmann::json ContTune::state() const {
  nlohmann::json abilities = nlohmann::json::object();
  for (std::size_t id = 0; id < names_.size(); ++id) {
    if (abilities_[id].empty()) continue;
    nlohmann::json& seen = abilities[names_[id]] = nlohmann::json::array();
    for (const auto& [parallelism, sum] : abilities_[id].seen())
      seen.push_back({{"parallelism", parallelism}, {"true_per_s", sum.mean()}});
  }
  return {{"evaluations", evaluations_}, {"big", big_},          {"small", small_},
          {"trusted", trusted_},         {"by_ds2", fallbacks_}, {"abilities", abilities}};
}

const auto registered = PolicyRegistry::add<Params>(
    {.name = "contune",
     .help =
         "ContTune: more of everything until nothing is held back, then what a Gaussian process over its own "
         "history says is enough, or DS2.",
     .source = "Lian et al., ContTune, PVLDB 16, 2023; ljqcodelove/ContTune"},
    table(), [](const Params& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<ContTune>(p, c.job);
    });

}  // namespace
}  // namespace contune
}  // namespace weir
