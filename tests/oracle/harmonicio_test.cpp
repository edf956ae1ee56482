// The engine harmonicio and the policy irm against queueing theory and against sequences computed by hand.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

json images(double rate_per_s, double during_s) {
  return {{"type", "phases"},
          {"phases", json::array({{{"duration_s", during_s}, {"rate_per_s", rate_per_s}}})},
          {"after", "stop"}};
}

// Everything on one host, whose containers have a core each, and which takes no time to talk to itself.
ScenarioText at_home(double until_s, int containers, const json& arrivals, const json& cost) {
  ScenarioText s(until_s);
  s.source("s", arrivals);
  s.op("q", "sink", cost, containers);
  s.edge("s", "q");
  s.engine() = {
      {"type", "harmonicio"}, {"request_ms", 0}, {"ports_per_worker", 64}, {"metrics_interval_s", 1}};
  return s;
}

// A master, a source and workers, at 1 Gbit/s.
ScenarioText apart(double until_s, int workers, int cores, int places, double latency_us,
                   const json& arrivals, const json& cost) {
  ScenarioText s(until_s);
  s.hosts() = json::array({{{"name", "master"}, {"cores", 1}},
                           {{"name", "source"}, {"cores", 1}},
                           {{"name", "worker"}, {"count", workers}, {"cores", cores}, {"slots", places}}});
  for (json& host : s.hosts()) host["nic_gbit_per_s"] = 1;
  s.all["cluster"]["network"] = {{"latency_us", latency_us}, {"efficiency", 1}};
  s.source("s", arrivals);
  s.op("q", "sink", cost, workers * places);
  s.edge("s", "q");
  s.engine() = {{"type", "harmonicio"}, {"request_ms", 0}, {"metrics_interval_s", 1}};
  json on = json::array();
  for (int worker = 0; worker < workers; ++worker)
    on.push_back(workers == 1 ? "worker" : "worker-" + std::to_string(worker));
  s.job()["placement"] = {{"type", "explicit"},
                          {"operators", {{"s", {{"hosts", {"source"}}}}, {"q", {{"hosts", on}}}}}};
  return s;
}

json good(const Run& what) {
  const json result = run(what);
  INFO(result.dump(1).substr(0, 2000));
  REQUIRE_FALSE(result.contains("error"));
  REQUIRE(result["summary"]["conservation"]["ok"] == true);
  return result;
}

struct Change {
  double asked_s, done_s;
  int from, to;
  std::string status;
  // To a tenth of a millisecond: messages take microseconds on the network.
  bool operator==(const Change& other) const {
    return std::abs(asked_s - other.asked_s) < 1e-4 && std::abs(done_s - other.done_s) < 1e-4 &&
           from == other.from && to == other.to && status == other.status;
  }
};
std::ostream& operator<<(std::ostream& out, const Change& c) {
  return out << "{" << c.asked_s << ", " << c.done_s << ", " << c.from << ", " << c.to << ", " << c.status
             << "}";
}

std::vector<Change> changes(const json& result) {
  std::vector<Change> changes;
  for (const json& a : result["summary"]["scaling"]["actions"])
    changes.push_back({a["time_s"], a["ended_s"], a["from"], a["to"], a["status"]});
  return changes;
}

// What irm started, and where.
std::vector<std::string> where(const json& result) {
  std::vector<std::string> where;
  for (const json& a : result["summary"]["scaling"]["actions"])
    if (a["action_id"] >= 0) where.push_back(a["reason"]);
  return where;
}

}  // namespace

TEST_CASE("harmonicio with free requests is M/M/c: messages wait for the first container that is free",
          "[oracle][theory][harmonicio]") {
  // Erlang C; Kleinrock, Queueing Systems I, 1975, (3.40).
  const double mu = 50;
  for (const auto& [servers, load] : {std::pair{1, 0.6}, std::pair{4, 0.8}}) {
    INFO(servers << " containers at load " << load);
    const double lambda = load * servers * mu, offered = lambda / mu;
    double term = 1, sum = 1;
    for (int k = 1; k < servers; ++k) sum += term *= offered / k;
    const double last = term * offered / servers / (1 - load);
    const double wait_s = last / (sum + last) / (servers * mu - lambda);
    ScenarioText s = at_home(400, servers, ScenarioText::poisson(lambda), ScenarioText::exponential(mu));
    std::vector<double> latency, busy, queue;
    for (const json& result : replicate(s.text(), 8)) {
      latency.push_back(mean_latency_s(result, 20));
      busy.push_back(mean_share(result, 1, "useful_s", 20));
      queue.push_back(mean_queue(result, 1, 20));
    }
    const Estimate w = estimate(latency);
    INFO("W " << w.mean << " +- " << w.half_width << ", theory " << wait_s + 1 / mu);
    CHECK(w.covers(wait_s + 1 / mu));
    CHECK(w.half_width < 0.1 * (wait_s + 1 / mu));
    CHECK(estimate(busy).covers(load));
    CHECK(estimate(queue).covers(lambda * wait_s));
  }
}

TEST_CASE("harmonicio with free requests is D/D/c: below capacity nothing waits, above it all do",
          "[oracle][theory][harmonicio]") {
  // Three containers of 0.3 s: 10 messages a second.
  const json result = good({at_home(60, 3, images(10, 50), ScenarioText::deterministic(3e5)).text()});
  CHECK(result["latency"]["min_ns"] == 300'000'000);
  CHECK(result["latency"]["max_ns"] == 300'000'000);
  CHECK(result["latency"]["count"] == 500);
  // 20 a second for 5 s: the k-th of 100 (from 0) comes k / 20 s after the first, begins floor(k / 3) 0.3 +
  // (k mod 3) / 20 s after it.
  const json late = good({at_home(60, 3, images(20, 5), ScenarioText::deterministic(3e5)).text()});
  double worst_s = 0, sum_s = 0;
  for (int k = 0; k < 100; ++k) {
    const double wait_s = std::max(0.0, (k / 3) * 0.3 + (k % 3) / 20.0 - k / 20.0);
    sum_s += wait_s + 0.3;
    worst_s = std::max(worst_s, wait_s + 0.3);
  }
  CHECK(late["latency"]["max_ns"].get<double>() == Approx(worst_s * 1e9).margin(10));
  CHECK(late["latency"]["mean_ns"].get<double>() == Approx(sum_s * 1e7).margin(10));
}

TEST_CASE("harmonicio: the way of a message, directly and through the backlog", "[oracle][harmonicio]") {
  // A request travels 3 ms (a connection is a round trip of 2, then one way), takes the master 2 ms, the
  // answer 1 ms; then a connection, 2 ms, 10 ms for 1.25 MB at 1 Gbit/s, 1 ms. A message is 100 ms of work.
  ScenarioText s = apart(2, 1, 1, 1, 1000, images(100, 0.02), ScenarioText::deterministic(1e5));
  s.dataflow()["sources"][0]["record_bytes"] = 1'250'000;
  s.engine()["request_ms"] = 2;
  const json result = good({s.text()});
  const json& figures = result["summary"]["engine_figures"];
  CHECK(figures["messages_direct"] == 1);
  CHECK(figures["messages_through_backlog"] == 1);
  REQUIRE(result["latency"]["count"] == 2);
  // The first finds the container free: 3 + 2 + 1 + 2 + 10 + 1 ms, then the work.
  CHECK(result["latency"]["min_ns"].get<double>() == Approx(119e6).margin(2));
  // The second comes 10 ms later; its source is free after 19, asks, is told to go to the master, and is
  // there 19 ms later. The container asks at 119, the master answers at 124 with the message, there at 135,
  // done at 235: 225 after it came.
  CHECK(result["latency"]["max_ns"].get<double>() == Approx(225e6).margin(2));
}

TEST_CASE("harmonicio: a queued message crosses the master's network twice", "[oracle][harmonicio]") {
  // Eight containers, one source; a message is a second of the link. Directly it takes 1 s of the source's;
  // in the backlog the next ones come in while others go out.
  ScenarioText s = apart(200, 1, 8, 8, 0, images(2, 5), ScenarioText::deterministic(1e6));
  s.dataflow()["sources"][0]["record_bytes"] = 125'000'000;
  const json direct = good({s.text()});
  CHECK(direct["summary"]["engine_figures"]["messages_through_backlog"] == 0);
  // Ten messages one after the other through the source's link; the first comes when the run begins or half a
  // second later, the last is done 10 s after the first, and 1 s of work.
  const double last_s = direct["latency"]["max_ns"].get<double>() * 1e-9;
  CHECK(last_s == Approx(10 - 4.5 + 1).margin(1e-6));
  s.job()["workload"]["operators"][0]["parallelism"] = 1;
  const json queued = good({s.text()});
  CHECK(queued["summary"]["engine_figures"]["messages_direct"].get<int>() +
            queued["summary"]["engine_figures"]["messages_through_backlog"].get<int>() ==
        10);
  CHECK(queued["summary"]["engine_figures"]["messages_through_backlog"].get<int>() >= 4);
}

TEST_CASE("irm in the loop: a burst of twenty messages, computed by hand", "[oracle][irm][harmonicio]") {
  // Two workers of 4 cores; containers of 0.3 until they are profiled; 5 s a message, and a microsecond on
  // the network; idle for 5 s: exit.
  //  1 s  20 wait, 20/s: two containers, 0.3 and 0.3, in bin 0; a worker for it and one idle are wanted
  //  2 s  both run, and take a message at 2, just after 7, 12, 17, 22, 27
  //  8 s  the report of 5 s: both use a core of four, 0.25
  // 12 s  16 wait, as at 11 s: two containers (rule 2), of 0.25: one in bin 0, where 0.4 is free, one in bin
  // 1 13 s  they run, and take a message at 13, just after 18, 23, 28: then all 20 are taken 23 s  6 wait:
  // nothing 37 s  the first two exit, idle since 32 s; 38 s the others, idle since 33 s
  ScenarioText s = apart(60, 2, 4, 10, 0, images(40, 0.5), ScenarioText::deterministic(5e6));
  s.engine()["initial_containers"] = 0;
  s.engine()["container_idle_timeout_s"] = 5;
  s.job()["policy"] = {{"type", "irm"}, {"default_cpu_share", 0.3}};
  const json result = good({s.text()});
  CHECK(changes(result) == std::vector<Change>{{1, 2, 0, 1, "done"},
                                               {1, 2, 1, 2, "done"},
                                               {12, 13, 2, 3, "done"},
                                               {12, 13, 3, 4, "done"},
                                               {37, 37, 4, 3, "done"},
                                               {37, 37, 3, 2, "done"},
                                               {38, 38, 2, 1, "done"},
                                               {38, 38, 1, 0, "done"}});
  // Places go to the workers in turn: 0, 2 and 4 are on the first one, 1 on the second.
  const std::vector<double> useful_s = {30, 20, 30, 0, 20, 0};
  for (std::size_t place = 0; place < useful_s.size(); ++place) {
    INFO("place " << place);
    CHECK(result["instances"][1][place]["useful_ns"].get<double>() ==
          Approx(useful_s[place] * 1e9).margin(10));
  }
  const json& state = result["summary"]["policy_state"];
  CHECK(state["profiles"]["q"].get<double>() < 0.25);  // later reports are of idle containers, too
  CHECK(state["containers"] == json({{"requested", 4},
                                     {"started", 4},
                                     {"failed_starts", 0},
                                     {"dropped", 0},
                                     {"lost", 0},
                                     {"exited", 4},
                                     {"from_start", 0}}));
  CHECK(result["latency"]["count"] == 20);
  // Bins, wanted, active: the master hears of exits with the next window; a run counts a bin that has emptied
  // once more.
  std::vector<json> workers;
  for (const json& one : state["workers"])
    workers.push_back({one["time_s"], one["bins"], one["target"], one["active"]});
  CHECK(
      workers ==
      std::vector<json>{
          {0.1, 0, 0, 0}, {1.0, 1, 2, 1}, {2.0, 1, 2, 2}, {12.0, 2, 3, 2}, {39.0, 0, 3, 2}, {40.0, 0, 1, 1}});
}

TEST_CASE("irm in the loop: what finds no port is tried twice, then dropped", "[oracle][irm][harmonicio]") {
  // As above, with one port a worker: the first container gets it at 1 s, the second is refused, queued
  // again, packed at 2 s, refused again.
  ScenarioText s = apart(10, 2, 4, 10, 0, images(40, 0.5), ScenarioText::deterministic(5e6));
  s.engine()["initial_containers"] = 0;
  s.engine()["ports_per_worker"] = 1;
  s.job()["policy"] = {{"type", "irm"}, {"default_cpu_share", 0.3}};
  const json result = good({s.text()});
  CHECK(changes(result) ==
        std::vector<Change>{{1, 1, 0, 1, "failed"}, {1, 2, 0, 1, "done"}, {2, 2, 1, 2, "failed"}});
  CHECK(result["summary"]["policy_state"]["containers"] == json({{"requested", 2},
                                                                 {"started", 1},
                                                                 {"failed_starts", 2},
                                                                 {"dropped", 1},
                                                                 {"lost", 0},
                                                                 {"exited", 0},
                                                                 {"from_start", 0}}));
}

TEST_CASE("irm's two published sets of parameters behave as they say", "[oracle][irm][harmonicio]") {
  // Sixty messages at once to one kind of container. Documented: 2 at 1 s, of 0.125. Configured: the step is
  // 2 s, and 30 messages/s are above 10: 4 at 2 s, of 0.5 each, so a worker each.
  ScenarioText s = apart(9, 5, 8, 10, 0, images(120, 0.5), ScenarioText::deterministic(60e6));
  s.engine()["initial_containers"] = 0;
  s.job()["policy"] = {{"type", "irm"}};
  const json documented = good({s.text()});
  CHECK(changes(documented) == std::vector<Change>{{1, 2, 0, 1, "done"}, {1, 2, 1, 2, "done"}});
  CHECK(documented["summary"]["policy_state"]["workers"].back()["bins"] == 1);
  s.job()["policy"]["preset"] = "configured";
  const json configured = good({s.text()});
  // An idle worker is wanted from the start, so two are active at 2 s, and one more every second: the other
  // starts fail and are packed again every second, since a request lives for 50 more tries.
  CHECK(configured["summary"]["policy_state"]["containers"]["requested"] ==
        4);  // at 8 s 56 are no long queue
  CHECK(configured["summary"]["policy_state"]["containers"]["dropped"] == 0);
  CHECK(changes(configured) ==
        std::vector<Change>{
            {2, 3, 0, 1, "done"}, {2, 3, 1, 2, "done"}, {3, 4, 2, 3, "done"}, {4, 5, 3, 4, "done"}});
  CHECK(where(configured) == std::vector<std::string>{"q (0.5) on worker-0", "q (0.5) on worker-1",
                                                      "q (0.5) on worker-2", "q (0.5) on worker-3"});
  CHECK(configured["summary"]["policy_state"]["containers"]["failed_starts"] == 3);
  CHECK(configured["summary"]["policy_state"]["parameters"]["default_cpu_share"] == 0.5);
  CHECK(configured["summary"]["policy_state"]["parameters"]["container_request_ttl"] == 50);
  CHECK(documented["summary"]["policy_state"]["parameters"]["default_cpu_share"] == 0.125);
}

TEST_CASE("irm counts what runs from the start", "[oracle][irm][harmonicio]") {
  // Places go to the workers in turn: of three from the start, worker 0 has two (0.6), worker 1 one (0.3). At
  // 1 s 17 of 20 wait: two containers of 0.3, one beside each, on workers that are active.
  ScenarioText s = apart(6, 3, 4, 10, 0, images(40, 0.5), ScenarioText::deterministic(60e6));
  s.engine()["initial_containers"] = 3;
  s.job()["policy"] = {{"type", "irm"}, {"default_cpu_share", 0.3}};
  s.job()["placement"]["operators"]["q"]["hosts"] = {"worker-0", "worker-1"};
  s.dataflow()["operators"][0]["parallelism"] = 20;
  const json result = good({s.text()});
  CHECK(changes(result) == std::vector<Change>{{1, 2, 3, 4, "done"}, {1, 2, 4, 5, "done"}});
  CHECK(where(result) == std::vector<std::string>{"q (0.3) on worker-0", "q (0.3) on worker-1"});
  const json& state = result["summary"]["policy_state"];
  CHECK(state["containers"]["from_start"] == 3);
  CHECK(state["workers"][1] == json({{"time_s", 1.0}, {"bins", 2}, {"target", 3}, {"active", 2}}));
}

TEST_CASE("irm's profiles are of the CPU that containers had: a worker never has more than all of its own",
          "[oracle][irm][harmonicio]") {
  // Ten containers that always work, on four cores: a tenth of the worker each.
  ScenarioText s = apart(40, 1, 4, 10, 0, ScenarioText::constant(100), ScenarioText::deterministic(1e6));
  s.job()["policy"] = {{"type", "irm"}};
  const json ten = good({s.text()});
  CHECK(ten["summary"]["policy_state"]["profiles"]["q"].get<double>() == Approx(0.1).epsilon(1e-9));
  // Two kinds: all that they have is the worker.
  ScenarioText both = apart(60, 1, 4, 12, 0, ScenarioText::constant(20), ScenarioText::deterministic(1e6));
  both.dataflow()["operators"][0]["logic"] = "map";
  both.dataflow()["operators"][0]["parallelism"] = 5;
  both.op("r", "sink", ScenarioText::deterministic(3e6), 7);
  both.edge("q", "r");
  both.job()["placement"]["operators"]["r"]["hosts"] = {"worker"};
  both.engine()["ports_per_worker"] = 12;
  both.job()["policy"] = {{"type", "irm"}, {"report_interval_s", 1}};
  const json profiles = good({both.text()})["summary"]["policy_state"]["profiles"];
  const double sum = 5 * profiles["q"].get<double>() + 7 * profiles["r"].get<double>();
  CHECK(sum <= 1 + 1e-9);
  CHECK(sum > 0.95);
}

TEST_CASE("irm passes over workers without a place for an operator, or with fewer than others that are taken",
          "[irm][harmonicio]") {
  // A spare place on the source's host is worker 0; ten more are on the worker.
  ScenarioText spare = apart(60, 1, 4, 10, 0, images(2, 30), ScenarioText::deterministic(1e6));
  spare.hosts()[1]["slots"] = 2;
  spare.dataflow()["operators"][0]["parallelism"] = 11;
  spare.job()["placement"]["operators"]["q"]["hosts"] = {"source", "worker"};
  spare.engine()["initial_containers"] = 0;
  spare.job()["policy"] = "irm";
  const json one = good({spare.text()});
  CHECK(one["summary"]["engine_figures"]["container_starts"].get<int>() >= 3);
  CHECK(one["summary"]["engine_figures"]["container_starts_refused"] == 0);
  CHECK(one["latency"]["count"] == one["summary"]["conservation"]["emitted"]);
  // Two kinds, each with places on a worker of its own.
  ScenarioText two = apart(90, 2, 4, 10, 0, images(2, 30), ScenarioText::deterministic(1e6));
  two.dataflow()["operators"][0]["logic"] = "map";
  two.dataflow()["operators"][0]["parallelism"] = 10;
  two.op("r", "sink", ScenarioText::deterministic(1e6), 10);
  two.edge("q", "r");
  two.job()["placement"]["operators"]["q"]["hosts"] = {"worker-0"};
  two.job()["placement"]["operators"]["r"]["hosts"] = {"worker-1"};
  two.engine()["initial_containers"] = 0;
  two.job()["policy"] = "irm";
  const json apart_of_each_other = good({two.text()});
  CHECK(apart_of_each_other["summary"]["engine_figures"]["container_starts_refused"] == 0);
  CHECK(apart_of_each_other["latency"]["count"] == apart_of_each_other["summary"]["conservation"]["emitted"]);
}

TEST_CASE("irm's single parameters do what they say", "[oracle][irm][harmonicio]") {
  // Twenty messages of a minute; two containers of 0.3 are asked for at 1 s, and start there and then.
  const auto burst = [](double until_s, const json& parameters) {
    ScenarioText s = apart(until_s, 2, 4, 10, 0, images(40, 0.5), ScenarioText::deterministic(60e6));
    s.engine()["initial_containers"] = 0;
    s.job()["policy"] = {{"type", "irm"}, {"default_cpu_share", 0.3}};
    s.job()["policy"].update(parameters);
    return good({s.text()});
  };
  const auto profile = [](const json& result) { return result["summary"]["policy_state"]["profiles"]["q"]; };
  using Changes = std::vector<Change>;
  CHECK(changes(burst(9, json::object())) == Changes{{1, 2, 0, 1, "done"}, {1, 2, 1, 2, "done"}});
  // One queue manager starts the second when the first runs, and it has slept for a second.
  CHECK(changes(burst(9, {{"queue_managers", 1}})) == Changes{{1, 2, 0, 1, "done"}, {3, 4, 1, 2, "done"}});
  // No worker is active before 3 s; meanwhile starts fail, every second.
  const json slow = burst(9, {{"worker_step_s", 3}, {"container_request_ttl", 5}});
  CHECK(changes(slow) == Changes{{3, 4, 0, 1, "done"}, {3, 4, 1, 2, "done"}});
  CHECK(slow["summary"]["policy_state"]["containers"]["failed_starts"] == 4);
  // Half of a worker is kept free: the second goes to worker 1, which is active from 2 s on.
  const json margin = burst(9, {{"space_margin", 0.5}});
  CHECK(changes(margin) == Changes{{1, 2, 0, 1, "done"}, {2, 3, 1, 2, "done"}});
  CHECK(where(margin) == std::vector<std::string>{"q (0.3) on worker-0", "q (0.3) on worker-1"});
  // The profiler looks at 4 and 8 s, at reports of 0 and 5 s, or of 4 s.
  CHECK(profile(burst(7, json::object())) == nullptr);
  CHECK(profile(burst(7, {{"report_interval_s", 1}})).get<double>() == Approx(0.25).epsilon(1e-9));
  CHECK(profile(burst(9, json::object())).get<double>() == Approx(0.25).epsilon(1e-9));
  CHECK(profile(burst(9, {{"minimum_cpu_share", 0.4}})) == 0.4);
}

TEST_CASE("harmonicio tells what waits at the end, and policies why they did nothing", "[irm][harmonicio]") {
  // Twenty messages to one container, which has the first for good.
  ScenarioText s = apart(10, 1, 4, 1, 0, images(40, 0.5), ScenarioText::deterministic(60e6));
  const auto why = [](const json& result) { return result["summary"]["scaling"]["why_nothing"]; };
  const json waits = good({s.text()});
  CHECK(waits["summary"]["engine_figures"]["backlog_messages"] == 19);
  s.job()["policy"] = {{"type", "ds2"}};
  CHECK(why(good({s.text()})) == "there is no operator that it may scale");
  s.job()["policy"] = "oracle";
  CHECK(why(good({s.text()})) == "there is no operator that it may scale");
  s.engine()["initial_containers"] = 0;
  s.job()["policy"] = {{"type", "irm"}, {"default_cpu_share", 1.0}};
  CHECK(why(good({s.text()})) ==
        "its load predictor asked for containers (2), and none was started; 2 were lost, being as large as a "
        "whole worker");
  s.engine()["initial_containers"] = 1;
  s.job()["policy"] = {{"type", "irm"}, {"queue_size_limit", 100}, {"lower_rate_limit_per_s", 100}};
  s.job()["policy"]["upper_rate_limit_per_s"] = 100;
  CHECK(why(good({s.text()})) == "no backlog ever grew by more than 100 messages/s, or was longer than 100");
}

TEST_CASE("harmonicio: containers send to containers, each one message at a time", "[oracle][harmonicio]") {
  // 0.1 s in a, 0.2 s in b; a message every 0.25 s meets nobody. At one every 0.15 s b is the bottleneck: the
  // k-th waits 0.05 k s, all of it in b's backlog, since a goes on when a message has left.
  for (const double every_s : {0.25, 0.15}) {
    INFO("a message every " << every_s << " s");
    ScenarioText s(40);
    s.source("s", images(1 / every_s, 40 * every_s));
    s.op("a", "map", ScenarioText::deterministic(1e5));
    s.op("b", "sink", ScenarioText::deterministic(2e5));
    s.edge("s", "a");
    s.edge("a", "b");
    s.engine() = {{"type", "harmonicio"}, {"request_ms", 0}};
    const json result = good({s.text()});
    const auto messages = result["latency"]["count"].get<int>();
    CHECK(messages >= 39);
    CHECK(result["latency"]["min_ns"].get<double>() == Approx(3e8).margin(10));
    const double last_waits_s = std::max(0.0, 0.2 - every_s) * (messages - 1);
    CHECK(result["latency"]["max_ns"].get<double>() == Approx((0.3 + last_waits_s) * 1e9).margin(100));
  }
  // Ten messages of each: all of them arrive, and a waits until its last one has left.
  ScenarioText s(40);
  s.source("s", images(1, 10));
  s.op("a", {{"type", "flat-map"}, {"selectivity", 10}}, ScenarioText::deterministic(1e5));
  s.op("b", "sink", ScenarioText::deterministic(1e4), 3);
  s.edge("s", "a");
  s.edge("a", "b");
  s.engine() = {{"type", "harmonicio"}, {"request_ms", 1}, {"ports_per_worker", 8}};
  const json result = good({s.text()});
  CHECK(result["latency"]["count"].get<int>() ==
        10 * result["summary"]["conservation"]["emitted"].get<int>());
}

TEST_CASE("containers are started one by one, several at a time, where there is a place",
          "[control][harmonicio]") {
  ScenarioText s = apart(20, 2, 4, 2, 0, ScenarioText::constant(1), ScenarioText::deterministic(1e5));
  s.engine()["initial_containers"] = 1;
  const auto start = [](double time_s, int operator_id, int worker) {
    return json({{"time_s", time_s}, {"operator_id", operator_id}, {"worker", worker}});
  };
  // The first place is on worker 0, and taken. Of three on it the last finds none; there is no worker 2, and
  // the source is in no container.
  s.job()["policy"] = {
      {"type", "test-scripted"},
      {"steps",
       {start(2, 1, 1), start(2, 1, 0), start(2, 1, 0), start(4, 1, 2), start(5, 0, 0), start(6, 1, -1)}}};
  const json result = good({s.text()});
  std::vector<json> told;
  for (const json& report : result["summary"]["policy_state"]) told.push_back(report);
  enum { accepted, clipped, refused, failed, done };
  CHECK(told == std::vector<json>{{2.0, accepted, ""},
                                  {2.0, accepted, ""},
                                  {2.0, accepted, ""},
                                  {2.0, failed, "no place is free on worker-0"},
                                  {3.0, done, ""},
                                  {3.0, done, ""},
                                  {4.0, refused, "there is no such worker"},
                                  {5.0, refused, "there is no such operator in containers"},
                                  {6.0, refused, "there is no such worker"}});
  CHECK(changes(result) ==
        std::vector<Change>{{2, 2, 1, 2, "failed"}, {2, 3, 1, 2, "done"}, {2, 3, 2, 3, "done"}});
  CHECK(result["summary"]["operators"]["q"]["parallelism"] == 3);
  CHECK(result["summary"]["scaling"]["slot_seconds"].get<double>() == Approx(3 * 1 + 17 * 3 + 20 * 1));
  // An engine without containers.
  ScenarioText generic(5);
  generic.source("s", ScenarioText::constant(1));
  generic.op("q", "sink", ScenarioText::deterministic(1));
  generic.edge("s", "q");
  generic.job()["policy"] = {{"type", "test-scripted"}, {"steps", {start(2, 1, 0)}}};
  CHECK(good({generic.text()})["summary"]["policy_state"] ==
        json::array({{2.0, static_cast<int>(refused), "the engine hosts no containers"}}));
}

TEST_CASE("harmonicio's wrong parameters are told where they are", "[harmonicio]") {
  const auto error = [](const ScenarioText& s) {
    const json result = run({s.text()});
    return result.contains("error") ? result["error"].get<std::string>() : std::string("no error");
  };
  ScenarioText s = at_home(1, 2, ScenarioText::constant(1), ScenarioText::deterministic(1));
  s.engine()["master_host"] = "nowhere";
  CHECK_THAT(error(s), Catch::Contains("jobs[0].engine.master_host: there is no host \"nowhere\" (h)"));
  s.engine()["master_host"] = "h";
  CHECK(error(s) == "no error");
  s.engine()["ports_per_worker"] = 1;
  CHECK_THAT(error(s),
             Catch::Contains("jobs[0].engine: 2 containers on h from the start, and it has 1 ports"));
  s.engine()["initial_containers"] = 1;
  CHECK(error(s) == "no error");
  s.engine()["initial_containers"] = 0;
  CHECK_THAT(error(s), Catch::Contains("jobs[0]: the policy \"static\" starts no containers, and none of "
                                       "\"q\" runs from the start (containers from the start, or the "
                                       "policy \"irm\")"));
  s.job()["policy"] = "irm";
  CHECK(error(s) == "no error");
  s.dataflow()["edges"][0]["partitioning"] = "key";
  CHECK_THAT(error(s), Catch::Contains("whichever container is free: no other partitioning of s -> q than "
                                       "rebalance or shuffle"));
  ScenarioText on_generic(1);
  on_generic.source("s", ScenarioText::constant(1));
  on_generic.op("q", "sink", ScenarioText::deterministic(1));
  on_generic.edge("s", "q");
  on_generic.job()["policy"] = "irm";
  CHECK_THAT(error(on_generic),
             Catch::Contains("jobs[0].policy: the policy \"irm\" starts single containers, which the engine "
                             "\"generic\" does not do (another policy, or the engine \"harmonicio\")"));
}
