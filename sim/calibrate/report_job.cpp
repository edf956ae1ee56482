#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "sim/calibrate/report.hpp"
#include "sim/calibrate/report_parts.hpp"

namespace weir::calibrate {
namespace {

using Json = nlohmann::ordered_json;

double window_s(const JobCalibration& all) {
  return all.series.time_s(all.window_rows);
}
double train_s(const JobCalibration& all) {
  return all.series.time_s(all.train_rows);
}

// ---------------------------------------------------------------- text

// Of what was offered in all.
double achieved_share(const JobSeries& series) {
  double offered = 0, achieved = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (std::isnan(series.achieved_per_s[i])) continue;
    offered += series.offered_per_s[i];
    achieved += series.achieved_per_s[i];
  }
  return offered > 0 ? achieved / offered : achieved > 0 ? HUGE_VAL : 1;
}

std::string data_text(const JobCalibration& all) {
  const JobSeries& series = all.series;
  std::string text = fmt::format("{:.0f} s recorded, a row every {:g} s. Fitted on the first {:.0f} s.\n",
                                 series.duration_s(), series.step_s, train_s(all));
  const auto gaps = [&](std::size_t count, const char* what, const char* then) {
    if (count > 0) text += fmt::format("  {} rows without {}: {}\n", count, what, then);
  };
  gaps(series.offered_gaps, "an offered rate", "the one before is taken");
  gaps(series.achieved_gaps, "an achieved rate", "left out");
  if (series.has_latency()) gaps(series.latency_gaps, "a latency", "left out");
  if (series.rows_merged > 0)
    text += fmt::format("  {} rows came sooner than a step after another one: the later counts\n",
                        series.rows_merged);
  text += fmt::format("Meters tell the mean of {:g} s ({}).\n", window_s(all),
                      all.window_given  ? "given"
                      : all.window_seen ? "fitted together with the capacity"
                                        : "taken: any other would do");
  if (series.has_latency())
    text +=
        fmt::format("Latencies were taken to be in {}.\n", series.latency_unit_s == 1      ? "seconds"
                                                           : series.latency_unit_s == 1e-3 ? "milliseconds"
                                                                                           : "microseconds");
  if (const double share = achieved_share(series); share > 1.05)
    text += fmt::format(
        "  The job achieved {:.0f} % of what was offered in all: a backlog from before, or columns or units "
        "that do not belong together.\n",
        100 * share);
  return text;
}

std::string outages_text(const JobCalibration& all) {
  const JobQuestion& question = all.question;
  std::string text = fmt::format(
      "\nOutages, an input ({})\n",
      all.outages_given ? std::string("given")
                        : fmt::format("found: the achieved rate falls by {:.0f} % of itself and of the load",
                                      100 * question.outage_rule.drop));
  for (const Outage& outage : all.outages.found)
    text += fmt::format("  {:8.0f} to {:.0f} s ({:.0f} s){}\n", outage.start_s, outage.end_s,
                        outage.duration_s(), outage.start_s < train_s(all) ? "" : ", held out");
  if (all.outages.found.empty()) text += "  none\n";
  if (all.outages.slow > 0)
    text += fmt::format("  {} longer falls that do not come near to nothing: slower, not still\n",
                        all.outages.slow);
  return text;
}

std::string score_line(const char* what, const RateError& error, double mean) {
  return fmt::format("    {:<30} {:>9} {:>9}  {:>7}\n", what, rate_text(error.rmse_per_s),
                     rate_text(error.mae_per_s), mean > 0 ? percent_text(error.rmse_per_s / mean) : "");
}

std::string scores_text(const JobCalibration& all) {
  std::string text =
      "\nErrors: root mean square, mean absolute, in records/s; the first in percent of the recorded mean\n";
  for (const Score& score : all.scores) {
    if (score.rows == 0) continue;
    text +=
        fmt::format("  {} ({} rows, {}/s on average)\n", score.part, score.rows, rate_text(score.mean_per_s));
    text += score_line("model", score.model, score.mean_per_s);
    text += score_line("achieved = offered", score.offered, score.mean_per_s);
    text += score_line("the same as meters tell it", score.offered_as_measured, score.mean_per_s);
    if (score.latency_rows == 0) continue;
    text += fmt::format("    latency: off by a factor of {:.2f} (typical), by {:.3g} s (mean absolute)\n",
                        std::exp(score.model_latency.log_rmse), score.model_latency.mae_s);
    text += fmt::format("    always {:.3g} s: by {:.2f}, by {:.3g} s\n", all.seen.calm_latency_s,
                        std::exp(score.calm_latency.log_rmse), score.calm_latency.mae_s);
  }
  const auto worse = [](const Score& score) {
    return score.rows > 0 && score.part != "train" &&
           score.model.rmse_per_s > score.offered_as_measured.rmse_per_s;
  };
  for (const Score& score : all.scores) {
    if (worse(score))
      text += fmt::format(
          "  The model is no better than \"achieved = offered\" where it was not fitted ({}).\n", score.part);
    if (score.part != "train" && score.latency_rows > 0 &&
        score.model_latency.log_rmse > score.calm_latency.log_rmse)
      text += fmt::format("  Its latencies are no better than a constant where it was not fitted ({}).\n",
                          score.part);
  }
  return text;
}

std::string others_text(const JobCalibration& all) {
  if (all.others.empty())
    return all.question.predict_workers.empty()
               ? ""
               : "\nWith other numbers of workers nothing is predicted: that takes a capacity.\n";
  std::string text =
      "\nPredicted with other numbers of workers, the same load and outages\n"
      "  workers  sigma             capacity    p99 achieved   latency p50 / p99 s\n";
  for (const OtherWorkers& one : all.others)
    text += fmt::format("  {:>7}  {:<17} {:<11} {:<14} {:.3g} / {:.3g}\n", one.workers,
                        fmt::format("{:g}{}", one.sigma, one.sigma_assumed ? " (assumed)" : ""),
                        rate_text(one.capacity_per_s), rate_text(one.achieved_p99_per_s), one.latency_p50_s,
                        one.latency_p99_s);
  return text;
}

// ---------------------------------------------------------------- JSON

Json rate_error_json(const RateError& error) {
  return {{"rmse_per_s", error.rmse_per_s}, {"mae_per_s", error.mae_per_s}};
}
Json latency_error_json(const LatencyError& error) {
  return {{"log_rmse", error.log_rmse}, {"mae_s", error.mae_s}};
}

Json scores_json(const JobCalibration& all) {
  Json json = Json::array();
  for (const Score& score : all.scores) {
    Json one = {{"part", score.part},
                {"rows", score.rows},
                {"recorded_mean_per_s", score.mean_per_s},
                {"model", rate_error_json(score.model)},
                {"achieved_is_offered", rate_error_json(score.offered)},
                {"achieved_is_offered_as_measured", rate_error_json(score.offered_as_measured)}};
    if (score.latency_rows > 0) {
      one["latency_rows"] = score.latency_rows;
      one["latency_model"] = latency_error_json(score.model_latency);
      one["latency_constant"] = latency_error_json(score.calm_latency);
    }
    json.push_back(one);
  }
  return json;
}

Json others_json(const JobCalibration& all) {
  Json json = Json::array();
  for (const OtherWorkers& one : all.others)
    json.push_back({{"workers", one.workers},
                    {"sigma", one.sigma},
                    {"sigma_assumed", one.sigma_assumed},
                    {"capacity_per_s", one.capacity_per_s},
                    {"achieved_p99_per_s", one.achieved_p99_per_s},
                    {"achieved_mean_per_s", one.achieved_mean_per_s},
                    {"latency_p50_s", one.latency_p50_s},
                    {"latency_p99_s", one.latency_p99_s}});
  return json;
}

// One operator that does what the whole job does, and hosts that stand still.
Json scenario_json(const JobCalibration& all) {
  Json steps = Json::array();
  for (const Outage& outage : all.outages.found) {
    steps.push_back({{"time_s", std::max(0.0, outage.start_s - all.question.replay_s)}, {"factor", 0}});
    steps.push_back({{"time_s", outage.end_s}, {"factor", 1}});
  }
  Json json = {{"profile", {{"steps", steps}}}};
  if (all.fit.capacity_known)
    json["operator"] = {{"cost", {{"per_record_us", 1e6 / all.fit.model.rate_per_s}}},
                        {"contention", {{"sigma", all.fit.model.sigma}}},
                        {"parallelism", static_cast<int>(all.fit.workers)}};
  return json;
}

}  // namespace

std::string job_text(const JobCalibration& all) {
  std::string text = data_text(all) + outages_text(all);
  text += fmt::format("\nParameters ({:.0f} % intervals: blocks of rows drawn {} times, refitted)\n",
                      100 * interval_share, all.question.resamples);
  for (const Parameter& parameter : all.fit.parameters) text += parameter_line(parameter);
  if (all.fit.capacity_known && all.fit.capacity_at_least_per_s > 0)
    text += fmt::format("  {:<28} {} records/s were achieved without anything waiting\n", "",
                        rate_text(all.fit.capacity_at_least_per_s));
  if (all.seen.calm_latency_s > 0)
    text += fmt::format("  {:<28} {:.4g} s\n  {:<28} the median while the job keeps up\n",
                        "latency without a queue", all.seen.calm_latency_s, "");
  if (!all.fit.converged)
    text += "  The fit did not converge: the data do not fit the model, or hardly show it.\n";
  return text + scores_text(all) + others_text(all);
}

Json job_json(const JobCalibration& all, const std::vector<DataFile>& files) {
  Json outages = Json::array(), parameters = Json::array(), windows = Json::array();
  for (const Outage& outage : all.outages.found)
    outages.push_back({{"start_s", outage.start_s}, {"end_s", outage.end_s}});
  for (const Parameter& parameter : all.fit.parameters) parameters.push_back(parameter_json(parameter));
  for (const Window& window : all.seen.catch_up)
    windows.push_back({{"start_s", all.series.time_s(window.from)}, {"end_s", all.series.time_s(window.to)}});
  return {{"weir_calibration", 1},
          {"of", "job"},
          {"data", files_json(files)},
          {"rows", all.series.rows_read},
          {"duration_s", all.series.duration_s()},
          {"step_s", all.series.step_s},
          {"train_until_s", train_s(all)},
          {"meter_window_s", window_s(all)},
          {"meter_window_fitted", !all.window_given && all.window_seen},
          {"latency_unit_s", all.series.has_latency() ? Json(all.series.latency_unit_s) : Json()},
          {"achieved_share", achieved_share(all.series)},
          {"outages_given", all.outages_given},
          {"outages", outages},
          {"replay_s", all.question.replay_s},
          {"catch_up", windows},
          {"parameters", parameters},
          {"workers", all.fit.workers},
          {"capacity_known", all.fit.capacity_known},
          {"capacity_per_s", all.fit.capacity_known ? Json(all.fit.capacity_per_s) : Json()},
          {"capacity_at_least_per_s", all.fit.capacity_at_least_per_s},
          {"latency_floor_s", all.seen.calm_latency_s},
          {"errors", scores_json(all)},
          {"other_workers", others_json(all)},
          {"scenario", scenario_json(all)}};
}

std::string job_series_csv(const JobCalibration& all) {
  std::string text =
      "time_s,offered_per_s,achieved_per_s,latency_s,predicted_achieved_per_s,predicted_latency_s,part\n";
  auto out = std::back_inserter(text);
  const auto known = [](double v) { return std::isnan(v) ? std::string() : fmt::format("{:.6g}", v); };
  const bool latencies = all.series.has_latency();
  for (std::size_t i = 0; i < all.series.size(); ++i)
    fmt::format_to(out, "{:g},{:.6g},{},{},{:.6g},{:.6g},{}\n", all.series.time_s(i),
                   all.series.offered_per_s[i], known(all.series.achieved_per_s[i]),
                   latencies ? known(all.series.latency_s[i]) : "", all.prediction.achieved_per_s[i],
                   all.prediction.latency_s[i], i < all.train_rows ? "train" : "held-out");
  return text;
}

}  // namespace weir::calibrate
