#include "sim/cli/published_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace weir {

namespace {

// What was carried out, an operator each, in the order in which it was asked for.
std::vector<const ActionSummary*> steps_of(const JobSummary& job) {
  std::vector<const ActionSummary*> steps;
  for (const ActionSummary& action : job.scaling.actions)
    if (action.status == "done" || action.status == "clipped") steps.push_back(&action);
  std::stable_sort(steps.begin(), steps.end(),
                   [](const ActionSummary* a, const ActionSummary* b) { return a->time_s < b->time_s; });
  return steps;
}

std::optional<double> quantity_of(PublishedQuantity quantity, const JobSummary& job,
                                  const std::vector<const ActionSummary*>& steps) {
  double last_s = 0, slots = 0;
  switch (quantity) {
    case PublishedQuantity::none:
      return std::nullopt;
    case PublishedQuantity::steps:
      return static_cast<double>(job.scaling.score.steps);
    case PublishedQuantity::last_step_asked_s:
      return steps.empty() ? 0 : steps.back()->time_s;
    case PublishedQuantity::settled_s:
      for (const ActionSummary* step : steps) last_s = std::max(last_s, step->ended_s.value_or(0));
      return last_s;
    case PublishedQuantity::final_slots:
      for (const OperatorSummary& op : job.operators) slots += op.scalable ? op.parallelism : 0;
      return slots;
  }
  return std::nullopt;
}

std::string difference(double here, double published) {
  if (here == published) return "as published";
  const double by = std::abs(here - published);
  return fmt::format("{:.6g} {}", by, here < published ? "less" : "more");
}

std::string shift(double here_s, double published_s) {
  if (here_s == published_s) return "at the same time";
  return fmt::format("{:.6g} s {}", std::abs(here_s - published_s),
                     here_s < published_s ? "earlier" : "later");
}

std::string compared(const PublishedStep& published, const ActionSummary* step) {
  if (step == nullptr) return "no such step";
  std::string text =
      fmt::format("{} {} -> {} at {:.6g} s: ", step->operator_name, step->from, step->to, step->time_s);
  if (step->operator_name != published.operator_name) return text + "another operator";
  text += step->from == published.from && step->to == published.to
              ? std::string("the same values")
              : fmt::format("to {}", difference(step->to, published.to));
  return text + ", " + shift(step->time_s, published.time_s);
}

// Of the steps of one action in any order: one action changes several operators at once.
const ActionSummary* take(std::vector<const ActionSummary*>& left, const PublishedStep& published) {
  if (left.empty()) return nullptr;
  const std::int64_t action_id = left.front()->action_id;
  auto taken = std::find_if(left.begin(), left.end(), [&](const ActionSummary* step) {
    return step->action_id == action_id && step->operator_name == published.operator_name;
  });
  if (taken == left.end()) taken = left.begin();
  const ActionSummary* const step = *taken;
  left.erase(taken);
  return step;
}

}  // namespace

std::string published_text(const PaperSpec& paper, const JobSummary& job) {
  const std::vector<const ActionSummary*> steps = steps_of(job);
  std::vector<const ActionSummary*> left = steps;
  std::string predicted, fitted, alone;
  bool compares = false;
  for (const PublishedValue& value : paper.published) {
    std::string line = fmt::format("    {}: {}", value.what, value.value), here;
    if (value.step)
      here = fmt::format("; here {}", compared(*value.step, take(left, *value.step)));
    else if (const auto number = quantity_of(value.quantity, job, steps))
      here = fmt::format("; here {:.6g}: {}", *number, difference(*number, value.number));
    compares = compares || !here.empty();
    (value.calibrated ? fitted : here.empty() ? alone : predicted) += line + here + "\n";
  }
  std::string text =
      fmt::format("\nPublished ({}{}){}\n", paper.citation,
                  paper.figure.empty() ? "" : ", figure " + paper.figure, compares ? ", and here" : "");
  if (!predicted.empty()) text += "  predicted:\n" + predicted;
  if (!alone.empty()) text += "  not compared here, and not fitted to:\n" + alone;
  if (!fitted.empty()) text += "  calibrated, since the scenario was fitted to it:\n" + fitted;
  for (const CalibratedParameter& parameter : paper.calibrated)
    text += fmt::format("  fitted: {}, against {}\n", parameter.parameter, parameter.against);
  if (paper.calibrated.empty()) text += "  nothing in this scenario was fitted to them\n";
  return text;
}

}  // namespace weir
