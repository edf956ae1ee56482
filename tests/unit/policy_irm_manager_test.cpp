// IRM's containers on their way from a request to a worker, step by step.

#include <catch2/catch.hpp>
#include <vector>

#include "policies/irm/manager.hpp"

using namespace weir::irm;

namespace {

Manager manager(int operators, int workers, int ttl = 1) {
  ManagerSettings settings;
  settings.parameters.container_request_ttl = ttl;
  return Manager(settings, operators, workers);
}

std::vector<int> numbers(const std::vector<Manager::Start>& starts) {
  std::vector<int> numbers;
  for (const Manager::Start& one : starts) numbers.push_back(one.container);
  return numbers;
}

}  // namespace

TEST_CASE("irm starts what it packed by bin, and wants a worker besides", "[irm][packing]") {
  Manager m = manager(3, 5);
  m.profiled(0, 0.6);
  m.profiled(1, 0.5);
  m.profiled(2, 0.3);
  for (const int op : {0, 1, 2, 0}) m.request(op);
  // 0.6 | 0.5 | 0.3 with the first: 0.6 + 0.3 | 0.6 fits in neither.
  const auto packed = m.pack();
  CHECK(numbers(packed) == std::vector<int>{0, 2, 1, 3});
  CHECK(m.bins().count() == 3);
  CHECK(m.target_workers() == 4);
  CHECK(m.active_workers() == 0);
  for (int step = 1; step <= 4; ++step) {
    m.step_workers();
    CHECK(m.active_workers() == step);
  }
  m.step_workers();
  CHECK(m.active_workers() == 4);
  for (const int expected : {0, 2, 1, 3}) {
    const auto start = m.take();
    REQUIRE(start);
    CHECK(start->container == expected);
    m.started(expected);
  }
  CHECK_FALSE(m.take());
  // The last bin empties: it counts in the target of the next run, and is gone after it.
  m.exited(3);
  CHECK(m.pack().empty());
  CHECK(m.target_workers() == 4);
  CHECK(m.bins().count() == 2);
  m.pack();
  CHECK(m.target_workers() == 3);
  m.step_workers();
  CHECK(m.active_workers() == 3);
}

TEST_CASE("irm counts what runs from the start, at the default size, on workers that are active", "[irm]") {
  Manager m = manager(2, 5);
  for (int i = 0; i < 8; ++i) m.runs_from_start(0, 0);
  const int on_two = m.runs_from_start(1, 2);
  CHECK(m.active_workers() == 3);
  CHECK(m.target_workers() == 4);
  CHECK(m.bins().bin(0).free == 0.0);
  CHECK(m.bins().bin(2).free == 1 - 0.125);
  CHECK(m.counts().from_start == 9);
  CHECK(m.counts().requested == 0);
  // Worker 0 is full; a profile changes nothing of what runs.
  m.profiled(0, 0.05);
  m.request(0);
  const auto packed = m.pack();
  REQUIRE(packed.size() == 1);
  CHECK(packed[0].worker == 1);
  REQUIRE(m.take());
  m.exited(on_two);
  m.pack();
  CHECK(m.bins().count() == 2);
}

TEST_CASE("irm packs no more containers of an operator on a worker than it is told", "[irm][packing]") {
  // Operator 0: one on worker 0, as many as fit on worker 1. Operator 1: none on worker 0 and 1.
  ManagerSettings settings;
  settings.containers_max = {{1, 100, 0}, {0, 0, 2}};
  Manager m(settings, 2, 3);
  for (const int op : {0, 0, 1, 0, 1, 1}) m.request(op);
  std::vector<int> workers(6);
  for (const Manager::Start& one : m.pack()) workers[static_cast<std::size_t>(one.container)] = one.worker;
  // The last one has no worker: a bin that is never active.
  CHECK(workers == std::vector<int>{0, 1, 2, 1, 2, 3});
}

TEST_CASE("irm never activates more workers than there are", "[irm]") {
  Manager m = manager(1, 2);
  for (int i = 0; i < 30; ++i) m.request(0);  // of 0.125, 7 to a bin
  m.pack();
  CHECK(m.target_workers() == 6);
  for (int i = 0; i < 9; ++i) m.step_workers();
  CHECK(m.active_workers() == 2);
}

TEST_CASE("irm tries again what fails, at the end of its queue, while its time to live lasts", "[irm]") {
  for (const int ttl : {0, 1, 3}) {
    INFO("time to live " << ttl);
    Manager m = manager(1, 4, ttl);
    m.request(0);
    int tried = 0;
    // No worker is active.
    while (!m.pack().empty()) {
      CHECK_FALSE(m.take());
      ++tried;
    }
    CHECK(tried == ttl + 1);
    CHECK(m.counts().failed == ttl + 1);
    CHECK(m.counts().dropped == 1);
    CHECK(m.bins().count() == 0);
  }
  Manager m = manager(1, 4, 1);
  m.request(0);
  m.pack();
  m.step_workers();
  const auto first = m.take();
  REQUIRE(first);
  m.request(0);
  m.failed(0);
  CHECK(numbers(m.pack()) == std::vector<int>{1, 0});
}

TEST_CASE("irm sizes what does not run yet by the profile, and nothing else", "[irm]") {
  Manager m = manager(2, 4);
  m.request(0);
  m.request(0);
  m.request(1);
  m.pack();  // all of 0.125, in one bin
  m.step_workers();
  REQUIRE(m.take()->container == 0);
  m.started(0);
  m.profiled(0, 0.4);
  CHECK(m.bins().bin(0).items[0].size == 0.125);
  CHECK(m.bins().bin(0).items[1].size == 0.4);
  CHECK(m.bins().bin(0).items[2].size == 0.125);
  CHECK(m.bins().bin(0).free == Approx(1 - 0.125 - 0.4 - 0.125).epsilon(1e-12));
  CHECK(m.take()->size == 0.4);
  const int later = m.request(0);
  CHECK(m.pack().at(0).size == 0.4);
  m.profiled(0, 0.2);  // the mean of both
  CHECK(*m.profile(0) == Approx(0.3).epsilon(1e-12));
  // It is being started, and nobody said yet that it runs.
  CHECK(m.bins().bin(0).items[1].size == Approx(0.3).epsilon(1e-12));
  CHECK(m.take()->container == 2);
  CHECK_FALSE(m.take());  // the other one is in bin 1, whose worker is not active
  CHECK(m.counts().failed == 1);
  m.pack();
  m.step_workers();
  CHECK(m.take()->container == later);
}

TEST_CASE("irm's profiles are means of all measurements, of the last ones once there are many", "[irm]") {
  ManagerSettings settings;
  settings.profiling_updates_max = 3;
  Manager m(settings, 2, 1);
  CHECK_FALSE(m.profile(0));
  const double measured[] = {0.1, 0.3, 0.5, 0.3, 0.7};
  const double expected[] = {0.1, 0.2, 0.3, 0.3, 0.4};  // from the fourth on (3 mean + x) / 4
  for (int i = 0; i < 5; ++i) {
    m.profiled(0, measured[i]);
    CHECK(*m.profile(0) == Approx(expected[i]).epsilon(1e-12));
  }
  m.profiled(1, 0.001);
  CHECK(*m.profile(1) == 0.02);
}

TEST_CASE("irm loses a container as large as a worker", "[irm]") {
  Manager m = manager(1, 3);
  m.profiled(0, 1);
  m.request(0);
  CHECK(m.pack().empty());
  CHECK(m.counts().lost == 1);
  CHECK(m.target_workers() == 2);  // the bin that it left behind, and one
  CHECK(m.bins().count() == 0);
  m.pack();
  CHECK(m.target_workers() == 1);
}
