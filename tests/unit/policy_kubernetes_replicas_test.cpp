#include <catch2/catch.hpp>
#include <vector>

#include "policies/kubernetes/kafka_lag.hpp"
#include "policies/kubernetes/replicas.hpp"

// Numbers of upstream's own tests are marked with the test's name: kubernetes/kubernetes,
// pkg/controller/podautoscaler/replica_calculator_test.go; kedacore/keda, pkg/scalers/kafka_scaler_test.go.
// The others are worked out by hand.

using namespace weir::kubernetes;

namespace {

constexpr Tolerances tenth{0.1, 0.1};

// Usages as shares of a request of 1; those that are negative are missing, "unready" counts from the end.
std::vector<Pod> pods(const std::vector<double>& usages, std::size_t unready_last = 0) {
  std::vector<Pod> pods;
  for (const double usage : usages)
    pods.push_back({usage < 0 ? PodState::missing : PodState::counted, usage < 0 ? 0 : usage, 1});
  for (std::size_t i = pods.size() - unready_last; i < pods.size(); ++i) pods[i].state = PodState::unready;
  return pods;
}
constexpr double missing = -1;

int replicas(const std::vector<Pod>& of, int target_percent, const Tolerances& tolerances = tenth) {
  const auto proposal = by_utilization(of, static_cast<int>(of.size()), target_percent, tolerances);
  REQUIRE(proposal);
  return proposal->replicas;
}

}  // namespace

TEST_CASE("hpa: replicas in proportion to the utilization, rounded up", "[policy][hpa]") {
  // TestReplicaCalcResourceScale: scale up; scale down.
  CHECK(replicas(pods({0.3, 0.5, 0.7}), 30) == 5);              // ceil(3 * 50 / 30)
  CHECK(replicas(pods({0.1, 0.3, 0.5, 0.25, 0.25}), 50) == 3);  // ceil(5 * 28 / 50)
  CHECK(replicas(pods({0.9, 0.9, 0.9, 0.9}), 40) == 9);         // exactly 9: no tenth
  CHECK(replicas(pods({0.0, 0.0}), 50) == 0);                   // the least number comes later
  CHECK_FALSE(by_utilization(pods({missing, missing}), 2, 50, tenth));
  CHECK_FALSE(by_utilization(pods({0.5}, 1), 1, 50, tenth));
}

TEST_CASE("hpa: the utilization is of sums, in whole percent, rounded down", "[policy][hpa]") {
  const std::vector<Pod> unequal{{PodState::counted, 0.9, 1}, {PodState::counted, 0.9, 3}};
  CHECK(by_utilization(unequal, 2, 30, tenth)->metric == 45);  // 1.8 of 4, not the mean of 90 and 30 %
  CHECK(by_utilization(unequal, 2, 30, tenth)->replicas == 3);
  // 33.9 % counts as 33: within a tenth of 30. Also TestReplicaCalcSuperfluousMetrics: 587.5 % is 587.
  CHECK(replicas(pods({0.339, 0.339}), 30) == 2);
  CHECK(by_utilization(pods({4, 9.5, 3, 7}), 4, 100, tenth)->metric == 587);
  CHECK(by_utilization(pods({4, 9.5, 3, 7}), 4, 100, tenth)->replicas == 24);
}

TEST_CASE("hpa: nothing changes within the tolerance, its edges included", "[policy][hpa]") {
  CHECK(is_within(tenth, 0.9));
  CHECK(is_within(tenth, 1.1));
  CHECK_FALSE(is_within(tenth, 0.8999));
  CHECK_FALSE(is_within(tenth, 1.1001));
  CHECK(replicas(pods(std::vector<double>(10, 0.88)), 80) == 10);  // 1.1
  CHECK(replicas(pods(std::vector<double>(10, 0.89)), 80) == 12);  // 1.1125
  CHECK(replicas(pods(std::vector<double>(10, 0.72)), 80) == 10);  // 0.9
  CHECK(replicas(pods(std::vector<double>(10, 0.71)), 80) == 9);   // 0.8875
  // TestReplicaCalcConfigurableTolerance, with requests of 0.9, 1.0 and 1.1 cores.
  const auto at = [](double a, double b, double c) {
    return std::vector<Pod>{
        {PodState::counted, a, 0.9}, {PodState::counted, b, 1}, {PodState::counted, c, 1.1}};
  };
  CHECK(replicas(at(0.909, 1.01, 1.111), 100, {0, 0}) == 4);
  CHECK(replicas(at(1.89, 1.91, 1.9), 100, {0.1, 2}) == 3);
  CHECK(replicas(at(1.1, 1.08, 1.09), 100, {2, 0.08}) == 4);
  CHECK(replicas(at(0.66, 0.64, 0.65), 100, {0.36, 0.1}) == 3);
  CHECK(replicas(at(0.66, 0.64, 0.65), 100, {0.34, 0.1}) == 2);
}

TEST_CASE("hpa: a pod without a metric makes any change smaller", "[policy][hpa]") {
  // TestReplicaCalcMissingMetrics: (0.4 + 0.095 + 1 + 1) / 4 = 62 %, ceil(4 * 0.62).
  CHECK(replicas(pods({0.4, 0.095, missing, missing}), 100) == 3);
  // TestReplicaCalcMissingMetricsNoChange…: at the target; up would be down; down is within the tolerance.
  CHECK(replicas(pods({1.0, missing}), 100) == 2);
  CHECK(replicas(pods({1.9, missing}), 100) == 2);
  CHECK(replicas(pods({0.6, missing}), 100) == 2);  // 0.8 * 2 = 1.6
  // Up, with 0 for it: (4 + 0) / 2 = 200 %.
  CHECK(replicas(pods({4, missing}), 100) == 4);
  CHECK(by_utilization(pods({4, missing}), 2, 100, tenth)->metric == 400);
  // Down, with all of its request, not with the target: (0.1 + 1) / 2 = 55 % is above a target of 50.
  CHECK(replicas(pods({0.1, missing}), 50) == 2);
  CHECK(replicas(pods({0.0, 0.0, 0.0, missing}), 50) == 2);  // 25 %: ceil(4 * 0.5)
  // TestReplicaCalcMissingMetricsScaleDownTargetOver100: a target above 100 % is what it counts. The last
  // of four pods has no metric, the first is not ready.
  const std::vector<Pod> over{{PodState::unready, 0, 1},
                              {PodState::counted, 0.1, 1},
                              {PodState::counted, 0.1, 2},
                              {PodState::missing, 0, 2}};
  CHECK(by_utilization(over, 4, 300, tenth)->metric == 6);
  CHECK(replicas(over, 300) == 2);  // (0.2 + 6) / 5 = 124 %: ceil(3 * 0.41)
}

TEST_CASE("hpa: a pod that is not ready counts as idle on the way up, and not on the way down",
          "[policy][hpa]") {
  // TestReplicaCalcResourceScale: unready pod scales less; unready pods ignored; exclude unready pods;
  // exclude unscheduled pods.
  CHECK(replicas(pods({0.5, 0.7, 0.3}, 1), 30) == 4);              // 120 / 3 = 40 %
  CHECK(replicas(pods({0.4, 0.5, 0.7}, 2), 30) == 3);              // 40 / 3: would turn around
  CHECK(replicas(pods({0.1, 0.3, 0.5, 0.25, 0.25}, 2), 50) == 2);  // ceil(3 * 30 / 50)
  CHECK(replicas(pods({0.1, 0, 0, 0, 0}, 4), 50) == 1);
  // TestReplicaCalcMissingMetricsUnreadyChange, …ScaleUp, …ScaleDown: both kinds at once.
  CHECK(replicas(pods({0.45, missing, 0.1}, 1), 50) == 3);      // (0.45 + 1) / 2 = 72 %: would turn around
  CHECK(replicas(pods({2.0, missing, 0.1}, 1), 50) == 4);       // 200 / 3 = 66 %: ceil(3 * 1.32)
  CHECK(replicas(pods({0.1, 0.1, missing, 0.1}, 1), 50) == 3);  // 120 / 3 = 40 %: ceil(3 * 0.8)
}

TEST_CASE("hpa: a number of pods that differs from the replicas is no reason to turn around",
          "[policy][hpa]") {
  // TestReplicaCalcDuringRollingUpdateWithMaxSurge: three pods, one without a metric, for two replicas.
  const auto proposal = by_utilization(pods({0.1, 0.1, missing}), 2, 50, tenth);
  CHECK(proposal->replicas == 2);  // (0.1 + 0.1 + 1) / 3 = 40 %: ceil(3 * 0.8) would be more
  // …WithMaxSurgeCM: (10 + 10 + 17) / 3 of 17.
  CHECK(by_average(pods({10, 10, missing}), 2, 17, tenth)->replicas == 2);
}

TEST_CASE("hpa: a mean per pod takes the target for pods without a metric", "[policy][hpa]") {
  // TestPlainMetricReplicaCalcMissingMetricsNoChangeEq; TestReplicaCalcConfigurableToleranceCM.
  CHECK(by_average(pods({20, 19, 21, missing, missing}), 5, 20, tenth)->replicas == 5);
  CHECK(by_average(pods({20, 21, 21}), 3, 20, {0.1, 0.01})->replicas == 4);
  CHECK(by_average(pods({20, 21, 21}), 3, 20, tenth)->replicas == 3);
  CHECK(by_average(pods({5, 5, missing}), 3, 20, tenth)->replicas == 2);  // 30 / 3 / 20 = 0.5
  CHECK(by_average(pods({90, missing}), 2, 20, tenth)->replicas == 5);    // 45 / 20 * 2 = 4.5
  CHECK(by_average(pods({90, 10}), 2, 20, tenth)->metric == 50);
}

TEST_CASE("hpa: an external total is shared by the replicas", "[policy][hpa][keda]") {
  // TestReplicaCalcTolerancePerPodCMExternal, TestReplicaCalcConfigurableTolerancePerPodCMExternal.
  CHECK(by_external_average(8.6, 3, 2.9, tenth).replicas == 3);
  CHECK(by_external_average(8.6, 3, 2.8, {0.1, 0.01}).replicas == 4);
  CHECK(by_external_average(101, 10, 10, tenth).replicas == 10);  // 1.01
  CHECK(by_external_average(111, 10, 10, tenth).replicas == 12);  // 1.11
  CHECK(by_external_average(89, 10, 10, tenth).replicas == 9);
  CHECK(by_external_average(0, 10, 10, tenth).replicas == 0);
  CHECK(by_external_average(1, 1, 10, tenth).replicas == 1);
}

TEST_CASE("hpa: of several metrics the largest number counts", "[policy][hpa]") {
  using Proposals = std::vector<std::optional<Proposal>>;
  CHECK(largest(Proposals{Proposal{3, 0}, Proposal{5, 0}}, 4) == 5);
  CHECK(largest(Proposals{Proposal{3, 0}, Proposal{2, 0}}, 4) == 3);
  // One that is unknown stops a scale-down, and no scale-up.
  CHECK(largest(Proposals{Proposal{5, 0}, std::nullopt}, 4) == 5);
  CHECK(largest(Proposals{std::nullopt, Proposal{4, 0}}, 4) == 4);
  CHECK_FALSE(largest(Proposals{Proposal{3, 0}, std::nullopt}, 4));
  CHECK_FALSE(largest(Proposals{std::nullopt, std::nullopt}, 4));
  CHECK_FALSE(largest(Proposals{}, 4));
}

TEST_CASE("keda: the lag is cut at the partitions", "[policy][keda]") {
  const LagRules four{.lag_threshold = 10, .partitions = 4};
  CHECK(reported_lag(39, four) == 39);
  CHECK(reported_lag(49, four) == 49);  // 4 whole thresholds: not cut, and five replicas
  CHECK(reported_lag(50, four) == 40);
  CHECK(reported_lag(1'000'000, four) == 40);
  CHECK(reported_lag(1'000'000, {.lag_threshold = 10, .partitions = 4, .allow_idle_consumers = true}) ==
        1'000'000);
  CHECK(reported_lag(1'000'000, {.lag_threshold = 10}) == 1'000'000);
}

TEST_CASE("keda: replicas that divide the partitions", "[policy][keda]") {
  // TestGetNextFactorThatBalancesConsumersToTopicPartitions, with 100 partitions and a threshold of 10.
  const auto replicas_for = [](std::int64_t lag) { return even_replicas(lag, 100, 10); };
  CHECK(replicas_for(10) == 1);
  CHECK(replicas_for(20) == 2);
  CHECK(replicas_for(40) == 4);
  CHECK(replicas_for(50) == 5);
  CHECK(replicas_for(99) == 10);
  CHECK(replicas_for(100) == 10);
  CHECK(replicas_for(101) == 20);
  CHECK(replicas_for(5000) == 100);
  LagRules even{.lag_threshold = 10, .partitions = 6, .even_partitions = true};
  CHECK(reported_lag(35, even) == 60);  // 4 would be enough; 6 divides
  CHECK(reported_lag(0, even) == 10);   // never none
  even.allow_idle_consumers = true;
  CHECK(reported_lag(1000, even) == 60);
}
