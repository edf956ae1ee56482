#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "models/arrivals/curve_arrivals.hpp"
#include "models/arrivals/grown_curve.hpp"
#include "models/arrivals/markov_chain.hpp"
#include "sim/kernel/random.hpp"

namespace weir {
namespace {

struct MmppState {
  double rate_per_s = 1000;
  std::optional<double> mean_holding_s;
  std::vector<double> transitions_per_s;
};

struct MmppParams {
  std::vector<MmppState> states;
  std::optional<int> initial_state;
  ArrivalSpacing spacing = ArrivalSpacing::poisson;
};

// The rates of going from each state to each other; the diagonal is 0.
std::vector<std::vector<double>> transition_rates(const MmppParams& p) {
  const std::size_t n = p.states.size();
  std::vector<std::vector<double>> rates(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const MmppState& state = p.states[i];
      rates[i][j] = state.mean_holding_s ? 1 / (*state.mean_holding_s * static_cast<double>(n - 1))
                                         : state.transitions_per_s[j];
    }
  }
  return rates;
}

void check_row(const MmppParams& p, std::size_t i, const Node& at, Errors& errors) {
  const MmppState& state = p.states[i];
  const Node& states = at.at_or_self("states");
  const Node& here = i < states.items().size() ? *states.items()[i] : states;
  if (state.mean_holding_s.has_value() == !state.transitions_per_s.empty()) {
    return errors.add(here, "how the state is left is not said, or said twice",
                      "either mean_holding_s or transitions_per_s");
  }
  if (state.mean_holding_s) return;
  const Node& row = here.at_or_self("transitions_per_s");
  if (state.transitions_per_s.size() != p.states.size()) {
    return errors.add(
        row, fmt::format("{} numbers for {} states", state.transitions_per_s.size(), p.states.size()),
        "one number for each state");
  }
  double sum = 0;
  for (std::size_t j = 0; j < p.states.size(); ++j) {
    if (j == i) continue;
    if (state.transitions_per_s[j] < 0) {
      return errors.add(row, "a transition rate is negative", "numbers >= 0 but for the state itself");
    }
    sum += state.transitions_per_s[j];
  }
  const double diagonal = state.transitions_per_s[i];
  if (diagonal != 0 && std::abs(diagonal + sum) > 1e-9 * (std::abs(diagonal) + sum)) {
    errors.add(row, fmt::format("the state's own number is {:g}", diagonal),
               fmt::format("0, or minus the sum of the others: {:g}", -sum));
  }
}

ParamTable<MmppState> state_table() {
  ParamTable<MmppState> t("state");
  t.real("rate_per_s", &MmppState::rate_per_s,
         {.unit = "records/s", .help = "Rate of all instances together in this state."}, arrival_rate());
  t.real("mean_holding_s", &MmppState::mean_holding_s,
         {.unit = "s", .help = "Mean of the exponential time in this state; any other state may be next."},
         arrival_length());
  t.reals(
      "transitions_per_s", &MmppState::transitions_per_s,
      {.unit = "1/s",
       .help =
           "Instead: this state's row of the generator matrix, a rate to each state; the state's own is 0 or "
           "minus the sum."},
      between(-1e9, 1e9));
  t.required("rate_per_s");
  return t;
}

ParamTable<MmppParams> table() {
  ParamTable<MmppParams> t;
  t.objects("states", &MmppParams::states, state_table(), {.help = "States of the chain that sets the rate."},
            2);
  t.integer("initial_state", &MmppParams::initial_state,
            {.help = "State at time 0, counted from 0; left out: drawn from the stationary distribution."},
            at_least(0));
  add_spacing(t);
  t.required("states");
  t.check_parts([](const MmppParams& p, const Node& at, Errors& errors) {
    const Node* states = at.find("states");
    if (states == nullptr || !states->is_array()) return;
    for (std::size_t i = 0; i < p.states.size(); ++i) {
      const Node& row = *states->items()[i];
      if (errors.sound(row, "mean_holding_s") && errors.sound(row, "transitions_per_s")) {
        check_row(p, i, at, errors);
      }
    }
    if (errors.sound(at, "initial_state") && p.initial_state &&
        *p.initial_state >= static_cast<int>(p.states.size())) {
      errors.add(at.at_or_self("initial_state"), "there is no such state",
                 fmt::format("0 to {}", p.states.size() - 1));
    }
    if (errors.sound(at) && !p.initial_state && !is_irreducible(transition_rates(p))) {
      errors.add(at.at_or_self("states"), "not every state leads to every other, so where it begins matters",
                 "an initial_state");
    }
  });
  return t;
}

class MmppSteps {
 public:
  MmppSteps(const MmppParams& p, const ArrivalContext& context)
      : transitions_(transition_rates(p)), stream_(context.seed, context.entity, curve_purpose) {
    for (const MmppState& state : p.states) rates_per_s_.push_back(state.rate_per_s);
    state_ = p.initial_state ? static_cast<std::size_t>(*p.initial_state)
                             : pick(stationary_distribution(transitions_), 1);
  }

  RateStep next() {
    const std::vector<double>& row = transitions_[state_];
    double leaving_per_s = 0;
    for (const double rate : row) leaving_per_s += rate;
    const double rate = rates_per_s_[state_];
    if (leaving_per_s == 0) return {never, rate, rate};
    const Nanos length_ns = std::max<Nanos>(1, to_nanos(stream_.exponential(1 / leaving_per_s)));
    state_ = pick(row, leaving_per_s);
    return {length_ns, rate, rate};
  }

 private:
  // An index with probability weights[i] / sum.
  std::size_t pick(const std::vector<double>& weights, double sum) {
    double left = stream_.uniform01() * sum;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      last = i;
      left -= weights[i];
      if (left <= 0) break;
    }
    return last;
  }

  std::vector<std::vector<double>> transitions_;
  std::vector<double> rates_per_s_;
  RandomStream stream_;
  std::size_t state_;
};

std::shared_ptr<const RateCurve> curve(const MmppParams& p, const ArrivalContext& context) {
  const auto silent = [](const MmppState& state) { return state.rate_per_s == 0; };
  if (std::all_of(p.states.begin(), p.states.end(), silent)) return CurveBuilder().then_constant(0);
  return grown_curve(MmppSteps(p, context));
}

const auto registered = register_curve<MmppParams>(
    {.name = "mmpp",
     .help = "Markov-modulated Poisson process: a hidden chain switches between rates.",
     .source = "Fischer, Meier-Hellstern: The Markov-modulated Poisson process (MMPP) cookbook, 1993"},
    table(), curve);

}  // namespace
}  // namespace weir
