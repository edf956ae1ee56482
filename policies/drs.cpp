// DRS: as few instances as keep the mean time in the system below a deadline, by queueing theory.
//
// Source: Fu, Ding, Ma, Winslett, Yang, Zhang, DRS: Dynamic Resource Scheduling for Real-Time Analytics over
// Fast Streams, ICDCS 2015 (arXiv 1501.03610). The model and the greedy allocations are in policies/drs, the
// traffic equations in policies/ds2 (each source's rate, and how many records operators make of one).
//
//   metric window --DS2's model--> arrivals and service rate of each operator
//                 --Jackson, Erlang--> mean time E[T] with any allocation
//                 --greedy--> the fewest instances with E[T] <= deadline_s, or the best of a given number
//
// Service times in the model are exponential, and instances of an operator share a queue; neither is so in
// most jobs. An operator whose service rate is not known keeps what it has.
//
// Chosen here: a new allocation is asked for when what runs misses the deadline by the model, or has at least
// min_saving instances too many. The paper weighs the gain against the cost of a rebalance.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "policies/drs/allocation.hpp"
#include "policies/ds2/measured.hpp"
#include "sim/control/fresh_windows.hpp"
#include "sim/control/policy.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace drs {
namespace {

struct Params {
  double interval_s = 60;
  int warm_up_intervals = 1;
  double deadline_s = 0.5;
  std::optional<int> processors;
  bool use_all = false;
  int min_saving = 1;
};

ParamTable<Params> table() {
  const std::string paper = "DRS, ICDCS 2015";
  ParamTable<Params> t;
  t.real("interval_s", &Params::interval_s,
         {.unit = "s", .help = "time between two decisions", .source = "chosen"}, interval_range());
  t.integer("warm_up_intervals", &Params::warm_up_intervals,
            {.unit = "intervals", .help = "ignored after each start of a deployment", .source = "as DS2"},
            at_least(0));
  t.real("deadline_s", &Params::deadline_s,
         {.unit = "s",
          .help = "most that the mean time of a record and all that becomes of it in the operators should be",
          .source = paper + ": Tmax; the value is chosen"},
         positive());
  t.integer("processors", &Params::processors,
            {.unit = "instances",
             .help = "of all operators that can be scaled, at most; null: the slots that others leave",
             .source = paper + ": Kmax"},
            at_least(1));
  t.boolean("use_all", &Params::use_all,
            {.help = "give out all of processors for the least time, whatever the deadline",
             .source = paper + ": the first of its two problems"});
  t.integer("min_saving", &Params::min_saving,
            {.unit = "instances",
             .help = "fewer than this too many are no reason to act",
             .source = "chosen: the paper weighs the cost of a rebalance"},
            at_least(1));
  t.check({"use_all", "processors"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.use_all && !p.processors)
      errors.add(at.at_or_self("use_all"), "use_all without processors", "a number of processors, or false");
  });
  return t;
}

class Drs final : public Policy {
 public:
  explicit Drs(const Params& params) : p_(params) {}

  double interval_s() const override { return p_.interval_s; }
  double history_s() const override { return 4 * p_.interval_s; }
  ActsOn acts_on() const override { return ActsOn::true_rates; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override {
    return {{"evaluations", evaluations_},
            {"actions", actions_},
            {"expected_s",
             expected_s_ >= 0 && expected_s_ < 1e18 ? nlohmann::json(expected_s_) : nlohmann::json()}};
  }
  std::string why_nothing(const JobView& job) const override;

 private:
  struct Model {
    std::vector<int> ids;  // of the operators that are stations
    std::vector<Station> stations;
    std::vector<int> present;
    double external_per_s = 0;
  };
  Model model(const Observation& seen, const MetricWindow& epoch) const;
  std::int64_t processors(const Observation& seen, const Model& model) const;

  Params p_;
  FreshWindows fresh_;
  int deployment_ = -1, epochs_ = 0, evaluations_ = 0, actions_ = 0, unstable_ = 0;
  double expected_s_ = -1;  // by the model, of what ran at the last look
};

// Where slots are shared, they bound each operator by itself.
int most_of(const JobView& job, const OperatorView& op) {
  return job.slots_shared && job.slots > 0 ? std::min(op.max_parallelism, job.slots) : op.max_parallelism;
}

Drs::Model Drs::model(const Observation& seen, const MetricWindow& epoch) const {
  const std::vector<ds2::OperatorRates> rates = ds2::measured_rates(seen.job, epoch);
  const std::vector<ds2::Requirement> required = ds2::required_instances(rates, ds2::Feedback::iterate);
  Model model;
  for (std::size_t id = 0; id < rates.size(); ++id) {
    const OperatorView& op = seen.job.operators[id];
    if (op.source) model.external_per_s += rates[id].target_per_s;
    if (op.source || !rates[id].measured || !required[id].known) continue;
    const int present = seen.parallelism[id];
    model.ids.push_back(static_cast<int>(id));
    model.present.push_back(present);
    model.stations.push_back({.arrivals_per_s = required[id].input_per_s,
                              .service_per_s = rates[id].true_processing_per_s / rates[id].parallelism,
                              .least = may_scale(op) ? op.min_parallelism : present,
                              .most = may_scale(op) ? most_of(seen.job, op) : present});
  }
  return model;
}

// What the stations may have in all.
std::int64_t Drs::processors(const Observation& seen, const Model& model) const {
  std::int64_t fixed = 0, scaled = 0;
  for (std::size_t i = 0; i < model.ids.size(); ++i)
    (may_scale(seen.job.operators[static_cast<std::size_t>(model.ids[i])]) ? scaled : fixed) +=
        model.present[i];
  if (p_.processors) return *p_.processors + fixed;
  if (seen.job.slots == 0) return std::numeric_limits<int>::max();
  if (seen.job.slots_shared) return seen.job.slots * static_cast<std::int64_t>(model.ids.size());
  const auto all = std::accumulate(seen.parallelism.begin(), seen.parallelism.end(), std::int64_t{0});
  return seen.job.slots - (all - fixed - scaled);
}

std::vector<Decision> Drs::evaluate(const Observation& seen) {
  if (seen.action_running || seen.job.uniform_workers) return {};
  if (seen.deployment != deployment_) {
    deployment_ = seen.deployment;
    epochs_ = 0;
  }
  const std::vector<const MetricWindow*> windows = fresh_.take(seen);
  if (windows.empty() || epochs_++ < p_.warm_up_intervals) return {};
  const Model now = model(seen, merge_windows(windows));
  if (now.ids.empty()) return {};
  ++evaluations_;
  const std::int64_t most = processors(seen, now);
  expected_s_ = total_sojourn_s(now.stations, now.present, now.external_per_s);
  const auto wanted = p_.use_all ? best_servers(now.stations, most)
                                 : fewest_servers(now.stations, now.external_per_s, p_.deadline_s, most);
  if (!wanted) {
    ++unstable_;
    return {};
  }
  const auto sum = [](const std::vector<int>& k) {
    return std::accumulate(k.begin(), k.end(), std::int64_t{0});
  };
  const double wanted_s = total_sojourn_s(now.stations, *wanted, now.external_per_s);
  const bool missed = expected_s_ > p_.deadline_s && wanted_s < expected_s_;
  const bool better = p_.use_all && wanted_s < expected_s_ * (1 - 1e-6);
  const bool saves = sum(now.present) - sum(*wanted) >= p_.min_saving;
  if (!missed && !better && !saves) return {};
  Decision decision{
      .symptom = fmt::format("mean time in the operators {:.3g} s by the model, deadline {:.3g} s",
                             expected_s_, p_.deadline_s),
      .diagnosis = missed   ? "too slow"
                   : better ? "not the best allocation"
                            : "more than needed",
      .reason = "",
      .targets = {}};
  for (std::size_t i = 0; i < now.ids.size(); ++i)
    if ((*wanted)[i] != now.present[i]) decision.targets.push_back({now.ids[i], (*wanted)[i]});
  if (decision.targets.empty()) return {};
  decision.reason =
      fmt::format("{}: {:.3g} s by the model", describe_targets(seen, decision.targets), wanted_s);
  ++actions_;
  return {decision};
}

std::string Drs::why_nothing(const JobView& job) const {
  if (job.uniform_workers)
    return "it gives instances to operators one by one, and those of this job share workers";
  if (evaluations_ == 0)
    return fmt::format("it had no interval with true rates to decide on, after {} of warm-up",
                       p_.warm_up_intervals);
  if (unstable_ > 0)
    return fmt::format("in {} of {} intervals there were too few instances to be had to keep up", unstable_,
                       evaluations_);
  return fmt::format(
      "by its model what ran was as it should be, in all {} intervals (last {:.3g} s, deadline "
      "{:.3g} s)",
      evaluations_, expected_s_, p_.deadline_s);
}

const auto registered = PolicyRegistry::add<Params>(
    {.name = "drs",
     .help = "DRS: the fewest instances with which the mean time in the operators, by queueing theory, stays "
             "below "
             "a deadline.",
     .source = "Fu et al., DRS, ICDCS 2015"},
    table(),
    [](const Params& p, PolicyContext&) -> std::unique_ptr<Policy> { return std::make_unique<Drs>(p); });

}  // namespace
}  // namespace drs
}  // namespace weir
