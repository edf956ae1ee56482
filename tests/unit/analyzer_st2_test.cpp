#include <catch2/catch.hpp>
#include <sstream>
#include <tuple>

#include "sim/analyzer/analysis.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/st2_log.hpp"

// Small logs of ST2, and what its rules make of them, worked out by hand.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::small_st2_log;

using Edge =
    std::tuple<std::int64_t, Nanos, Nanos, Activity, int, int, bool>;  // worker, …, operator, records

std::vector<Edge> local_edges(const Pag& pag) {
  std::vector<Edge> edges;
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
      const Pag::Local& edge = pag.local[v];
      edges.emplace_back(pag.worker[c], pag.time_ns[v], pag.time_ns[v + 1], edge.activity, edge.operator_id,
                         edge.records, edge.goes_on);
    }
  }
  return edges;
}

using Sent = std::tuple<Activity, std::int64_t, Nanos, Nanos, int>;  // …, sender, sent, received, records

std::vector<Sent> messages(const Pag& pag) {
  std::vector<Sent> all;
  for (const Pag::Message& m : pag.messages)
    all.emplace_back(m.activity, pag.worker[m.from_chain], pag.time_ns[m.from], pag.time_ns[m.to], m.records);
  std::sort(all.begin(), all.end());
  return all;
}

Pag graph_of(std::vector<St2Record> records, const St2Options& options = {}, LeftOut* left_out = nullptr) {
  Pag pag;
  St2Construction construction(options);
  construction.build(records, pag);
  REQUIRE(pag.defect() == nullptr);
  if (left_out != nullptr) *left_out = construction.left_out();
  return pag;
}

Analysis analysis_of(const std::vector<St2Record>& records, const AnalysisOptions& options) {
  std::istringstream stream(test::st2_bytes(records));
  return analyze_st2(*read_st2_log(stream, "log"), options);
}

constexpr Activity processing = Activity::processing, spinning = Activity::spinning,
                   waiting = Activity::waiting, busy = Activity::busy_waiting, data = Activity::data_message,
                   control = Activity::control_message;

}  // namespace

TEST_CASE("ST2's rules make a graph of an epoch", "[analyzer]") {
  LeftOut left_out;
  const Pag pag = graph_of(small_st2_log(), {}, &left_out);
  CHECK(left_out.total() == 0);
  CHECK(pag.start_ns == 10);
  CHECK(pag.end_ns == 100);
  CHECK(local_edges(pag) == std::vector<Edge>{{0, 10, 20, processing, 5, 0, false},
                                              {0, 20, 50, processing, 5, 4, true},
                                              {0, 50, 60, busy, -1, 0, false},
                                              {0, 60, 70, busy, -1, 0, false},
                                              {0, 70, 90, spinning, 6, 0, false},
                                              {0, 90, 100, waiting, -1, 0, false},
                                              {1, 12, 22, spinning, 5, 0, false},
                                              {1, 22, 30, waiting, -1, 0, false},
                                              {1, 30, 45, processing, 8, 0, false},
                                              {1, 45, 65, processing, 8, 3, true},
                                              {1, 65, 80, waiting, -1, 0, false},
                                              {1, 80, 85, busy, -1, 0, false},
                                              {1, 85, 95, busy, -1, 0, false},
                                              {1, 95, 99, spinning, 8, 0, false}});
  CHECK(messages(pag) ==
        std::vector<Sent>{{control, 0, 60, 80, 0}, {control, 1, 85, 100, 0}, {data, 0, 20, 45, 3}});
}

TEST_CASE("before data is sent, an ST2 worker is busy, or waits as ST2's code has it", "[analyzer]") {
  const std::vector<St2Record> log = {{1, 1, 10, 0, Activity::scheduling, LogEvent::end, -1, 4, -1, -1, -1},
                                      {2, 1, 20, 0, Activity::scheduling, LogEvent::start, -1, 5, -1, -1, -1},
                                      {3, 1, 30, 0, data, LogEvent::sent, 1, -1, 7, 1, 2},
                                      {4, 1, 40, 0, Activity::scheduling, LogEvent::end, -1, 5, -1, -1, 2}};
  CHECK(std::get<3>(local_edges(graph_of(log)).at(0)) == busy);
  CHECK(std::get<3>(local_edges(graph_of(log, {.wait_before_sends = true})).at(0)) == waiting);
  std::vector<St2Record> received = log;
  received[2].event = LogEvent::received;
  CHECK(std::get<3>(local_edges(graph_of(received)).at(0)) == waiting);
}

TEST_CASE("what contradicts itself in an ST2 log is left out and counted", "[analyzer]") {
  std::vector<St2Record> log = small_st2_log();
  LeftOut left_out;
  SECTION("a send without its receive") {
    log.erase(log.begin() + 10);
    CHECK(messages(graph_of(log, {}, &left_out)).size() == 2);
    CHECK(left_out.halves == 1);
  }
  SECTION("received before it was sent") {
    log[1].time_ns = 46;  // and so after 45
    CHECK(messages(graph_of(log, {}, &left_out)).size() == 2);
    CHECK(left_out.backward_messages == 1);
  }
  SECTION("two records at one instant") {
    log[2].time_ns = 20;
    CHECK(local_edges(graph_of(log, {}, &left_out)).size() == 13);
    CHECK(left_out.same_instants == 1);
  }
  SECTION("data to nobody") {
    log[1].remote_worker = St2Record::none;
    CHECK(messages(graph_of(log, {}, &left_out)).size() == 2);
    CHECK(left_out.incomplete_messages == 1);
    CHECK(left_out.halves == 1);
  }
  SECTION("a message to oneself") {
    log[1].remote_worker = 0;
    log[10].remote_worker = 0;
    log[10].worker = 0;
    CHECK(messages(graph_of(log, {}, &left_out)).size() == 2);
    CHECK(left_out.contradictions == 1);
  }
  SECTION("two starts in a row") {
    log[8].event = LogEvent::start;
    CHECK(std::get<3>(local_edges(graph_of(log)).at(6)) == Activity::unknown);
  }
}

TEST_CASE("k-hop tells what led to the end of waiting", "[analyzer]") {
  AnalysisOptions options;
  options.hops = GENERATE(1, 2, 3);
  const Analysis analysis = analysis_of(small_st2_log(), options);
  REQUIRE(analysis.findings.size() == 1);
  CHECK(analysis.findings[0].epoch == 1);
  // Waiting ends at 100 in worker 0 (a control message from 1), at 30 (nothing came) and 80 in worker 1 (a
  // control message from 0); processing follows it from 30 to 45 (data from 0).
  std::map<KHopKey, std::pair<double, double>> expected = {// edges, ns
                                                           {{control, 1}, {1, 15}},
                                                           {{control, 0}, {1, 20}},
                                                           {{data, 0}, {1, 25}}};
  // Then what ends at 85 in worker 1, and at 60 and 20 in worker 0.
  if (options.hops >= 2) {
    expected[{busy, 1}] = {1, 5};
    expected[{busy, 0}] = {1, 10};
    expected[{processing, 0}] = {1, 10};
  }
  // Then at 80 in worker 1: it waited, and a control message came; and at 50 in worker 0. At 10 nothing ends.
  if (options.hops == 3) {
    expected[{waiting, 1}] = {1, 15};
    expected[{control, 0}] = {2, 40};
    expected[{processing, 0}] = {2, 40};
  }
  const KHopSums& sums = analysis.findings[0].k_hop;
  CHECK(sums.size() == expected.size());
  for (const auto& [key, values] : expected) {
    INFO(activity_name(key.activity) << " at " << key.worker);
    REQUIRE(sums.count(key) == 1);
    CHECK(sums.at(key).edges == values.first);
    CHECK(sums.at(key).duration_ns == values.second);
  }
}

TEST_CASE("ST2's metrics: activities, time and records between workers", "[analyzer]") {
  AnalysisOptions options;
  options.metrics = true;
  const Analysis analysis = analysis_of(small_st2_log(), options);
  REQUIRE(analysis.findings.size() == 1);
  using Values = std::tuple<std::int64_t, Nanos, std::int64_t>;
  const std::map<MetricKey, Values> expected = {
      {{0, 0, processing}, {2, 40, 4}}, {{0, 0, busy}, {2, 20, 0}},     {{0, 0, spinning}, {1, 20, 0}},
      {{0, 0, waiting}, {1, 10, 0}},    {{1, 1, spinning}, {2, 14, 0}}, {{1, 1, waiting}, {2, 23, 0}},
      {{1, 1, processing}, {2, 35, 3}}, {{1, 1, busy}, {2, 15, 0}},     {{0, 1, data}, {1, 25, 3}},
      {{0, 1, control}, {1, 20, 0}},    {{1, 0, control}, {1, 15, 0}}};
  std::map<MetricKey, Values> found;
  for (const auto& [key, sum] : analysis.findings[0].metrics)
    found[key] = {sum.activities, sum.duration_ns, sum.records};
  CHECK(found == expected);
}

TEST_CASE("ST2's invariants tell where they do not hold", "[analyzer]") {
  AnalysisOptions options;
  std::vector<St2Record> log = small_st2_log();
  using Found = std::tuple<Invariant, std::int64_t, std::int64_t, Nanos, Nanos, std::int64_t>;
  const auto found = [&] {
    std::vector<Found> all;
    const Analysis analysis = analysis_of(log, options);
    for (const Violation& v : analysis.invariants.violations())
      all.emplace_back(v.invariant, v.epoch, v.worker, v.begin_ns, v.end_ns, v.count);
    return all;
  };
  SECTION("some-progress") {
    options.invariants.some_progress = true;
    CHECK(found().empty());
    // A third worker, to which nobody sends and which sends nothing.
    log.push_back({1, 1, 40, 2, Activity::scheduling, LogEvent::start, -1, 5, -1, -1, -1});
    CHECK(found() == std::vector<Found>{{Invariant::some_progress, 1, 0, 10, 100, 1},
                                        {Invariant::some_progress, 1, 1, 10, 100, 1},
                                        {Invariant::some_progress, 1, 2, 10, 100, 0}});
  }
  SECTION("max-progress") {
    options.invariants.max_progress_ns = 50;
    // Worker 0 sends at 60, 50 after its first record; worker 1 at 85, 73 after its.
    CHECK(found() == std::vector<Found>{{Invariant::max_progress, 1, 1, 12, 85, 0}});
    // The next epoch: worker 0 sends again at 240, worker 1 never.
    const Activity schedule = Activity::scheduling;
    log.push_back({8, 2, 210, 0, schedule, LogEvent::start, -1, 5, -1, -1, -1});
    log.push_back({9, 2, 220, 0, schedule, LogEvent::end, -1, 5, -1, -1, -1});
    log.push_back({10, 2, 240, 0, control, LogEvent::sent, -1, -1, 9, 4, -1});
    log.push_back({10, 2, 210, 1, schedule, LogEvent::start, -1, 5, -1, -1, -1});
    log.push_back({11, 2, 260, 1, control, LogEvent::received, 0, -1, 9, 4, -1});
    CHECK(found() == std::vector<Found>{{Invariant::max_progress, 1, 1, 12, 85, 0},
                                        {Invariant::max_progress, 2, 0, 60, 240, 0},
                                        {Invariant::max_progress, 2, 1, 85, 260, 0}});
  }
  SECTION("max-epoch") {
    options.invariants.max_epoch_ns = 90;
    CHECK(found().empty());
    options.invariants.max_epoch_ns = 89;
    CHECK(found() == std::vector<Found>{{Invariant::max_epoch, 1, -1, 10, 100, 0}});
  }
  SECTION("max-operator") {
    options.invariants.max_operator_ns = 35;
    // Divided by a message that it sends, but one activity: 40 for 4 records. Worker 1's takes 35.
    CHECK(found() == std::vector<Found>{{Invariant::max_operator, 1, 0, 10, 50, 4}});
    options.invariants.max_operator_ns = 34;
    CHECK(found().size() == 2);
  }
  SECTION("max-message") {
    options.invariants.max_message_ns = 20;
    CHECK(found() == std::vector<Found>{{Invariant::max_message, 1, 0, 20, 45, 3}});
  }
}

TEST_CASE("an ST2 log is read in any order of workers, and says what it did not understand", "[analyzer]") {
  std::vector<St2Record> log = small_st2_log();
  AnalysisOptions options;
  options.metrics = true;
  const MetricSums in_order = analysis_of(log, options).findings.at(0).metrics;
  std::reverse(log.begin(), log.end());
  const Analysis reversed = analysis_of(log, options);
  CHECK(reversed.records == 16);
  CHECK(reversed.not_understood.empty());
  CHECK(reversed.findings.at(0).metrics.size() == in_order.size());

  const auto read = [](const std::string& bytes) {
    std::istringstream stream(bytes);
    return analyze_st2(*read_st2_log(stream, "log"), {});
  };
  const std::string good = test::st2_bytes(small_st2_log());
  CHECK(read(good.substr(0, good.size() - 3)).not_understood.at("the last record is cut off") == 1);
  CHECK_THROWS_WITH(read(good + "x"), Catch::Contains("arrays of MessagePack integers"));
  CHECK_THROWS_WITH(read(""), Catch::Contains("log: is empty"));
  log = small_st2_log();
  log[0].time_ns = -5;
  log[1].operator_id = -2;
  log[2].event = LogEvent::sent;
  CHECK(read(test::st2_bytes(log)).not_understood.size() == 3);
}

TEST_CASE("damaged ST2 logs never stop the analyzer but by an error", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  const std::string good = test::st2_bytes(small_st2_log());
  AnalysisOptions options;
  options.threads = 1;
  options.hops = 3;
  options.metrics = true;
  options.invariants = {true, 20, 20, 20, 20};
  int reports = 0, errors = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 1 + dice.below(4); ++change)
      bytes[static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())))] =
          static_cast<char>(dice.coin() ? dice.below(256) : dice.below(100));
    std::istringstream stream(bytes);
    try {
      const Analysis analysis = analyze_st2(*read_st2_log(stream, "log"), options);
      for (const WindowResult& window : analysis.windows) REQUIRE(window.cp_sum < 1 + 1e-9);
      ++reports;
    } catch (const TraceError&) {
      ++errors;
    }
  }
  CHECK(reports > 100);
  CHECK(errors > 100);
}
