#include <catch2/catch.hpp>
#include <cmath>
#include <deque>

#include "tests/support/dice.hpp"
#include "tests/support/scripted_metrics.hpp"

// What must hold of Kubernetes' autoscaler for any series of metrics, with the recommendations taken anew
// here, from the formula of the documentation.

using namespace weir;
using namespace weir::test;

namespace {

const JobView job = chain({"source", "map"});
constexpr double sync_s = 15, stabilization_s = 300;

struct Seen {
  double time_s;
  int replicas;
};

class Series {
 public:
  Series(std::uint64_t seed, bool calm)
      : dice_(seed),
        calm_(calm),
        target_percent_(10 + dice_.below(90)),
        most_(1 + dice_.below(60)),
        least_(1 + dice_.below(most_)),
        cluster_(job, {1, least_ + dice_.below(most_ - least_ + 1)},
                 "{\"type\": \"hpa\", \"target_percent\": " + std::to_string(target_percent_) +
                     ", \"min_replicas\": " + std::to_string(least_) +
                     ", \"max_replicas\": " + std::to_string(most_) + "}") {
    if (dice_.coin()) cluster_.downtime_s = dice_.between(1, 60);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

 private:
  int present() const { return cluster_.parallelism[1]; }

  // In whole percent, the same for all pods.
  int next_percent() {
    if (calm_) {
      const int low = static_cast<int>(std::ceil(0.9 * target_percent_ - 1e-9));
      const int high = static_cast<int>(std::floor(1.1 * target_percent_ + 1e-9));
      return low + dice_.below(high - low + 1);
    }
    // Mostly near what it was, sometimes anywhere.
    if (dice_.below(8) == 0) level_ = dice_.below(101);
    return std::clamp(level_ + dice_.below(11) - 5, 0, 100);
  }

  int recommended(int percent) const {
    const int difference = 10 * std::abs(percent - target_percent_);
    if (difference <= target_percent_) return present();
    return (present() * percent + target_percent_ - 1) / target_percent_;
  }

  void step() {
    const int percent = next_percent(), before = present();
    const double now_s = cluster_.now_s() + sync_s;
    if (seen_.empty()) seen_.push_back({now_s, before});
    const int wanted = recommended(percent);
    seen_.push_back({now_s, wanted});
    // The clock is one of nanoseconds.
    while (seen_.front().time_s < now_s - stabilization_s + 1e-9) seen_.pop_front();
    int highest = wanted;
    for (const Seen& seen : seen_) highest = std::max(highest, seen.replicas);
    cluster_.step(sync_s, [&](MetricWindow& w) {
      for (InstanceMetrics& i : w.operators[1].instances) i.useful_s = percent / 100.0 * w.duration_s();
    });
    const int after = present();
    INFO("at " << now_s << " s: " << before << " -> " << after << " of " << least_ << " to " << most_
               << " at " << percent << " of " << target_percent_ << " %, wanted " << wanted
               << ", lately at most " << highest);
    REQUIRE(after <= most_);
    REQUIRE(after >= least_);
    REQUIRE(after <= std::max(2 * before, before + 4));
    if (after < before) REQUIRE(after == std::max(highest, least_));
    if (after < before) REQUIRE(highest < before);
    if (after > before) REQUIRE(after == std::min({wanted, most_, std::max(2 * before, before + 4)}));
    if (wanted == before) REQUIRE(after == before);
    if (wanted > before) REQUIRE((after > before || before == most_));
    if (calm_) REQUIRE(after == before);
  }

  Dice dice_;
  bool calm_;
  int target_percent_, most_, least_;
  ScriptedCluster cluster_;
  std::deque<Seen> seen_;
  int level_ = 50;
};

}  // namespace

TEST_CASE("hpa stays in its bounds, rates and stabilization for any series of metrics", "[policy][hpa]") {
  const std::uint64_t first = test_seed();
  for (std::uint64_t i = 0; i < 300; ++i) {
    INFO("WEIR_SEED=" << first + i);
    Series(first + i, false).run(150);
  }
}

TEST_CASE("hpa does nothing while the metric is within the tolerance", "[policy][hpa]") {
  const std::uint64_t first = test_seed();
  for (std::uint64_t i = 0; i < 300; ++i) {
    INFO("WEIR_SEED=" << first + i);
    Series(first + i, true).run(40);
  }
}
