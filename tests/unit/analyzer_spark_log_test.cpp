#include <catch2/catch.hpp>
#include <sstream>

#include "sim/analyzer/analysis.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/program.hpp"
#include "tests/support/recorded.hpp"

namespace {

using namespace weir;
using namespace weir::analyzer;

std::string task_end(int stage, const std::string& executor, int launch, int finish, int deserialize, int run,
                     int serialize) {
  std::ostringstream line;
  line << R"({"Event":"SparkListenerTaskEnd","Stage ID":)" << stage << R"(,"Task Info":{"Executor ID":")"
       << executor << R"(","Launch Time":)" << launch << R"(,"Finish Time":)" << finish
       << R"(,"Getting Result Time":0},"Task Metrics":{"Executor Deserialize Time":)" << deserialize
       << R"(,"Executor Run Time":)" << run << R"(,"Result Serialization Time":)" << serialize << "}}\n";
  return line.str();
}

// A job of one stage with two tasks on two executors of one core, and a second stage with one.
std::string small_log() {
  return R"({"Event":"SparkListenerApplicationStart","Timestamp":1000}
{"Event":"SparkListenerExecutorAdded","Executor ID":"a","Executor Info":{"Total Cores":1}}
{"Event":"SparkListenerExecutorAdded","Executor ID":"b","Executor Info":{"Total Cores":1}}
{"Event":"SparkListenerJobStart","Submission Time":1100}
{"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":0,"Stage Name":"map","Submission Time":1110}}
)" + task_end(0, "a", 1120, 1220, 10, 70, 0) +
         task_end(0, "b", 1120, 1320, 10, 170, 0) +
         R"({"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":1,"Stage Name":"reduce","Submission Time":1330}}
)" + task_end(1, "a", 1340, 1400, 10, 30, 0) +
         R"({"Event":"SparkListenerJobEnd","Completion Time":1410}
)";
}

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
  const Analysis analysis = analysis_of(small_log(), &source);
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
  CHECK(source->worker_name(0) == "driver");
  CHECK(source->worker_name(1) == "executor a, thread 0");
  CHECK(source->operator_name(1) == "stage 1: reduce");
}

TEST_CASE("what is no Spark event log is an error", "[analyzer]") {
  CHECK_THROWS_WITH(analysis_of("{"), Catch::Contains("log:1: not a line of JSON"));
  CHECK_THROWS_WITH(analysis_of("{\"weir\": 1}\n"), Catch::Contains("no events of Spark"));
  CHECK_THROWS_WITH(analysis_of(R"({"Event":"SparkListenerLogStart"})"), Catch::Contains("no task ended"));
  const std::string cut = small_log().substr(0, small_log().size() - 20);
  CHECK(analysis_of(cut).not_understood.at("lines that are no JSON (cut off?)") == 1);
}

TEST_CASE("damaged Spark event logs never stop the analyzer but by an error", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  const std::string good = small_log();
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
