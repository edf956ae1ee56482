#include <catch2/catch.hpp>
#include <vector>

#include "policies/spark/allocation.hpp"

// Spark's managers of executors, decision by decision.

using namespace weir;
using namespace weir::spark;

namespace {

constexpr Nanos second = nanos_per_second;

WorkerPool pool_of(int workers, std::int64_t running, std::int64_t pending, Nanos backlog_since_ns) {
  WorkerPool pool;
  for (int id = 0; id < workers; ++id) pool.workers.push_back({id, -1, false});
  pool.running_tasks = running;
  pool.pending_tasks = pending;
  pool.backlog_since_ns = pending > 0 ? backlog_since_ns : -1;
  return pool;
}

// What is there, looked at ten times a second for so long, if executors come a moment after they are asked
// for: the numbers of executors, one after the other.
std::vector<int> ramp(CoreAllocation& allocation, int executors, int room, std::int64_t tasks,
                      double until_s) {
  std::vector<int> numbers = {executors};
  for (int step = 0; step * 0.1 <= until_s; ++step) {
    const std::int64_t running = std::min<std::int64_t>(executors, tasks);
    const auto answer =
        allocation.schedule(step * second / 10, pool_of(executors, running, tasks - running, 0));
    if (!answer.target) continue;
    const int next = static_cast<int>(std::min<std::int64_t>(room, *answer.target));
    if (next != executors) numbers.push_back(next);
    executors = next;
  }
  return numbers;
}

}  // namespace

TEST_CASE("executors that have something to do", "[spark]") {
  CHECK(executors_needed(0, 0, 4) == 0);
  CHECK(executors_needed(1, 0, 4) == 1);
  CHECK(executors_needed(4, 1, 4) == 2);
  CHECK(executors_needed(3, 13, 4) == 4);
}

TEST_CASE("executors are added 1, 2, 4, 8 at a time while tasks wait", "[spark]") {
  CoreAllocation allocation({});
  CHECK(ramp(allocation, 0, 1000, 1000, 7.05) == std::vector<int>{0, 1, 3, 7, 15, 31, 63, 127});
  CHECK(allocation.to_add() == 128);
}

TEST_CASE("the ramp of the recorded run: executors that nobody had asked for count", "[spark]") {
  // 2020-04-05: two are there, the target is none. The first request makes up for the two, and asks for one
  // more: more than it meant to add, so the next adds one again. +1 +1 +2 +4 +8 +16 +6, of forty that fit.
  CoreAllocation allocation({});
  CHECK(ramp(allocation, 2, 40, 100, 7.05) == std::vector<int>{2, 3, 4, 6, 10, 18, 34, 40});
}

TEST_CASE("no more than have something to do, and the ramp begins anew", "[spark]") {
  CoreAllocation allocation({});
  CHECK(ramp(allocation, 0, 1000, 12, 10) == std::vector<int>{0, 1, 3, 7, 12});
  // Five were added of the eight that were meant to be.
  CHECK(allocation.to_add() == 1);
}

TEST_CASE("within the limits", "[spark]") {
  CoreAllocationRules rules;
  rules.min_executors = 3;
  rules.max_executors = 10;
  CoreAllocation allocation(rules);
  CHECK(allocation.target() == 3);
  CHECK(ramp(allocation, 3, 1000, 1000, 10) == std::vector<int>{3, 4, 6, 10});
}

TEST_CASE("the first executors are added when tasks have waited for the backlog timeout", "[spark]") {
  CoreAllocationRules rules;
  rules.backlog_timeout_ns = 5 * second;
  rules.sustained_backlog_timeout_ns = 2 * second;
  CoreAllocation allocation(rules);
  const auto asked = [&](double at_s, std::int64_t pending, double since_s) {
    return allocation.schedule(to_nanos(at_s), pool_of(0, 0, pending, to_nanos(since_s))).target;
  };
  CHECK(!asked(4.9, 100, 0).has_value());
  CHECK(asked(5.0, 100, 0) == 1);
  CHECK(!asked(6.9, 100, 0).has_value());
  CHECK(asked(7.0, 100, 0) == 3);
  // The queue was empty in between: five seconds from its new begin, and one executor.
  CHECK(!asked(9.0, 100, 8.5).has_value());
  CHECK(!asked(13.4, 100, 8.5).has_value());
  CHECK(asked(13.5, 100, 8.5) == 4);
}

TEST_CASE("what nobody needs any more is not waited for", "[spark]") {
  CoreAllocation allocation({});
  ramp(allocation, 0, 1000, 1000, 5.05);
  REQUIRE(allocation.target() == 31);
  CHECK(allocation.schedule(6 * second, pool_of(31, 5, 0, -1)).target == 5);
  CHECK(allocation.to_add() == 1);
}

TEST_CASE("an executor that has been idle for the timeout goes, down to the least number", "[spark]") {
  CoreAllocationRules rules;
  rules.min_executors = 2;
  rules.idle_timeout_ns = 20 * second;
  CoreAllocation allocation(rules);
  WorkerPool pool = pool_of(5, 0, 0, -1);
  pool.workers[0].idle_since_ns = 0;
  pool.workers[1].idle_since_ns = 0;
  pool.workers[1].pinned = true;  // a receiver
  pool.workers[2].idle_since_ns = second;
  pool.workers[3].idle_since_ns = 0;
  pool.workers[4].idle_since_ns = 0;
  CHECK(allocation.schedule(20 * second - 1, pool).release.empty());
  CHECK(allocation.schedule(20 * second, pool).release == std::vector<int>{0, 3, 4});
}

TEST_CASE("streaming: by the ratio of processing time and batch interval", "[spark]") {
  const StreamingAllocationRules rules;
  // Up from 0.9: as many more as the ratio says, one at least.
  CHECK(streaming_allocation(0.9, 4, rules).target == 5);
  CHECK(streaming_allocation(1.4, 4, rules).target == 5);
  CHECK(streaming_allocation(1.5, 4, rules).target == 6);
  CHECK(streaming_allocation(3.2, 4, rules).target == 7);
  CHECK(!streaming_allocation(0.899, 4, rules).target.has_value());
  CHECK(!streaming_allocation(0.899, 4, rules).release_one);
  // One less up to 0.3, if there is one to spare.
  CHECK(streaming_allocation(0.3, 4, rules).release_one);
  CHECK(!streaming_allocation(0.301, 4, rules).release_one);
  CHECK(!streaming_allocation(0.1, 1, rules).release_one);
  StreamingAllocationRules limited;
  limited.max_executors = 5;
  CHECK(streaming_allocation(3.2, 4, limited).target == 5);
}
