#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <vector>

#include "models/engines/flink/buffers.hpp"
#include "tests/support/dice.hpp"

using namespace weir;
using namespace weir::flink;
using weir::test::Dice;
using weir::test::test_seed;

namespace {

// A second model of an input gate, buffer by buffer and in the terms of Flink's own classes: each channel has
// a queue of available buffers (AvailableBufferQueue), floating ones come from the gate's LocalBufferPool.
class Reference {
 public:
  Reference(int channels, int exclusive, int floating) : exclusive_(exclusive), pool_(floating) {
    channels_.resize(static_cast<std::size_t>(channels));
    for (Channel& channel : channels_) channel.exclusive = exclusive;
  }
  // Each returns the credit that is announced, by channel.
  std::vector<int> on_buffer(int channel, int backlog) {
    credit_.assign(channels_.size(), 0);
    Channel& c = channels_[static_cast<std::size_t>(channel)];
    if (c.floating > 0) {
      --c.floating;
      c.filled.push_back(true);
    } else {
      --c.exclusive;
      c.filled.push_back(false);
    }
    c.required = backlog + exclusive_;
    while (available(c) < c.required && !c.waiting) {
      if (pool_ > 0) {
        --pool_;
        ++c.floating;
        ++credit_[static_cast<std::size_t>(channel)];
      } else {
        c.waiting = true;
        listeners_.push_back(channel);
      }
    }
    return credit_;
  }
  std::vector<int> on_recycle(int channel) {
    credit_.assign(channels_.size(), 0);
    Channel& c = channels_[static_cast<std::size_t>(channel)];
    const bool floating = c.filled.front();
    c.filled.pop_front();
    if (floating) {
      give_to_pool();
    } else {
      ++c.exclusive;
      if (available(c) > c.required && c.floating > 0) {
        --c.floating;
        give_to_pool();
      } else {
        ++credit_[static_cast<std::size_t>(channel)];
      }
    }
    return credit_;
  }
  bool holds_data(int channel) const { return !channels_[static_cast<std::size_t>(channel)].filled.empty(); }

 private:
  struct Channel {
    int exclusive = 0, floating = 0, required = 0;
    bool waiting = false;
    std::deque<bool> filled;
  };
  static int available(const Channel& c) { return c.exclusive + c.floating; }
  // The first listener that still needs one gets it, and stays if it needs more.
  void give_to_pool() {
    ++pool_;
    while (pool_ > 0 && !listeners_.empty()) {
      const int channel = listeners_.front();
      listeners_.pop_front();
      Channel& c = channels_[static_cast<std::size_t>(channel)];
      c.waiting = false;
      if (available(c) >= c.required) continue;
      --pool_;
      ++c.floating;
      ++credit_[static_cast<std::size_t>(channel)];
      if (available(c) >= c.required) continue;
      c.waiting = true;
      listeners_.push_back(channel);
    }
  }

  int exclusive_;
  int pool_;
  std::vector<Channel> channels_;
  std::deque<int> listeners_;
  std::vector<int> credit_;
};

// The one under test, driven as the network stack drives it.
class Tested {
 public:
  Tested(int channels, int exclusive, int floating) : floating_(floating) {
    pool_.free = floating;
    for (int i = 0; i < channels; ++i) channels_.emplace_back(exclusive);
    filled_.resize(static_cast<std::size_t>(channels));
  }
  std::vector<int> on_buffer(int channel, int backlog) {
    credit_.assign(channels_.size(), 0);
    CreditedChannel& c = channels_[static_cast<std::size_t>(channel)];
    filled_[static_cast<std::size_t>(channel)].push_back(c.use());
    c.heard_backlog(backlog);
    while (c.wants_floating() && pool_.free > 0) {
      c.take_floating(pool_);
      ++credit_[static_cast<std::size_t>(channel)];
    }
    listen(channel);
    return credit_;
  }
  std::vector<int> on_recycle(int channel) {
    credit_.assign(channels_.size(), 0);
    auto& filled = filled_[static_cast<std::size_t>(channel)];
    if (channels_[static_cast<std::size_t>(channel)].recycle(filled.front(), pool_))
      ++credit_[static_cast<std::size_t>(channel)];
    filled.pop_front();
    while (pool_.free > 0 && !pool_.listeners.empty()) {
      const auto next = pool_.listeners.front();
      pool_.listeners.pop_front();
      CreditedChannel& c = channels_[next];
      c.listens = false;
      if (!c.wants_floating()) continue;
      c.take_floating(pool_);
      ++credit_[next];
      listen(static_cast<int>(next));
    }
    return credit_;
  }
  int floating_in_use() const {
    int held = 0;
    for (const CreditedChannel& c : channels_) held += c.floating_held();
    return held;
  }
  int floating_free() const { return pool_.free; }
  int floating() const { return floating_; }

 private:
  void listen(int channel) {
    CreditedChannel& c = channels_[static_cast<std::size_t>(channel)];
    if (!c.wants_floating() || c.listens) return;
    c.listens = true;
    pool_.listeners.push_back(static_cast<std::uint32_t>(channel));
  }
  int floating_;
  FloatingPool pool_;
  std::vector<CreditedChannel> channels_;
  std::vector<std::deque<CreditedChannel::Kind>> filled_;
  std::vector<int> credit_;
};

}  // namespace

TEST_CASE("Credit is announced as by Flink's BufferManager, buffer by buffer", "[flink]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int round = 0; round < 500; ++round) {
    const int channels = 1 + dice.below(6), exclusive = 1 + dice.below(3), floating = dice.below(12);
    Reference expected(channels, exclusive, floating);
    Tested tested(channels, exclusive, floating);
    std::vector<int> credit(static_cast<std::size_t>(channels), exclusive);
    int sent = 0, in_use = 0;
    for (int step = 0; step < 400; ++step) {
      const int channel = dice.below(channels);
      std::vector<int> announced, wanted;
      if (dice.coin() && credit[static_cast<std::size_t>(channel)] > 0) {
        const int backlog = dice.below(12);
        --credit[static_cast<std::size_t>(channel)];
        announced = tested.on_buffer(channel, backlog);
        wanted = expected.on_buffer(channel, backlog);
        ++sent, ++in_use;
      } else if (expected.holds_data(channel)) {
        announced = tested.on_recycle(channel);
        wanted = expected.on_recycle(channel);
        --in_use;
      } else {
        continue;
      }
      INFO("round " << round << ", step " << step);
      REQUIRE(announced == wanted);
      for (std::size_t i = 0; i < credit.size(); ++i) credit[i] += announced[i];
      // Data and credit together never exceed the buffers.
      int outstanding = in_use;
      for (const int c : credit) outstanding += c;
      REQUIRE(outstanding <= channels * exclusive + floating);
      REQUIRE(tested.floating_in_use() + tested.floating_free() == tested.floating());
    }
    REQUIRE(sent > 0);
  }
}

TEST_CASE("A pool is unavailable when it is empty or a subpartition is full", "[flink]") {
  SegmentPool pool(5, 3, 0);
  int a = 0, b = 0;
  for (int i = 0; i < 2; ++i) pool.take(a);
  CHECK(pool.available());
  pool.take(a);
  CHECK_FALSE(pool.available());  // a holds three
  CHECK(pool.any_free());
  pool.give_back(a);
  CHECK(pool.available());
  for (int i = 0; i < 2; ++i) pool.take(b);
  CHECK(pool.available());
  pool.take(b);
  CHECK_FALSE(pool.available());
  CHECK_FALSE(pool.any_free());
  CHECK_THROWS(pool.take(b));
  CHECK(pool.in_use() == 5);
}

TEST_CASE("Who is emitting may overdraw the pool, and is held back then", "[flink]") {
  SegmentPool pool(2, 10, 3);
  int a = 0;
  for (int i = 0; i < 2; ++i) pool.take(a);
  CHECK_FALSE(pool.available());
  for (int i = 0; i < 3; ++i) {
    CHECK(pool.any_free());
    pool.take(a);
  }
  CHECK_FALSE(pool.any_free());
  for (int i = 0; i < 3; ++i) pool.give_back(a);
  CHECK_FALSE(pool.available());
  pool.give_back(a);
  CHECK(pool.available());
}
