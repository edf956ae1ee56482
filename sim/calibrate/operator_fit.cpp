#include "sim/calibrate/operator_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "sim/calibrate/job_fit.hpp"
#include "sim/calibrate/least_squares.hpp"

namespace weir::calibrate {
namespace {

// All samples of one operator in one reporting window: they were taken under the same load.
struct WindowSum {
  double time_s = 0;
  int parallelism = 1;
  std::size_t samples = 0, instances = 0;
  double busy = 0, in = 0, out = 0;
};

// Instances report at slightly different times: a window begins when an instance reports again, which here
// means when as many instances as there are have reported, or the parallelism changes.
std::vector<WindowSum> windows_of(const OperatorData& data, int operator_id) {
  std::vector<WindowSum> windows;
  for (const OperatorSample& sample : data.samples) {
    if (sample.operator_id != operator_id) continue;
    if (windows.empty() || windows.back().parallelism != sample.parallelism ||
        windows.back().instances >= static_cast<std::size_t>(sample.parallelism))
      windows.push_back({.time_s = sample.time_s, .parallelism = sample.parallelism});
    WindowSum& window = windows.back();
    ++window.samples;
    window.instances += static_cast<std::size_t>(sample.instances);
    window.busy += sample.busy;
    window.in += sample.in_per_s;
    window.out += sample.out_per_s;
  }
  return windows;
}

struct Law {
  double cost_s = 0, sigma = 0, kappa = 0;
  double at(double p) const { return cost_s * (1 + sigma * (p - 1) + kappa * p * (p - 1)); }
};

class Fitter {
 public:
  Fitter(std::vector<WindowSum> windows, double train_until_s, bool whole, const OperatorQuestion& question)
      : question_(question) {
    for (const WindowSum& window : windows)
      (whole || window.time_s < train_until_s ? train_ : held_out_).push_back(window);
    double in = 0;
    for (const WindowSum& window : windows) in += window.in;
    source_ = in <= 0;
  }

  std::optional<OperatorFit> fit(std::string name) {
    if (train_.empty()) return std::nullopt;
    OperatorFit fit;
    fit.name = std::move(name);
    fit.source = source_;
    const std::vector<double> once(train_.size(), 1);
    const Law law = fit_law(once);
    double records = 0, out = 0;
    for (const WindowSum& window : train_) {
      fit.samples += window.samples;
      records += window.in;
      out += window.out;
    }
    fit.selectivity = source_ || records <= 0 ? 1 : out / records;
    fit.cost_us = law.cost_s * 1e6;
    fit.sigma = law.sigma;
    fit.kappa = law.kappa;
    costs_by_parallelism(fit);
    resample();
    describe(fit);
    fit.train = error_of(train_, law);
    if (!held_out_.empty()) fit.held_out = error_of(held_out_, law);
    return fit;
  }

 private:
  double records(const WindowSum& window) const { return source_ ? window.out : window.in; }

  std::map<int, std::pair<double, double>> sums(const std::vector<double>& times) const {
    std::map<int, std::pair<double, double>> sums;  // busy, records
    for (std::size_t i = 0; i < train_.size(); ++i) {
      auto& [busy, n] = sums[train_[i].parallelism];
      busy += times[i] * train_[i].busy;
      n += times[i] * records(train_[i]);
    }
    std::erase_if(sums, [](const auto& entry) { return !(entry.second.second > 0); });
    return sums;
  }

  // Weighted by how much work it was, and by relative differences.
  Law fit_law(const std::vector<double>& times) const {
    std::vector<double> p, cost, weight;
    for (const auto& [parallelism, sum] : sums(times)) {
      p.push_back(parallelism);
      cost.push_back(sum.first / sum.second);
      weight.push_back(sum.first / (cost.back() * cost.back()));
    }
    if (p.empty()) return {};
    std::vector<Vector> columns(std::min<std::size_t>(p.size(), 3));
    for (const double n : p) {
      columns[0].push_back(1);
      if (columns.size() > 1) columns[1].push_back(n - 1);
      if (columns.size() > 2) columns[2].push_back(n * (n - 1));
    }
    const Vector solution = linear_from_zero(columns, cost, weight);
    Law law{solution[0], 0, 0};
    if (law.cost_s > 0 && columns.size() > 1) law.sigma = solution[1] / law.cost_s;
    if (law.cost_s > 0 && columns.size() > 2) law.kappa = solution[2] / law.cost_s;
    return law;
  }

  void costs_by_parallelism(OperatorFit& fit) const {
    const std::vector<double> once(train_.size(), 1);
    RandomStream random(question_.seed, "calibrate", "windows");
    for (const auto& [parallelism, sum] : sums(once)) {
      CostAt at{
          .parallelism = parallelism, .samples = 0, .cost_us = sum.first / sum.second * 1e6, .interval = {}};
      std::vector<std::size_t> here;
      for (std::size_t i = 0; i < train_.size(); ++i)
        if (train_[i].parallelism == parallelism) here.push_back(i), at.samples += train_[i].samples;
      std::vector<double> drawn;
      for (int r = 0; r < question_.resamples && here.size() >= windows_min; ++r) {
        double busy = 0, n = 0;
        for (std::size_t k = 0; k < here.size(); ++k) {
          const WindowSum& window = train_[here[random.below(here.size())]];
          busy += window.busy;
          n += records(window);
        }
        drawn.push_back(busy / n * 1e6);
      }
      at.interval = middle_of(drawn);
      fit.costs.push_back(at);
    }
  }

  // Windows are drawn within each parallelism, so that none of them gets lost.
  void resample() {
    std::map<int, std::vector<std::size_t>> by_parallelism;
    for (std::size_t i = 0; i < train_.size(); ++i) by_parallelism[train_[i].parallelism].push_back(i);
    for (const auto& [unused, here] : by_parallelism)
      if (here.size() < windows_min) return;
    RandomStream random(question_.seed, "calibrate", "law");
    for (int r = 0; r < question_.resamples; ++r) {
      if (question_.stop != nullptr && *question_.stop) throw Interrupted();
      std::vector<double> times(train_.size(), 0);
      for (const auto& [unused, here] : by_parallelism)
        for (std::size_t k = 0; k < here.size(); ++k) times[here[random.below(here.size())]] += 1;
      const Law law = fit_law(times);
      costs_.push_back(law.cost_s * 1e6);
      sigmas_.push_back(law.sigma);
      kappas_.push_back(law.kappa);
    }
  }

  void describe(OperatorFit& fit) const {
    std::vector<std::string> numbers;
    for (const CostAt& at : fit.costs) numbers.push_back(fmt::format("{}", at.parallelism));
    const std::size_t n = numbers.size();
    const std::string seen = n == 1 ? fmt::format("only one number of instances: {}", numbers[0])
                                    : fmt::format("with {} instances", fmt::join(numbers, ", "));
    const char* per = fit.source ? "per record out" : "per record";
    const std::string few = train_.size() < windows_min
                                ? fmt::format("; {} windows are too few for an interval", train_.size())
                                : "";
    fit.parameters.push_back(
        {.name = n == 1 ? fmt::format("cost {} with {}", per, numbers[0]) : fmt::format("cost {} alone", per),
         .unit = "us",
         .value = fit.cost_us,
         .identified = true,
         .interval = middle_of(costs_),
         .why = fmt::format("busy time over records, {} samples{}", fit.samples, few)});
    fit.parameters.push_back({.name = "sigma",
                              .unit = "",
                              .value = fit.sigma,
                              .identified = n > 1,
                              .interval = n > 1 ? middle_of(sigmas_) : std::nullopt,
                              .why = n > 1 ? seen : "contention cannot be seen: " + seen});
    fit.parameters.push_back(
        {.name = "kappa",
         .unit = "",
         .value = fit.kappa,
         .identified = n > 2,
         .interval = n > 2 ? middle_of(kappas_) : std::nullopt,
         .why = n > 2 ? seen
                      : fmt::format("it takes three numbers of instances to tell it from sigma; {}", seen)});
  }

  CostError error_of(const std::vector<WindowSum>& windows, const Law& law) const {
    double busy = 0, n = 0;
    for (const WindowSum& window : train_) busy += window.busy, n += records(window);
    const double constant_s = n > 0 ? busy / n : 0;
    CostError error;
    double sum = 0, off = 0, off_constant = 0;
    for (const WindowSum& window : windows) {
      error.samples += window.samples;
      sum += window.busy;
      off += std::abs(records(window) * law.at(window.parallelism) - window.busy);
      off_constant += std::abs(records(window) * constant_s - window.busy);
    }
    if (sum > 0) error.relative = off / sum, error.relative_constant = off_constant / sum;
    return error;
  }

  static constexpr std::size_t windows_min = 5;  // for an interval
  const OperatorQuestion& question_;
  std::vector<WindowSum> train_, held_out_;
  bool source_ = false;
  std::vector<double> costs_, sigmas_, kappas_;  // of the resamples
};

}  // namespace

OperatorCalibration calibrate_operators(OperatorData data, const OperatorQuestion& question) {
  OperatorCalibration all;
  all.data = std::move(data);
  all.question = question;
  const double last_s = all.data.samples.empty() ? 0 : all.data.samples.back().time_s;
  all.train_until_s = question.train_until_s.value_or(last_s / 3);
  for (std::size_t id = 0; id < all.data.names.size(); ++id) {
    std::vector<WindowSum> windows = windows_of(all.data, static_cast<int>(id));
    // A recording of a few windows is not worth a split.
    const bool whole = !question.train_until_s && windows.size() < 6;
    if (auto fit = Fitter(std::move(windows), all.train_until_s, whole, question).fit(all.data.names[id]))
      all.operators.push_back(std::move(*fit));
  }
  return all;
}

}  // namespace weir::calibrate
