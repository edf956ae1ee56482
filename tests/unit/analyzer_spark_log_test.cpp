#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <tuple>

#include "sim/analyzer/analysis.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/program.hpp"
#include "tests/support/recorded.hpp"
#include "tests/support/spark_log.hpp"

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::small_spark_log;

Analysis analysis_of(const std::string& text, std::unique_ptr<EdgeSource>* kept = nullptr) {
  std::istringstream stream(text);
  auto source = read_spark_event_log(stream, "log");
  AnalysisOptions options;
  options.construction.window_ns = 100 * nanos_per_second;
  options.construction.waiting_message_ns = 0;
  Analysis analysis = analyze_edges(*source, options);
  if (kept != nullptr) *kept = std::move(source);
  return analysis;
}

}  // namespace

TEST_CASE("a Spark event log becomes the activities of its driver and threads", "[analyzer]") {
  std::unique_ptr<EdgeSource> source;
  const Analysis analysis = analysis_of(small_spark_log(), &source);
  REQUIRE(analysis.windows.size() == 1);
  // The one path: the user, scheduling, the slower of the first two tasks; its own way there and back; the
  // last task. The faster task's path ends with it, as its thread then waits, and the driver waits for the
  // other.
  const WindowResult& window = analysis.windows[0];
  CHECK(window.start_ns == 1000 * 1'000'000ll);
  CHECK(window.end_ns == 1410 * 1'000'000ll);
  CHECK(window.paths.value() == 1);
  CHECK(window.cp_sum == Approx(1).epsilon(1e-12));
  const auto activities = analysis.summaries.by_activity();
  const double whole_ms = 410;
  CHECK(activities.at(Activity::input).cp * whole_ms == Approx(100));
  CHECK(activities.at(Activity::scheduling).cp * whole_ms == Approx(20 + 20 + 10));
  CHECK(activities.at(Activity::deserialization).cp * whole_ms == Approx(10 + 10));
  CHECK(activities.at(Activity::processing).cp * whole_ms == Approx(170 + 30));
  CHECK(activities.at(Activity::control_message).cp * whole_ms == Approx(10 + 10 + 10 + 10));
  // Each task took 20 ms longer than its work: half of that was the way there, half the way back.
  const auto pairs = analysis.summaries.by_pair();
  CHECK(pairs.at({0, 1}).duration_s == Approx(0.020));
  CHECK(pairs.at({1, 0}).duration_s == Approx(0.020));
  CHECK(pairs.at({0, 2}).duration_s == Approx(0.010));
  CHECK(pairs.at({2, 0}).duration_s == Approx(0.010));
  CHECK(source->worker_name(0) == "driver");
  CHECK(source->worker_name(1) == "executor a, thread 0");
  CHECK(source->operator_name(1) == "stage 1: \"reduce\", by key");
}

TEST_CASE("what a Spark task did lies in the middle between its launch and its end", "[analyzer]") {
  std::istringstream stream(small_spark_log());
  const auto source = read_spark_event_log(stream, "log");
  EdgeWindow window;
  REQUIRE(source->next(100 * nanos_per_second, window));
  REQUIRE(window.workers.size() == 3);
  using Span = std::tuple<Activity, Nanos, Nanos, int>;  // ms
  const auto spans_of = [&](std::size_t worker) {
    std::vector<Span> spans;
    const std::size_t end = worker + 1 < 3 ? window.workers[worker + 1].first_span : window.spans.size();
    for (std::size_t s = window.workers[worker].first_span; s < end; ++s) {
      const EdgeWindow::Span& span = window.spans[s];
      spans.emplace_back(span.activity, span.begin_ns / 1'000'000, span.end_ns / 1'000'000, span.operator_id);
    }
    return spans;
  };
  CHECK(spans_of(1) == std::vector<Span>{{Activity::waiting, 1000, 1130, -1},
                                         {Activity::deserialization, 1130, 1140, 0},
                                         {Activity::processing, 1140, 1210, 0},
                                         {Activity::waiting, 1210, 1350, -1},
                                         {Activity::deserialization, 1350, 1360, 1},
                                         {Activity::processing, 1360, 1390, 1},
                                         {Activity::waiting, 1390, 1410, -1}});
  CHECK(spans_of(2) == std::vector<Span>{{Activity::waiting, 1000, 1130, -1},
                                         {Activity::deserialization, 1130, 1140, 0},
                                         {Activity::processing, 1140, 1310, 0},
                                         {Activity::waiting, 1310, 1410, -1}});
  std::vector<std::tuple<int, int, Nanos, Nanos>> messages;  // from, to, ms
  for (const EdgeWindow::Message& m : window.messages)
    messages.emplace_back(m.from, m.to, m.sent_ns / 1'000'000, m.received_ns / 1'000'000);
  std::sort(messages.begin(), messages.end());
  CHECK(messages == std::vector<std::tuple<int, int, Nanos, Nanos>>{{0, 1, 1120, 1130},
                                                                    {0, 1, 1340, 1350},
                                                                    {0, 2, 1120, 1130},
                                                                    {1, 0, 1210, 1220},
                                                                    {1, 0, 1390, 1400},
                                                                    {2, 0, 1310, 1320}});
}

TEST_CASE("what is no Spark event log is an error", "[analyzer]") {
  CHECK_THROWS_WITH(analysis_of("{"), Catch::Contains("log:1: not a line of JSON"));
  CHECK_THROWS_WITH(analysis_of("{\"weir\": 1}\n"), Catch::Contains("no events of Spark"));
  CHECK_THROWS_WITH(analysis_of(R"({"Event":"SparkListenerLogStart"})"), Catch::Contains("no task ended"));
  const std::string cut = small_spark_log().substr(0, small_spark_log().size() - 20);
  CHECK(analysis_of(cut).not_understood.at("lines that are no JSON (cut off?)") == 1);
}

TEST_CASE("damaged Spark event logs never stop the analyzer but by an error", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  const std::string good = small_spark_log();
  int errors = 0, reports = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string text = good;
    for (int change = 0; change < 1 + dice.below(5); ++change) {
      const auto at = static_cast<std::size_t>(dice.below(static_cast<int>(text.size())));
      if (dice.coin())
        text[at] = "0123456789{}\",:-e."[dice.below(18)];
      else
        text.erase(at, static_cast<std::size_t>(dice.below(30)));
    }
    try {
      for (const WindowResult& window : analysis_of(text).windows) {
        if (!window.paths.zero()) REQUIRE(window.cp_sum == Approx(1).epsilon(1e-9));
      }
      ++reports;
    } catch (const TraceError&) {
      ++errors;
    }
  }
  CHECK(reports > 100);
  CHECK(errors > 10);
}

TEST_CASE("the critical paths of a real Spark job are explained", "[analyzer]") {
  const std::string log = test::recorded("spark-eventlog-wordcount.jsonl");
  if (log.empty()) return;
  std::unique_ptr<EdgeSource> source;
  const Analysis analysis = analysis_of(test::read_file(log), &source);
  CHECK(analysis.not_understood.empty());
  REQUIRE(analysis.windows.size() == 1);
  CHECK(analysis.windows[0].cp_sum == Approx(1).epsilon(1e-12));
  const auto activities = analysis.summaries.by_activity();
  const double whole_s =
      static_cast<double>(analysis.windows[0].end_ns - analysis.windows[0].start_ns) * 1e-9;
  // Every path begins with the 8.450 s in which the shell waited for its user, from the application's start
  // to the job.
  CHECK(activities.at(Activity::input).cp * whole_s == Approx(8.450).margin(1e-9));
  // Of the job's 1.444 s, stages 0 to 2 take 0.876, 0.259 and 0.242 s as Spark counts them; the rest is the
  // driver's.
  const double job_s = 1.444;
  const double processing_s = activities.at(Activity::processing).cp * whole_s;
  CHECK(processing_s > 0.4 * job_s);
  CHECK(processing_s < 0.8 * job_s);
  CHECK(activities.at(Activity::deserialization).cp * whole_s > 0.2);
  // Stage 0, two tasks of 0.85 s, is where most of the job's critical time goes.
  const auto operators = analysis.summaries.by_operator();
  CHECK(operators.at(0).cp > operators.at(1).cp);
  CHECK(operators.at(0).cp > operators.at(2).cp);
  CHECK(source->operator_name(0) == "stage 0: repartition at <console>:24");
}
