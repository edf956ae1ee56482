// What weir calibrate reads: a job's metrics, DS2's rates files, Flink's metrics; and what it says of files
// that are broken.

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "sim/calibrate/job_series.hpp"
#include "sim/calibrate/operator_samples.hpp"
#include "sim/calibrate/outages.hpp"
#include "tests/support/program.hpp"

using namespace weir;
using namespace weir::calibrate;
using namespace weir::test;

namespace {

struct Read {
  JobSeries series;
  std::string errors;
};

Read read_table_text(const std::string& text, JobFiles files = {}) {
  const TemporaryFolder folder;
  files.table = folder.write("job.csv", text).string();
  Errors errors;
  Read read;
  read.series = read_job_series(files, errors);
  read.errors = errors.text();
  return read;
}

OperatorData read_operator_text(const std::string& text, OperatorFormat format,
                                std::string* errors_text = nullptr) {
  const TemporaryFolder folder;
  Errors errors;
  OperatorData data = read_operators({folder.write("rates.log", text).string()}, format, errors);
  if (errors_text != nullptr)
    *errors_text = errors.text();
  else
    CHECK(errors.text() == "");
  return data;
}

}  // namespace

TEST_CASE("a job's table is read, whatever its separators, names and units", "[calibrate]") {
  for (const std::string& text :
       {std::string(
            "time,offered,achieved,latency_ms,workers\n0,100,90,1500,3\n1,110,null,,3\n2,120,118,2000,4\n"),
        std::string("\xef\xbb\xbf# recorded\ntimestamp|workRate|thrRate|latency|numWorkers\r\n"
                    "1643095223|100|90|1500|3\r\n1643095224|110|NaN|NA|3\r\n1643095225|120|118|2000|4\r\n"),
        std::string("ts;load;throughput;latency_s;parallelism\n2022-01-25 07:20:23;100;90;1.5;3\n"
                    "2022-01-25 07:20:24;110;-;null;3\n2022-01-25 07:20:25;120;118;2.0;4\n")}) {
    INFO(text);
    const auto [series, errors] = read_table_text(text);
    CHECK(errors == "");
    REQUIRE(series.size() == 3);
    CHECK(series.step_s == 1);
    CHECK(series.offered_per_s == std::vector<double>{100, 110, 120});
    CHECK(series.achieved_per_s[0] == 90);
    CHECK(std::isnan(series.achieved_per_s[1]));
    CHECK(series.latency_s[0] == Approx(1.5));
    CHECK(std::isnan(series.latency_s[1]));
    CHECK(series.latency_s[2] == Approx(2));
    CHECK(series.workers == std::vector<double>{3, 3, 4});
    CHECK(series.achieved_gaps == 1);
  }
}

TEST_CASE("metrics in files of their own are put on one grid", "[calibrate]") {
  const TemporaryFolder folder;
  JobFiles files;
  files.offered = folder.write("offered.psv", "timestamp|value\n10|100\n15|null\n20|120\n25|130\n").string();
  files.achieved = folder.write("achieved.psv", "timestamp|value\n5|1\n10|90\n20|95\n25|96\n30|1\n").string();
  files.latency = folder.write("latency.psv", "timestamp|value\n10|1000\n20|2000\n").string();
  files.workers_always = 12;
  Errors errors;
  const JobSeries series = read_job_series(files, errors);
  CHECK(errors.text() == "");
  CHECK(series.step_s == 5);  // of the rows with a value: 10, 5
  REQUIRE(series.size() == 4);
  CHECK(series.offered_per_s == std::vector<double>{100, 100, 120, 130});  // a gap holds the value before
  CHECK(series.offered_gaps == 1);
  CHECK(series.achieved_per_s[0] == 90);
  CHECK(std::isnan(series.achieved_per_s[1]));
  CHECK(series.achieved_per_s[3] == 96);
  CHECK(series.latency_s[2] == Approx(2));
  CHECK(series.workers == std::vector<double>(4, 12));
}

TEST_CASE("columns with other names are named", "[calibrate]") {
  JobFiles files;
  files.columns = {{"offered", "in"}, {"achieved", "out"}, {"latency", "delay"}};
  files.latency_unit = LatencyUnit::seconds;
  const auto [series, errors] = read_table_text("time in out delay\n0 5 4 2\n1 6 5 3\n", files);
  CHECK(errors == "");
  CHECK(series.offered_per_s == std::vector<double>{5, 6});
  CHECK(series.latency_s == std::vector<double>{2, 3});
  files.columns["offered"] = "inn";
  CHECK_THAT(read_table_text("time in out delay\n0 5 4 2\n1 6 5 3\n", files).errors,
             Catch::Contains("--column offered=inn") && Catch::Contains("did you mean \"in\"?"));
}

TEST_CASE("what is wrong with a job's table is told with its line, all at once", "[calibrate]") {
  const std::string head = "time,offered,achieved\n";
  const struct {
    std::string text, says;
  } cases[] = {
      {"", "job.csv:1: $: is empty"},
      {head, "there is a header, but no row"},
      {"time,offered\n0,1\n1,2\n", "job.csv:1: $: no column is achieved"},
      {"0,1,1\n1,2,2\n", "there is no header, so no column is offered"},
      {head + "0,1,1\n1,-2,2\n",
       "job.csv:3: offered: is \"-2\" (a number from 0 to 1e15, or null for a gap)"},
      {head + "0,1,1\n1,2,inf\n", "job.csv:3: achieved: is \"inf\""},
      {head + "0,1,1\n1,2e15,2\n", "job.csv:3: offered: is \"2e15\""},
      {head + "0,1,1\nsoon,2,2\n", "job.csv:3: time: \"soon\" is not a time"},
      {head + "0,1,1\n0,2,2\n", "job.csv:3: time: the time is the same as in the row before"},
      {head + "5,1,1\n4,2,2\n", "job.csv:3: time: the time goes back (times in rising order)"},
      {head + "0,1,1\n1,2", "job.csv:3: achieved: the row has 2 columns (3 as in the header)"},  // cut off
      {head + "0,1,1\n", "less than two rows with an offered rate"},
      {head + "0,1,null\n1,1,null\n", "no achieved rate lies within the times of the offered one"},
      {head + "0,1,1\n1,1,1\n2,1,1\n9000000000,1,1\n",
       "rows every 1 s for so long are 9e+09 (at most 20000000)"},
      {head + std::string("0,1,\0001\n", 8), "job.csv:2: $: the file is binary"},
      {head + std::string(70'000, '1') + "\n", "job.csv:2: $: the line is longer than 65536 bytes"},
      {"time,offered,achieved,workers\n0,1,1,0\n1,1,1,0\n",
       "workers: is 0 at 0 s (a whole number from 1 to 16384)"},
      {"time,offered,achieved,workers\n0,1,1,2.5\n1,1,1,2\n", "workers: is 2.5 at 0 s"},
  };
  for (const auto& one : cases) {
    INFO(one.text.substr(0, 200));
    CHECK_THAT(read_table_text(one.text).errors, Catch::Contains(one.says));
  }
  CHECK_THAT(read_table_text(head + "0,a,1\n1,b,2\n").errors,
             Catch::Contains("job.csv:2: offered") && Catch::Contains("job.csv:3: offered"));
  JobFiles nowhere;
  nowhere.table = "/nowhere/job.csv";
  Errors errors;
  read_job_series(nowhere, errors);
  CHECK_THAT(errors.text(),
             Catch::Contains("/nowhere/job.csv:1: $: cannot be read: No such file or directory"));
  nowhere.table = "/";
  Errors of_folder;
  read_job_series(nowhere, of_folder);
  CHECK_THAT(of_folder.text(), Catch::Contains("is not a regular file"));
}

TEST_CASE("DS2's rates files: useful time is the observed rate over the true one", "[calibrate]") {
  const OperatorData data = read_operator_text(
      "# operator_id,operator_instance_id,total_number_of_operator_instances,epoch_timestamp,"
      "true_processing_rate,true_output_rate,observed_processing_rate,observed_output_rate\n"
      "Source: Custom,0,1,115963000000000,0,100000,0,80000\n"
      "Splitter FlatMap,1,2,115963500000000,120000,1200000,30000,300000\n"
      "Splitter FlatMap,2,2,115963600000000,120000,1200000,0,0\n"
      "Count -> Sink,1,1,115973000000000,2000000,0.0,1000000,0.0\n",
      OperatorFormat::ds2);
  REQUIRE(data.names == std::vector<std::string>{"Source: Custom", "Splitter FlatMap", "Count -> Sink"});
  CHECK(data.rows_read == 4);
  CHECK(data.idle_rows == 1);
  REQUIRE(data.samples.size() == 3);
  CHECK(data.samples[0].busy == Approx(0.8));  // a source has no input
  CHECK(data.samples[0].in_per_s == 0);
  CHECK(data.samples[1].busy == Approx(0.25));
  CHECK(data.samples[1].parallelism == 2);
  CHECK(data.samples[1].time_s == Approx(0.5));
  CHECK(data.samples[2].busy == Approx(0.5));
  CHECK(data.samples[2].time_s == Approx(10));
}

TEST_CASE("what is wrong with DS2's files is told", "[calibrate]") {
  const struct {
    std::string text, says;
  } cases[] = {
      {"a,1,1,5,10,10\n", "has 6 columns (8: operator_id"},
      {"a,1,1,5,10,10,5,5\na,1,1\n", "rates.log:2: $: has 3 columns (8)"},
      {"a,1,0,5,10,10,5,5\n", "rates.log:1: total_number_of_operator_instances: is 0"},
      {"a,1,1,5,-10,10,5,5\n", "true_processing_rate: is \"-10\""},
      {"a,1,1,5,10,10,20,5\n", "observed_processing_rate: is 20 and the true rate 10"},
      {",1,1,5,10,10,5,5\n", "operator_id: is empty"},
      {"a,1,1,5,10,10,0,0\n", "no row shows work (1 rows read)"},
  };
  for (const auto& one : cases) {
    INFO(one.text);
    std::string errors;
    read_operator_text(one.text, OperatorFormat::ds2, &errors);
    CHECK_THAT(errors, Catch::Contains(one.says));
  }
}

TEST_CASE("Flink's metrics: a column each, with Prometheus' names, or a row each", "[calibrate]") {
  const std::string wide =
      "time,task_name,subtask_index,numRecordsInPerSecond,numRecordsOutPerSecond,busyTimeMsPerSecond\n"
      "0,map,0,1000,500,250\n0,map,1,2000,1000,500\n0,sink,0,1500,0,NaN\n";
  const std::string prefixed =
      "timestamp;task_name;subtask_index;flink_taskmanager_job_task_numRecordsInPerSecond;"
      "flink_taskmanager_job_task_numRecordsOutPerSecond;flink_taskmanager_job_task_busyTimeMsPerSecond\n"
      "0;map;0;1000;500;250\n0;map;1;2000;1000;500\n0;sink;0;1500;0;null\n";
  const std::string rows =
      "time,metric,task_name,subtask_index,value\n"
      "0,numRecordsInPerSecond,map,0,1000\n0,numRecordsOutPerSecond,map,0,500\n0,busyTimeMsPerSecond,map,0,"
      "250\n"
      "0,numRecordsInPerSecond,map,1,2000\n0,numRecordsOutPerSecond,map,1,1000\n0,busyTimeMsPerSecond,map,1,"
      "500\n"
      "0,idleTimeMsPerSecond,map,1,500\n0,numRecordsInPerSecond,sink,0,1500\n";
  for (const std::string& text : {wide, prefixed, rows}) {
    INFO(text);
    const OperatorData data = read_operator_text(text, OperatorFormat::flink);
    REQUIRE(data.samples.size() == 2);  // the sink tells no busy time
    CHECK(data.idle_rows == 1);
    CHECK(data.names[0] == "map");
    for (const OperatorSample& sample : data.samples) {
      CHECK(sample.parallelism == 2);
      CHECK(sample.busy / sample.in_per_s == Approx(250e-6));
      CHECK(sample.out_per_s / sample.in_per_s == Approx(0.5));
    }
  }
  std::string errors;
  read_operator_text(wide + "0,map,1,1,1,1\n", OperatorFormat::flink, &errors);
  CHECK_THAT(errors, Catch::Contains("rates.log:5: $: the same subtask and time is there before"));
  read_operator_text(
      "time,task,numRecordsInPerSecond,numRecordsOutPerSecond,busyTimeMsPerSecond\n0,a,1,1,2000\n",
      OperatorFormat::flink, &errors);
  CHECK_THAT(errors, Catch::Contains("busyTimeMsPerSecond: is 2000 (at most 1000 ms per second)"));
  read_operator_text("time,task,numRecordsInPerSecond\n0,a,1\n", OperatorFormat::flink, &errors);
  CHECK_THAT(errors, Catch::Contains("no column is numRecordsOutPerSecond") &&
                         Catch::Contains("no column is busyTimeMsPerSecond"));
}

TEST_CASE("outages that are given are checked", "[calibrate]") {
  const TemporaryFolder folder;
  Errors errors;
  const auto good =
      read_outages(folder.write("good.csv", "start_s,end_s\n10,20\n30,45.5\n").string(), errors);
  CHECK(errors.text() == "");
  REQUIRE(good.size() == 2);
  CHECK(good[1].duration_s() == 15.5);
  read_outages(folder.write("bad.csv", "10,20\n15,30\n40,40\nx,y\n50\n").string(), errors);
  CHECK_THAT(errors.text(),
             Catch::Contains("bad.csv:2: start_s: begins before the outage before has ended") &&
                 Catch::Contains("bad.csv:3: $: is no outage") && Catch::Contains("bad.csv:4") &&
                 Catch::Contains("bad.csv:5"));
}
