#include <fmt/format.h>

#include "sim/calibrate/report.hpp"
#include "sim/calibrate/report_parts.hpp"

namespace weir::calibrate {
namespace {

using Json = nlohmann::ordered_json;

std::string operator_text(const OperatorFit& fit) {
  std::string text =
      fmt::format("\n{}{}\n", fit.name, fit.source ? " (a source: costs are per record out)" : "");
  for (const Parameter& parameter : fit.parameters) text += parameter_line(parameter);
  if (fit.costs.size() > 1) {
    for (const CostAt& at : fit.costs) {
      text +=
          fmt::format("  {:<28} {:.4g} us", fmt::format("  measured with {}", at.parallelism), at.cost_us);
      if (at.interval) text += fmt::format(" ({:.4g} to {:.4g})", at.interval->low, at.interval->high);
      text += fmt::format(", {} samples\n", at.samples);
    }
  }
  if (!fit.source)
    text += fmt::format("  {:<28} {:.4g} records out per record in\n", "selectivity", fit.selectivity);
  const auto error = [&](const char* part, const CostError& e) {
    text += fmt::format("  {:<28} busy time off by {}", part, percent_text(e.relative));
    if (fit.costs.size() > 1)
      text += fmt::format("; with one cost for all: {}", percent_text(e.relative_constant));
    text += fmt::format(" ({} samples)\n", e.samples);
  };
  error("error, train", fit.train);
  if (fit.held_out) error("error, held out", *fit.held_out);
  if (!fit.held_out) text += fmt::format("  {:<28} nothing is held out: too few windows\n", "");
  return text;
}

Json error_json(const CostError& error) {
  return {{"samples", error.samples},
          {"relative", error.relative},
          {"relative_one_cost", error.relative_constant}};
}

Json operator_json(const OperatorFit& fit) {
  Json parameters = Json::array(), costs = Json::array();
  for (const Parameter& parameter : fit.parameters) parameters.push_back(parameter_json(parameter));
  for (const CostAt& at : fit.costs) {
    Json one = {{"parallelism", at.parallelism}, {"samples", at.samples}, {"cost_us", at.cost_us}};
    if (at.interval) one["interval"] = {{"low", at.interval->low}, {"high", at.interval->high}};
    costs.push_back(one);
  }
  Json errors = {{"train", error_json(fit.train)}};
  if (fit.held_out) errors["held_out"] = error_json(*fit.held_out);
  return {{"name", fit.name}, {"source", fit.source},           {"parameters", parameters},
          {"costs", costs},   {"selectivity", fit.selectivity}, {"errors", errors}};
}

}  // namespace

std::string operators_text(const OperatorCalibration& all) {
  std::string text =
      fmt::format("{} rows, {} of them with work, of {} operators. Fitted on the first {:.0f} s.\n",
                  all.data.rows_read, all.data.samples.size(), all.data.names.size(), all.train_until_s);
  text += fmt::format("{:.0f} % intervals: reporting windows drawn {} times, refitted.\n",
                      100 * interval_share, all.question.resamples);
  for (const OperatorFit& fit : all.operators) text += operator_text(fit);
  if (all.operators.size() < all.data.names.size())
    text += fmt::format("\n{} operators have no work in the first {:.0f} s.\n",
                        all.data.names.size() - all.operators.size(), all.train_until_s);
  return text;
}

Json operators_json(const OperatorCalibration& all, const std::vector<DataFile>& files) {
  Json operators = Json::array(), scenario = Json::array();
  for (const OperatorFit& fit : all.operators) {
    operators.push_back(operator_json(fit));
    scenario.push_back({{"name", fit.name},
                        {"cost", {{"per_record_us", fit.cost_us}}},
                        {"contention", {{"sigma", fit.sigma}, {"kappa", fit.kappa}}}});
  }
  return {{"weir_calibration", 1},
          {"of", "operators"},
          {"data", files_json(files)},
          {"rows", all.data.rows_read},
          {"train_until_s", all.train_until_s},
          {"operators", operators},
          {"scenario", {{"operators", scenario}}}};
}

}  // namespace weir::calibrate
