#include "policies/twres/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "sim/kernel/assert.hpp"

namespace weir::twres {

namespace {

class Last final : public Forecaster {
 public:
  void observe(double rate_per_s, double) override { rate_per_s_ = rate_per_s; }
  double records_in(double horizon_s) const override { return rate_per_s_ * horizon_s; }

 private:
  double rate_per_s_ = 0;
};

class Mean final : public Forecaster {
 public:
  explicit Mean(double over_s) : over_s_(over_s) {}
  void observe(double rate_per_s, double length_s) override {
    seen_.push_back({rate_per_s, length_s});
    elapsed_s_ += length_s;
    records_ += rate_per_s * length_s;
    while (seen_.size() > 1 && elapsed_s_ - seen_.front().length_s >= over_s_) {
      elapsed_s_ -= seen_.front().length_s;
      records_ -= seen_.front().rate_per_s * seen_.front().length_s;
      seen_.pop_front();
    }
  }
  double records_in(double horizon_s) const override {
    return elapsed_s_ > 0 ? std::max(0.0, records_ / elapsed_s_ * horizon_s) : 0;
  }

 private:
  struct Interval {
    double rate_per_s, length_s;
  };
  double over_s_, elapsed_s_ = 0, records_ = 0;
  std::deque<Interval> seen_;
};

// The trend is per second, so intervals may differ in length.
class Holt final : public Forecaster {
 public:
  explicit Holt(const ForecastParams& params) : p_(params) {}
  void observe(double rate_per_s, double length_s) override {
    if (count_++ == 0) {
      level_ = rate_per_s;
      return;
    }
    const double before = level_;
    level_ = p_.level_weight * rate_per_s + (1 - p_.level_weight) * (level_ + trend_ * length_s);
    trend_ = p_.trend_weight * (level_ - before) / length_s + (1 - p_.trend_weight) * trend_;
  }
  // The line's area, where it is above 0.
  double records_in(double horizon_s) const override {
    const double last = level_ + trend_ * horizon_s;
    if (level_ >= 0 && last >= 0) return (level_ + last) / 2 * horizon_s;
    if (level_ <= 0 && last <= 0) return 0;
    const double above = std::max(level_, last);
    return above * above / (2 * std::abs(trend_));
  }

 private:
  ForecastParams p_;
  int count_ = 0;
  double level_ = 0, trend_ = 0;
};

}  // namespace

std::unique_ptr<Forecaster> make_forecaster(const ForecastParams& params) {
  switch (params.method) {
    case ForecastMethod::last:
      return std::make_unique<Last>();
    case ForecastMethod::mean:
      return std::make_unique<Mean>(params.mean_over_s);
    case ForecastMethod::holt:
      return std::make_unique<Holt>(params);
  }
  WEIR_ASSERT(false, "unknown forecaster");
  return nullptr;
}

}  // namespace weir::twres
