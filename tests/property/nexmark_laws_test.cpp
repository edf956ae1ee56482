#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <numeric>
#include <vector>

#include "models/workloads/nexmark/query_model.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/nexmark_reference.hpp"

// What the law of a query says about batches, however they are cut, merged and split on their way, is what
// the query gives record by record: exactly.

using namespace weir;
using namespace weir::nexmark;

namespace {

constexpr std::uint64_t seed = 7;

// Sources send batches of random sizes through a model of p receivers; what comes of them is summed up.
class Exchange {
 public:
  Exchange(ModelChoice choice, int sources, int receivers, std::int64_t delay_us, std::uint64_t dice_seed)
      : model_(std::move(choice), seed),
        receivers_(receivers),
        delay_us_(delay_us),
        next_(static_cast<std::size_t>(sources), 0),
        inboxes_(static_cast<std::size_t>(receivers)),
        dice_(dice_seed) {}

  // Until each source has sent `events`, in step as sources of one rate are.
  void run(std::int64_t events) {
    for (std::int64_t until = 0; until < events;) {
      until = std::min<std::int64_t>(events, until + 400);
      for (std::size_t s = 0; s < next_.size(); ++s)
        while (next_[s] < until) send(static_cast<std::int32_t>(s), until);
      deliver((dice_.between(0, 1) < 0.7));
    }
    deliver(true);
  }
  std::int64_t outputs() const { return outputs_; }
  std::int64_t records() const { return records_; }
  std::int64_t kept_weight() const { return kept_weight_; }
  std::int64_t kept_by_model() const {
    std::int64_t weight = 0;
    for (int i = 0; i < receivers_; ++i) weight += model_.kept(i).weight;
    return weight;
  }
  QueryModel& model() { return model_; }
  void rescale(int receivers) {
    receivers_ = receivers;
    inboxes_.resize(static_cast<std::size_t>(receivers));
  }

 private:
  void send(std::int32_t source, std::int64_t until) {
    std::int64_t& next = next_[static_cast<std::size_t>(source)];
    const auto size = std::min<std::int64_t>(until - next, 1 + dice_.below(150));
    Batch batch;
    batch.source = source;
    batch.count = size;
    batch.sequence_first = next;
    batch.sequence_last = next + size - 1;
    batch.origin_first_ns = batch.first_ns = next * delay_us_ * 1000;
    batch.origin_last_ns = batch.last_ns = batch.sequence_last * delay_us_ * 1000;
    next += size;
    batch.count = *model_.passed(Stream::all, batch);
    if (batch.count == 0) return;
    records_ += batch.count;
    std::vector<std::int64_t> counts(static_cast<std::size_t>(receivers_), 0);
    model_.sent(Stream::all, batch, counts);
    REQUIRE(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == batch.count);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      Batch& last = last_of(i, source);
      // As a channel gathers: a part is merged with what is there already, now and then.
      if (&last != &none_ && (dice_.between(0, 1) < 0.4)) {
        last.merge_part(batch, {counts[i], 0, counts[i] * weight_per_origin});
      } else {
        Batch part = batch;
        part.become({counts[i], 0, counts[i] * weight_per_origin});
        inboxes_[i].push_back(part);
      }
    }
  }
  Batch& last_of(std::size_t receiver, std::int32_t source) {
    for (auto it = inboxes_[receiver].rbegin(); it != inboxes_[receiver].rend(); ++it)
      if (it->source == source) return *it;
    return none_;
  }
  void deliver(bool all) {
    for (std::size_t i = 0; i < inboxes_.size(); ++i) {
      auto keep = all ? 0 : inboxes_[i].size() / 2;
      while (inboxes_[i].size() > keep) {
        Batch batch = inboxes_[i].front();
        inboxes_[i].pop_front();
        if (batch.count > 1 && (dice_.between(0, 1) < 0.3)) {
          take(i, batch.split_head(1 + dice_.below(static_cast<int>(batch.count) - 1)));
        }
        take(i, batch);
      }
    }
  }
  void take(std::size_t receiver, const Batch& batch) {
    const auto index = static_cast<int>(receiver);
    const std::int64_t planned = model_.plan(index, batch);
    const Produced produced = model_.take(index, batch, planned);
    REQUIRE(produced.count == planned);
    REQUIRE(produced.count >= 0);
    REQUIRE(produced.consumed <= batch.count);
    outputs_ += produced.count;
    kept_weight_ += produced.kept_weight;
  }

  QueryModel model_;
  int receivers_;
  std::int64_t delay_us_;
  std::vector<std::int64_t> next_;
  std::vector<std::deque<Batch>> inboxes_;
  test::Dice dice_;
  Batch none_;
  std::int64_t outputs_ = 0, records_ = 0, kept_weight_ = 0;
};

ModelChoice choice_of(const std::string& query) {
  ModelChoice choice;
  choice.query = query;
  choice.holdback_ms = 0;
  return choice;
}

std::vector<std::vector<reference::Event>> events_of(int sources, std::int64_t delay_us, std::int64_t count,
                                                     int out_of_order_group = 1) {
  std::vector<std::vector<reference::Event>> all;
  for (int s = 0; s < sources; ++s) {
    const auto generator = static_cast<std::uint32_t>(s);
    const EventLaw law({}, seed, generator, first_event_id_of(generator));
    all.push_back(reference::events_of(law, Timeline::steady(1e6 / static_cast<double>(delay_us), 1), count,
                                       out_of_order_group));
  }
  return all;
}

}  // namespace

TEST_CASE("nexmark: joins and ranks by batches are those by records", "[nexmark][property]") {
  struct Query {
    const char* name;
    reference::ByEvent (*outputs)(const std::vector<reference::Event>&);
  };
  constexpr std::int64_t events = 40'000;
  for (const auto& [name, outputs] :
       {Query{"q3", reference::query_3}, Query{"q4", reference::query_4_matches},
        Query{"q19", reference::query_19}, Query{"q20", reference::query_20}}) {
    for (const int sources : {1, 3}) {
      for (const std::int64_t delay_us : {10, 100}) {
        const std::uint64_t dice_seed =
            test::test_seed() + static_cast<std::uint64_t>(10 * sources + delay_us);
        INFO(name << " with " << sources << " sources, an event every " << delay_us << " us, seed "
                  << dice_seed);
        Exchange exchange(choice_of(name), sources, 5, delay_us, dice_seed);
        exchange.run(events);
        std::int64_t expected = 0;
        for (const auto& of_source : events_of(sources, delay_us, events))
          expected += reference::total(outputs(of_source));
        CHECK(exchange.outputs() == expected);
        CHECK(expected > 0);
      }
    }
    for (const int group : {10, 1000}) {
      INFO(name << " out of order in groups of " << group);
      ModelChoice choice = choice_of(name);
      choice.events.out_of_order_group = group;
      Exchange exchange(choice, 2, 5, 100, test::test_seed());
      exchange.run(events);
      std::int64_t expected = 0;
      for (const auto& of_source : events_of(2, 100, events, group))
        expected += reference::total(outputs(of_source));
      CHECK(exchange.outputs() == expected);
    }
  }
}

TEST_CASE("nexmark: state of running queries is that of their keys", "[nexmark][property]") {
  constexpr std::int64_t events = 40'000;
  const auto all = events_of(2, 100, events);
  const auto keys_of = [&](const std::string& query) {
    Exchange exchange(choice_of(query), 2, 4, 100, 1);
    exchange.run(events);
    std::int64_t keys = 0;
    for (int i = 0; i < 4; ++i) keys += exchange.model().state(i).keys;
    return keys;
  };
  std::int64_t pairs = 0, auctions = 0;
  for (const auto& of_source : all) {
    pairs += reference::total(reference::query_18(of_source));
    std::map<std::int64_t, int> named;
    for (const auto& event : of_source)
      if (event.kind == EventKind::bid) ++named[event.bid.auction];
    auctions += static_cast<std::int64_t>(named.size());
  }
  CHECK(keys_of("q18") == pairs);
  CHECK(keys_of("q17") == auctions);
}

namespace {

// Results of the windows of all generators that end by the last event but the last 40 ms; keys are disjoint.
std::int64_t expected_of(const std::string& query, const std::vector<std::vector<reference::Event>>& all,
                         std::int64_t until_ms) {
  std::int64_t expected = 0;
  if (query == "q7") {
    std::vector<reference::Event> together;
    for (const auto& of_source : all) together.insert(together.end(), of_source.begin(), of_source.end());
    std::stable_sort(together.begin(), together.end(),
                     [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
    for (const auto& window : reference::query_7(together, 1000))
      if (window.end_ms <= until_ms) expected += window.outputs;
    return expected;
  }
  for (const auto& events : all) {
    if (query == "q5")
      for (const auto& window : reference::query_5(events, 1000, 200))
        if (window.end_ms <= until_ms) expected += window.keys;
    if (query == "q8")
      for (const auto& window : reference::query_8(events, 1000))
        if (window.end_ms <= until_ms) expected += window.outputs;
    if (query == "q12")
      for (const auto& window : reference::bidders_in_windows(events, 1000))
        if (window.end_ms <= until_ms) expected += window.keys;
    if (query == "q11")
      for (const std::int64_t end_ms : reference::query_11_ends_ms(events, 300))
        expected += end_ms <= until_ms ? 1 : 0;
  }
  return expected;
}

}  // namespace

TEST_CASE("nexmark: windows by batches are those by records", "[nexmark][property]") {
  for (const std::string query : {"q5", "q7", "q8", "q11", "q12"}) {
    for (const int sources : {1, 3}) {
      const std::uint64_t dice_seed = test::test_seed() + static_cast<std::uint64_t>(sources);
      INFO(query << " with " << sources << " sources, seed " << dice_seed);
      ModelChoice choice = choice_of(query);
      choice.window_ms = 1000;
      choice.slide_ms = 200;
      choice.gap_ms = 300;
      // 5.03 s of events: everything up to 5 s is over, with what comes in the last steps.
      constexpr std::int64_t events = 50'300;
      Exchange exchange(choice, sources, 4, 100, dice_seed);
      exchange.run(events - 400);
      exchange.run(events);
      const std::int64_t expected = expected_of(query, events_of(sources, 100, events), 5000);
      CHECK(exchange.outputs() == expected);
      CHECK(expected > 0);
      CHECK(exchange.kept_weight() == exchange.kept_by_model());
    }
  }
}

TEST_CASE("nexmark: windows out of order are those of the events in order of time", "[nexmark][property]") {
  for (const std::string query : {"q5", "q7", "q8", "q11"}) {
    for (const int group : {10, 300, 600}) {
      INFO(query << " in groups of " << group << ", seed " << test::test_seed());
      ModelChoice choice = choice_of(query);
      choice.events.out_of_order_group = group;
      choice.window_ms = 1000;
      choice.slide_ms = 200;
      choice.gap_ms = 300;
      // A watermark is up to a group behind: it is past 5 s at the end, and not at 5.1 s.
      const std::int64_t events = 50'300 + group;
      Exchange exchange(choice, 2, 4, 100, test::test_seed());
      exchange.run(events - 400);
      exchange.run(events);
      auto all = events_of(2, 100, events, group);
      for (auto& of_source : all)
        std::stable_sort(of_source.begin(), of_source.end(),
                         [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
      const std::int64_t expected = expected_of(query, all, 5000);
      CHECK(exchange.outputs() == expected);
      CHECK(expected > 0);
      CHECK(exchange.kept_weight() == exchange.kept_by_model());
    }
  }
}

TEST_CASE("nexmark: what windows have is not lost when the operator is rescaled", "[nexmark][property]") {
  for (const std::string query : {"q5", "q8", "q11"}) {
    INFO(query);
    ModelChoice choice = choice_of(query);
    choice.window_ms = 1000;
    choice.slide_ms = 200;
    choice.gap_ms = 300;
    Exchange exchange(choice, 2, 4, 100, 1);
    exchange.run(20'100);
    exchange.rescale(7);
    exchange.run(30'200);
    exchange.rescale(2);
    exchange.run(50'300);
    const auto expected = static_cast<double>(expected_of(query, events_of(2, 100, 50'300), 5000));
    // Results are whole numbers of instances again, and sessions may end at another one than they were
    // counted at.
    CHECK(static_cast<double>(exchange.outputs()) == Approx(expected).epsilon(0.01));
    CHECK(exchange.kept_weight() == exchange.kept_by_model());
  }
}
