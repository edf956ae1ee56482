#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/support/flink_scenario.hpp"

// The engine flink against what its mechanisms must give, worked out by hand or in a few lines.

using namespace weir::test;

namespace {

using json = nlohmann::json;

// A source, a link of which a round trip takes a millisecond, and a sink; each record fills a buffer.
ScenarioText two_hosts(int exclusive, int floating) {
  ScenarioText s = flink_scenario(5);
  s.hosts()[0]["count"] = 2;
  s.hosts()[0]["slots"] = 1;
  s.hosts()[0]["nic_gbit_per_s"] = 1e5;
  s.all["cluster"]["network"] = {{"latency_us", 500}};
  s.source("s", ScenarioText::constant(40'000))["record_bytes"] = 32768;
  s.op("t", "sink", ScenarioText::deterministic(0.001));
  s.edge("s", "t");
  s.engine()["network"] = {{"exclusive_per_channel", exclusive}, {"floating_per_gate", floating}};
  s.engine()["slot_sharing"] = false;
  return s;
}

}  // namespace

TEST_CASE("Records wait for the flush, and are served together", "[oracle][flink]") {
  constexpr double gap_s = 0.00371, timeout_s = 0.1, cost_s = 0.0005, until_s = 20;
  ScenarioText s = flink_scenario(until_s + 1);
  s.source("s", {{"type", "phases"},
                 {"phases", {{{"duration_s", until_s}, {"rate_per_s", 1 / gap_s}}}},
                 {"after", "stop"}});
  s.op("t", "sink", ScenarioText::deterministic(cost_s * 1e6));
  s.edge("s", "t");
  const json result = flink_result(s);
  // The k-th record arrives at (k + 1/2) gaps or k gaps; the first ones say which. The flusher of the first
  // task ticks at the multiples of the timeout; between two ticks a buffer goes when it is full.
  const auto count = result["latency"]["count"].get<std::int64_t>();
  double best = 1e9;
  for (const double offset : {0.0, 0.5, 1.0}) {
    double sum_s = 0, last_tick_s = 0, free_s = 0;
    std::int64_t filled_bytes = 0;
    std::vector<double> waiting;
    const auto sent = [&](double at) {
      free_s = std::max(free_s, at);
      for (const double arrived_s : waiting) sum_s += (free_s += cost_s) - arrived_s;
      waiting.clear();
    };
    for (std::int64_t k = 0; k < count; ++k) {
      const double at = (static_cast<double>(k) + offset) * gap_s;
      const double tick_s = std::floor(at / timeout_s + 1e-9) * timeout_s;
      if (tick_s > last_tick_s) sent(tick_s);
      last_tick_s = tick_s;
      waiting.push_back(at);
      filled_bytes += 100;
      if (filled_bytes >= 32768) {
        filled_bytes -= 32768;
        sent(at);
      }
    }
    sent(last_tick_s + timeout_s);
    const double mean_s = sum_s / static_cast<double>(count);
    best = std::min(best, std::abs(result["latency"]["mean_ns"].get<double>() * 1e-9 / mean_s - 1));
  }
  CHECK(best < 1e-3);
  CHECK(result["latency"]["max_ns"].get<double>() < 1e9 * (timeout_s + 28 * cost_s));
}

TEST_CASE("Without a buffer timeout each record goes at once", "[oracle][flink]") {
  ScenarioText s = flink_scenario(10);
  s.source("s", ScenarioText::constant(100));
  s.op("t", "sink", ScenarioText::deterministic(1000));
  s.edge("s", "t");
  s.engine()["network"] = {{"buffer_timeout_ms", 0}};
  const json result = flink_result(s);
  CHECK(result["latency"]["min_ns"] == 1'000'000);
  CHECK(result["latency"]["max_ns"] == 1'000'000);
}

TEST_CASE("Credit bounds what goes in a round trip", "[oracle][flink]") {
  // With a backlog a channel has its exclusive buffers and all floating ones: so many in a round trip. (The
  // transfer takes 2.6 ns, the service 1.)
  for (const auto& [exclusive, floating] : {std::pair{2, 8}, {2, 0}, {1, 3}}) {
    INFO(exclusive << " + " << floating);
    const json result = flink_result(two_hosts(exclusive, floating), true);
    CHECK(mean_rate_per_s(result, 1, "records_in", 1) == Approx((exclusive + floating) / 1e-3).epsilon(0.01));
  }
}

TEST_CASE("A slow receiver holds its sender back, and time adds up", "[oracle][flink]") {
  ScenarioText s = flink_scenario(60);
  s.source("s", ScenarioText::constant(1000))["cost"] = ScenarioText::deterministic(100);
  s.op("t", "sink", ScenarioText::deterministic(2000));
  s.edge("s", "t");
  s.engine()["network"] = {{"segment_bytes", 1000}};  // ten records
  const json result = flink_result(s, true);
  CHECK(mean_rate_per_s(result, 1, "records_in", 10) == Approx(500).epsilon(0.001));
  CHECK(mean_share(result, 1, "useful_s", 10) == Approx(1).epsilon(0.001));
  CHECK(mean_share(result, 0, "useful_s", 10) == Approx(0.05).epsilon(0.01));
  CHECK(mean_share(result, 0, "blocked_s", 10) == Approx(0.95).epsilon(0.01));
  // On one host no credit: at most ten buffers of the one subpartition, and what is in service.
  const std::int64_t queued = result["instances"][1][0]["queue"].get<std::int64_t>();
  CHECK(queued <= 100);
  CHECK(queued >= 80);
}

TEST_CASE("A checkpoint takes its barriers and the slowest upload", "[oracle][flink]") {
  ScenarioText s = flink_scenario(100);
  s.source("s", ScenarioText::constant(100));
  s.op("a", "map", ScenarioText::deterministic(100), 4)["state"] = {{"keys", 400}, {"bytes_per_key", 1e6}};
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine()["checkpoints"] = {{"interval_s", 10}, {"upload_mb_per_s", 50}};
  const json result = flink_result(s);
  CHECK(engine_figure(result, "checkpoints_completed") == 9);
  // 100 MB a task; everything else takes no longer than a flush, which barriers force.
  CHECK(engine_figure(result, "checkpoint_duration_max_s") >= 2);
  CHECK(engine_figure(result, "checkpoint_duration_max_s") < 2.002);
  CHECK(engine_figure(result, "checkpoint_state_mean_bytes") == Approx(400e6));
  // An incremental one uploads what changed.
  s.engine()["checkpoints"]["changed_share"] = 0.1;
  s.engine()["state_backend"] = {{"type", "rocksdb"}};
  CHECK(engine_figure(flink_result(s), "checkpoint_duration_max_s") == Approx(0.2).margin(0.002));
}

TEST_CASE("Aligned barriers wait behind the data, unaligned ones overtake it", "[oracle][flink]") {
  ScenarioText s = flink_scenario(200);
  s.source("s", ScenarioText::constant(1000));
  s.op("a", "map", ScenarioText::deterministic(2000));
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine()["network"] = {{"segment_bytes", 10'000}};
  s.engine()["checkpoints"] = {{"interval_s", 20}};
  const json aligned = flink_result(s);
  // Ten buffers of a hundred records at 2 ms each.
  CHECK(engine_figure(aligned, "checkpoints_completed") >= 8);
  CHECK(engine_figure(aligned, "checkpoint_duration_mean_s") > 1.6);
  CHECK(engine_figure(aligned, "checkpoint_duration_max_s") < 2.3);
  CHECK(engine_figure(aligned, "checkpoint_channel_state_mean_bytes") == 0);
  s.engine()["checkpoints"]["unaligned"] = true;
  const json unaligned = flink_result(s);
  CHECK(engine_figure(unaligned, "checkpoints_completed") >= 8);
  // The source finishes what it is emitting, at most.
  CHECK(engine_figure(unaligned, "checkpoint_duration_max_s") < 0.25);
  CHECK(engine_figure(unaligned, "checkpoint_channel_state_mean_bytes") > 80'000);
  CHECK(engine_figure(unaligned, "checkpoint_channel_state_mean_bytes") < 110'000);
}

TEST_CASE("A rescale costs its parts", "[oracle][flink]") {
  ScenarioText s = flink_scenario(100);
  s.source("s", ScenarioText::constant(100));
  s.op("a", "map", ScenarioText::deterministic(1000), 2)["state"] = {{"keys", 600}, {"bytes_per_key", 1e6}};
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine().update({{"cancel_s", 0.5}, {"allocate_s", 2}, {"deploy_s", 3}, {"restore_mb_per_s", 50}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 20}, {"operator_id", 1}, {"parallelism", 3}}}}};
  const json result = flink_result(s);
  const json& action = result["summary"]["scaling"]["actions"][0];
  INFO(action.dump());
  // The fullest of three tasks has 43 of 128 key groups, and their state.
  const double downtime_s = 0.5 + 2 + 3 + 600.0 * 43 / 128 / 50;
  CHECK(action["downtime_s"] == Approx(downtime_s));
  // The snapshot goes on while the job runs on: 300 MB of each task at 100 MB/s, and the barrier.
  CHECK(action["ended_s"].get<double>() == Approx(20 + 3 + downtime_s).margin(0.01));
  CHECK(result["summary"]["conservation"]["dropped"] == 0);

  // From a checkpoint, everything since it comes again.
  s.engine().update({{"rescale", "reactive"}, {"checkpoints", {{"interval_s", 6}}}});
  const json again = flink_result(s);
  CHECK(again["summary"]["scaling"]["actions"][0]["downtime_s"] == Approx(downtime_s));
  // The checkpoint at 12 s, with a snapshot of 3 s, is the latest that is complete at 20 s (the next one
  // began at 18 s): 8 s of records.
  CHECK(again["summary"]["conservation"]["replayed"] == Approx(800).margin(1));
}

TEST_CASE("What an unaligned checkpoint overtook comes again", "[oracle][flink]") {
  // Ten buffers of a hundred records wait before an operator that does half of what is offered.
  ScenarioText s = flink_scenario(400);
  s.source("s",
           {{"type", "phases"}, {"phases", {{{"duration_s", 60}, {"rate_per_s", 1000}}}}, {"after", "stop"}});
  s.op("a", "map", ScenarioText::deterministic(2000));
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine().update({{"network", {{"segment_bytes", 10'000}}},
                     {"checkpoints", {{"interval_s", 20}, {"unaligned", true}}},
                     {"rescale", "in-place"}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 25}, {"operator_id", 1}, {"parallelism", 3}}}}};
  const json result = flink_result(s);
  const json& books = result["summary"]["conservation"];
  INFO(books.dump() << result["summary"]["scaling"]["actions"][0].dump());
  CHECK(books["ok"] == true);
  CHECK(books["in_flight"] == 0);
  // It stops in the instant in which the checkpoint is complete: what was in the channels is lost with the
  // tasks, and comes again out of the checkpoint, each record once.
  CHECK(books["dropped"].get<std::int64_t>() >= 900);
  CHECK(books["dropped"].get<std::int64_t>() <= 1100);
  CHECK(books["replayed"] == books["dropped"]);
  CHECK(books["delivered"] == 60'000);
  // Aligned, the barriers wait until these records have been dealt with.
  s.engine()["checkpoints"]["unaligned"] = false;
  const json aligned = flink_result(s)["summary"]["conservation"];
  INFO(aligned.dump());
  CHECK(aligned["replayed"].get<std::int64_t>() >= aligned["dropped"].get<std::int64_t>());
  CHECK(aligned["delivered"].get<std::int64_t>() >= 60'000);
}

TEST_CASE("An unaligned checkpoint is a consistent cut through slow links and full queues",
          "[oracle][flink]") {
  // Buffers of a hundred records. The operator is at its first one for 10 s. From the far source four are
  // offered a second, of which its link carries two, as far as there is credit: so some wait at the sender,
  // some are on the way, and some are there. The near one's come one a second.
  ScenarioText s = flink_scenario(800);
  s.hosts() = json::array({{{"name", "near"}, {"cores", 2}},
                           {{"name", "work"}, {"cores", 4}},
                           {{"name", "far"}, {"cores", 2}, {"nic_gbit_per_s", 8 * 20e3 / 1e9}}});
  const auto offered = [](double rate_per_s) {
    return json{
        {"type", "phases"}, {"phases", {{{"duration_s", 6}, {"rate_per_s", rate_per_s}}}}, {"after", "stop"}};
  };
  s.source("slow", offered(100));
  s.source("fast", offered(400));
  s.op("a", "map", ScenarioText::deterministic(100'000));
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("slow", "a");
  s.edge("fast", "a");
  s.edge("a", "t");
  s.job()["placement"] = {{"type", "explicit"},
                          {"operators",
                           {{"slow", {{"hosts", {"near"}}}},
                            {"fast", {{"hosts", {"far"}}}},
                            {"a", {{"hosts", {"work"}}}},
                            {"t", {{"hosts", {"work"}}}}}}};
  s.engine().update({{"network", {{"segment_bytes", 10'000}, {"buffer_timeout_ms", -1}}},
                     {"slot_sharing", false},
                     {"operator_chaining", false},
                     {"checkpoints", {{"interval_s", 3.1}, {"unaligned", true}}},
                     {"rescale", "in-place"}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 2}, {"operator_id", 3}, {"parallelism", 2}}}}};
  const json result = flink_result(s);
  const json& books = result["summary"]["conservation"];
  INFO(books.dump() << result["summary"]["scaling"]["actions"][0].dump());
  // Nothing has been dealt with when it is complete: what the tasks lose comes again, no more and no less.
  CHECK(result["summary"]["scaling"]["actions"][0]["ended_s"].get<double>() < 14);
  CHECK(books["dropped"].get<std::int64_t>() > 1000);
  CHECK(books["replayed"] == books["dropped"]);
  CHECK(books["emitted"] == 3000);
  CHECK(books["delivered"] == 3000);
  CHECK(books["in_flight"] == 0);
}

TEST_CASE("A rescale ends when its checkpoints do not", "[oracle][flink]") {
  ScenarioText s = flink_scenario(60);
  s.source("s", ScenarioText::constant(100));
  s.op("a", "map", ScenarioText::deterministic(1000), 2)["state"] = {{"keys", 600}, {"bytes_per_key", 1e6}};
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine().update({{"cancel_s", 1}, {"deploy_s", 1}, {"restore_mb_per_s", 200}});
  // A snapshot takes 3 s.
  s.engine()["checkpoints"] = {{"timeout_s", 1}};
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 20}, {"operator_id", 1}, {"parallelism", 3}}}}};
  const json failed = flink_result(s);
  const json& action = failed["summary"]["scaling"]["actions"][0];
  INFO(action.dump());
  CHECK(action["status"] == "failed");
  CHECK(action["ended_s"] == Approx(21));
  CHECK(failed["summary"]["operators"]["a"]["parallelism"] == 2);
  CHECK(failed["summary"]["conservation"]["dropped"] == 0);
  CHECK(failed["summary"]["conservation"]["delivered"].get<int>() > 5900);

  // In place: the checkpoints at 24 and 30 s are aborted a second later. Then it restarts, from the
  // beginning.
  s.engine()["rescale"] = "in-place";
  s.engine()["checkpoints"]["interval_s"] = 6;
  const json restarted = flink_result(s);
  const json& in_place = restarted["summary"]["scaling"]["actions"][0];
  INFO(in_place.dump());
  CHECK(in_place["status"] == "done");
  CHECK(in_place["ended_s"] == Approx(31 + 1 + 1 + 600.0 * 43 / 128 / 200));
  CHECK(restarted["summary"]["operators"]["a"]["parallelism"] == 3);
  CHECK(restarted["summary"]["conservation"]["replayed"] == Approx(3100).margin(2));
  CHECK(restarted["summary"]["engine_figures"]["checkpoints_completed"] == 0);
}

TEST_CASE("An operator has no more subtasks than key groups", "[oracle][flink]") {
  ScenarioText s = flink_scenario(30);
  s.source("s", ScenarioText::constant(100));
  s.op("t", "sink", ScenarioText::deterministic(10), 2);
  s.edge("s", "t", "key");
  s.engine()["max_parallelism"] = 4;
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 10}, {"operator_id", 1}, {"parallelism", 5}}}}};
  const json result = flink_result(s);
  // Clipped, as beyond any other limit.
  CHECK(result["summary"]["operators"]["t"]["parallelism"] == 4);
  CHECK(result["summary"]["scaling"]["actions"][0]["status"] == "clipped");
  // Fewer key groups than it begins with are as many as that.
  ScenarioText few = s;
  few.engine()["max_parallelism"] = 1;
  CHECK(flink_result(few)["summary"]["operators"]["t"]["parallelism"] == 2);
}
