#include "sim/dataflow/queue_account.hpp"

#include <catch2/catch.hpp>
#include <deque>

#include "tests/support/dice.hpp"

using namespace weir;

namespace {

// A queue as an instance keeps one: a count, batches in order, and the account of both.
struct Queue {
  std::int64_t records = 0;
  std::deque<std::int64_t> batches;
  QueueAccount account;

  void enter(Nanos now, std::int64_t count) {
    account.counted(now, records);
    account.entered(now);
    records += count;
    batches.push_back(count);
  }
  void leave(Nanos now) {
    account.counted(now, records);
    account.left(now, batches.front());
    records -= batches.front();
    batches.pop_front();
  }
  std::string check(Nanos now) const {
    return account.check(now, records, batches.size(), [&](std::size_t i) { return batches[i]; });
  }
};

// 2 records from 10 to 40 ns, 3 from 20 on: at 50 ns 60 + 90 record-ns.
Queue small() {
  Queue queue;
  queue.enter(10, 2);
  queue.enter(20, 3);
  queue.leave(40);
  return queue;
}

}  // namespace

TEST_CASE("Little's law holds for every queue, whenever it is asked", "[dataflow][self-check]") {
  CHECK(small().check(40).empty());
  CHECK(small().check(50).empty());
  CHECK(Queue().check(100).empty());
}

TEST_CASE("Little's law holds on random queues, for longer than 64 bits count", "[dataflow][self-check]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    test::Dice dice(seed);
    Queue queue;
    Nanos now = 0;
    for (int step = 0; step < 500; ++step) {
      now += dice.below(2) == 0 ? 0 : static_cast<Nanos>(dice.below(1'000'000)) * 1'000'000'000;
      if (queue.batches.empty() || dice.below(5) < 3)
        queue.enter(now, 1 + static_cast<std::int64_t>(dice.below(1'000'000)));
      else
        queue.leave(now);
      REQUIRE(queue.check(now) == "");
    }
  }
}

TEST_CASE("a queue whose count is not what came and went is caught", "[dataflow][self-check]") {
  Queue queue = small();
  SECTION("a record that the count does not know") {
    queue.records -= 1;
    queue.account.counted(45, queue.records);
    queue.records += 1;
  }
  SECTION("a count that changed without its account") {
    queue.account.counted(45, queue.records + 1);
  }
  SECTION("a batch that grew while it waited") {
    queue.batches.front() += 1;
  }
  CHECK_THAT(queue.check(50), Catch::StartsWith("Little's law: its queue held "));
}

TEST_CASE("a batch that vanished from a queue is caught", "[dataflow][self-check]") {
  Queue queue = small();
  queue.batches.pop_front();
  CHECK(queue.check(50) == "Little's law: 1 batches came and did not leave its queue, 0 are there");
}
