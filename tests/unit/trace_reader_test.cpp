#include "models/arrivals/trace_reader.hpp"

#include <unistd.h>

#include <algorithm>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/arrivals/trace_curve.hpp"
#include "sim/scenario/text_fields.hpp"
#include "tests/support/recorded.hpp"

using namespace weir;

namespace {

Trace parsed(const std::string& text, TraceFormat format = {}) {
  return parse_trace(text, format);
}

void check_rows(const Trace& trace, const std::vector<std::pair<double, double>>& rows) {
  INFO((trace.ok() ? std::string() : trace.problems[0].what));
  REQUIRE(trace.ok());
  REQUIRE(trace.rows.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(trace.rows[i].time_ns == to_nanos(rows[i].first));
    if (std::isnan(rows[i].second)) {
      CHECK(std::isnan(trace.rows[i].value));
    } else {
      CHECK(trace.rows[i].value == rows[i].second);
    }
  }
}

void check_problem(const std::string& text, std::int64_t line, const std::string& what,
                   TraceFormat format = {}) {
  const Trace trace = parse_trace(text, format);
  INFO(text);
  REQUIRE_FALSE(trace.ok());
  CHECK(trace.problems[0].line == line);
  CHECK_THAT(trace.problems[0].what, Catch::Contains(what));
}

std::shared_ptr<const RateCurve> shaped(const std::string& text, const TraceShape& shape,
                                        TraceFormat format = {}) {
  const Trace trace = parse_trace(text, format);
  REQUIRE(trace.ok());
  std::string problem;
  auto curve = make_trace_curve(trace, shape, &problem);
  INFO(problem);
  REQUIRE(curve != nullptr);
  return curve;
}

using weir::test::recorded;

}  // namespace

TEST_CASE("rows with and without header, with every separator", "[trace]") {
  for (const char* separator : {",", ";", "|", "\t", " ", " , ", "   "}) {
    const std::string s = separator;
    check_rows(parsed("0" + s + "10\n1.5" + s + "20\n"), {{0, 10}, {1.5, 20}});
    check_rows(parsed("time" + s + "rate\n0" + s + "10\n1.5" + s + "2e1"), {{0, 10}, {1.5, 20}});
    check_rows(parsed("2015-02-26 21:42:53" + s + "104\r\n2015-02-26 21:47:53" + s + "100\r\n"),
               {{1424986973, 104}, {1424987273, 100}});
  }
  check_rows(parsed("\xef\xbb\xbf# made by hand\n\n\"Timestamp\",\"Value\"\n\"1\",\"2\"\n  \n3 , 4 \n"),
             {{1, 2}, {3, 4}});
}

TEST_CASE("columns are found by name, by number, and by their order", "[trace]") {
  check_rows(parsed("host,rate,timestamp\na,5,1\nb,6,2\n"), {{1, 5}, {2, 6}});
  TraceFormat format;
  format.time_column = "when";
  format.value_column = "B";
  check_rows(parsed("a,b,when\n7,5,1\n8,6,2\n", format), {{1, 5}, {2, 6}});
  format.time_column = "3";
  format.value_column = "1";
  check_rows(parsed("a,b,when\n7,5,1\n8,6,2\n", format), {{1, 7}, {2, 8}});
  check_rows(parsed("7,5,1\n8,6,2\n", format), {{1, 7}, {2, 8}});
  format.time_column = "wehn";
  check_problem("a,b,when\n7,5,1\n", 1, "not in the header", format);
  format.time_column = "4";
  check_problem("a,b,when\n7,5,1\n", 1, "is not there", format);
}

TEST_CASE("what the values are is said, or told by the header", "[trace]") {
  CHECK(parsed("0,1\n1,1\n").value == TraceValue::rate);
  CHECK(parsed("time,count\n0,1\n1,1\n").value == TraceValue::count);
  CHECK(parsed("time,value\n0,1\n1,1\n").value == TraceValue::rate);
  CHECK(parsed("0\n1\n1\n").value == TraceValue::event);
  const Trace events = parsed("time,key,size\n0.5,a,100\n0.5,b,7\n2,a,1\n");
  CHECK(events.value == TraceValue::event);
  check_rows(events, {{0.5, 1}, {0.5, 1}, {2, 1}});
  TraceFormat format;
  format.value = TraceValue::event;
  check_rows(parsed("2015-02-26T21:42:53Z,x\n2015-02-26T21:42:53.5Z,y\n", format),
             {{1424986973, 1}, {1424986973.5, 1}});
}

TEST_CASE("times are exact to the nanosecond", "[trace]") {
  Nanos t = 0;
  CHECK((parse_time_number("1643095223.123456789", nanos_per_second, &t) && t == 1643095223123456789));
  CHECK((parse_time_number("-0.5", nanos_per_second, &t) && t == -500'000'000));
  CHECK((parse_time_number("1.5e3", nanos_per_second, &t) && t == 1500 * nanos_per_second));
  CHECK((parse_time_number("1424986973123", 1'000'000, &t) && t == 1424986973123000000));
  CHECK((parse_time_number(".25", nanos_per_second, &t) && t == 250'000'000));
  for (const char* bad : {"", "-", ".", "1x", "1.2.3", "99999999999", "1e300", "nan", "inf", "0x10"}) {
    CHECK_FALSE(parse_time_number(bad, nanos_per_second, &t));
  }
  CHECK((parse_iso_time("1970-01-01", &t) && t == 0));
  CHECK((parse_iso_time("2000-02-29T12:00", &t) && t == 951825600 * nanos_per_second));
  CHECK((parse_iso_time("2015-02-26T21:42:53.25+02:00", &t) &&
         t == (1424986973 - 7200) * nanos_per_second + 250'000'000));
  CHECK((parse_iso_time("2015-02-26 21:42:53-0130", &t) && t == (1424986973 + 5400) * nanos_per_second));
  CHECK((parse_iso_time("1969-12-31T23:59:59Z", &t) && t == -nanos_per_second));
  for (const char* bad :
       {"2015-02-29", "2015-13-01", "2015-04-31", "2015-02-26 24:00", "2015-02-26x", "1500-01-01",
        "2015-02-26 21:4", "2015-02-26 21:42:53 PM", "2015-2-26", "2015-02-26T21:42+"}) {
    CHECK_FALSE(parse_iso_time(bad, &t));
  }
  // Milliseconds since 1970 show by their size.
  check_rows(parsed("1424986973000,1\n1424986973500,2\n"), {{1424986973, 1}, {1424986973.5, 2}});
  TraceFormat seconds;
  seconds.time = TraceTime::milliseconds;
  check_rows(parsed("0,1\n1500,2\n", seconds), {{0, 1}, {1.5, 2}});
}

TEST_CASE("every problem has its line", "[trace]") {
  check_problem("", 0, "empty");
  check_problem("# nothing\n\n", 0, "empty");
  check_problem("time,rate\n", 0, "no row");
  check_problem("0,5\n", 0, "one row only");
  check_problem("0,null\n1,\n", 0, "all values are gaps");
  check_problem("time,rate\n0,1\n1,two\n", 3, "\"two\" is not a number");
  check_problem("0,1\n1,-2\n", 2, "negative");
  check_problem("0,1\n1,nan\n", 2, "not a number");
  check_problem("0,1\n1,inf\n", 2, "too large");
  check_problem("0,1\n1,1e400\n", 2, "too large");
  check_problem("0,1\n1,1e16\n", 2, "too large");
  check_problem("0,1\n0,2\n", 2, "the same");
  check_problem("0,1\n5,2\n4,3\n", 3, "goes back");
  check_problem("0,1\n1e30,2\n", 2, "not a time");
  check_problem("0,1\n1\n", 2, "no value");
  check_problem("hello world\nfoo bar\n", 2, "not a time");
  check_problem(std::string("\x7f"
                            "ELF\0\1\2\n",
                            8),
                1, "binary");
  check_problem("0,1\n1," + std::string(100000, '1'), 2, "longer than");
  check_problem("2015-02-26 21:42:53,1\n2015-02-30 21:42:53,1\n", 2, "not a time");
}

TEST_CASE("the first twenty problems are kept, the rest counted", "[trace]") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "x,1\n";
  TraceFormat format;
  format.header = TraceHeader::no;
  const Trace trace = parsed(text, format);
  CHECK(trace.problems.size() == 20);
  CHECK(trace.problems_more == 80);
  CHECK(trace.problems[19].line == 20);
}

TEST_CASE("files that are none", "[trace]") {
  const auto first = [](const std::string& path) {
    const Trace trace = read_trace(path, {});
    REQUIRE_FALSE(trace.ok());
    CHECK(trace.problems[0].line == 0);
    return trace.problems[0].what;
  };
  CHECK_THAT(first("/does/not/exist.csv"), Catch::Contains("No such file"));
  CHECK_THAT(first("/"), Catch::Contains("directory"));
  CHECK_THAT(first("/dev/zero"), Catch::Contains("not a regular file"));
  CHECK_FALSE(read_trace(WEIR_PROGRAM, {}).ok());  // a program is no trace
}

TEST_CASE("a million lines are read", "[trace]") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("weir-trace-" + std::to_string(getpid()))).string();
  {
    std::ofstream file(path);
    file << "time,rate\n";
    for (int i = 0; i < 1'000'000; ++i) file << 1600000000 + i << ',' << i % 1000 << ".25\n";
  }
  const Trace trace = read_trace(path, {});
  std::filesystem::remove(path);
  REQUIRE(trace.ok());
  REQUIRE(trace.rows.size() == 1'000'000);
  CHECK(trace.rows.back().time_ns == Nanos{1600999999} * nanos_per_second);
  CHECK(trace.rows.back().value == 999.25);
}

TEST_CASE("gaps are held, zero, drawn straight, or skipped", "[trace]") {
  const std::string text = "0,\n1,10\n2,null\n3,NA\n4,40\n5,null\n";
  const auto rates = [&](TraceGap gap) {
    TraceShape shape;
    shape.gap = gap;
    const auto curve = shaped(text, shape);
    std::vector<double> values;
    for (int i = 0; i < 7; ++i) values.push_back(curve->rate_per_s(i + 0.5));
    return values;
  };
  CHECK(rates(TraceGap::hold) == std::vector<double>{0, 10, 10, 10, 40, 40, 0});
  CHECK(rates(TraceGap::zero) == std::vector<double>{0, 10, 0, 0, 40, 0, 0});
  CHECK(rates(TraceGap::linear) == std::vector<double>{10, 10, 20, 30, 40, 40, 0});
  // The first row with a value is time 0 now, and the last lasts as long as the one before it.
  CHECK(rates(TraceGap::skip) == std::vector<double>{10, 10, 10, 40, 40, 40, 0});
}

TEST_CASE("counts stay what was recorded", "[trace]") {
  const std::string text = "time,count\n100,3\n160,0\n220,7\n";
  const auto curve = shaped(text, {});
  CHECK(curve->time_of(3) == to_nanos(60));
  CHECK(curve->time_of(4) == to_nanos(120 + 60 / 7.0));
  CHECK(curve->time_of(10) == to_nanos(180));
  CHECK(curve->time_of(11) == never);

  TraceShape repeated;
  repeated.repeat = true;
  CHECK(shaped(text, repeated)->time_of(13) == to_nanos(240));
  CHECK(shaped(text, repeated)->time_of(20) == to_nanos(360));

  TraceShape faster;
  faster.speed_up = 60;
  CHECK(shaped(text, faster)->count(to_nanos(100)) == 10);
  CHECK(shaped(text, faster)->rate_per_s(0.5) == Approx(3));
  faster.keep = TraceKeep::rates;
  CHECK(shaped(text, faster)->count(to_nanos(100)) == Approx(10 / 60.0));
  CHECK(shaped(text, faster)->rate_per_s(0.5) == Approx(3 / 60.0));

  TraceShape cut;
  cut.start_s = 30;
  cut.end_s = 150;
  CHECK(shaped(text, cut)->count(to_nanos(30)) == Approx(1.5));
  CHECK(shaped(text, cut)->count(to_nanos(1000)) == Approx(1.5 + 3.5));

  TraceShape absolute;
  absolute.rebase = false;
  CHECK(shaped(text, absolute)->count(to_nanos(100)) == 0);
  CHECK(shaped(text, absolute)->time_of(3) == to_nanos(160));

  TraceShape scaled;
  scaled.scale = 2;
  scaled.offset_per_s = -0.05;
  CHECK(shaped(text, scaled)->count(to_nanos(60)) == Approx(3));
  CHECK(shaped(text, scaled)->count(to_nanos(120)) == Approx(3));  // not below 0
  CHECK(shaped(text, scaled)->count(to_nanos(180)) == Approx(14));
}

TEST_CASE("rates per minute, as steps and as lines", "[trace]") {
  TraceShape shape;
  shape.unit_s = 60;
  const std::string text = "0,60\n10,180\n20,60\n";
  CHECK(shaped(text, shape)->count(to_nanos(30)) == Approx(10 + 30 + 10));
  shape.interpolation = TraceInterpolation::linear;
  const auto curve = shaped(text, shape);
  CHECK(curve->rate_per_s(5) == Approx(2));
  CHECK(curve->count(to_nanos(20)) == Approx(40));
  CHECK(curve->count(to_nanos(30)) == Approx(50));
  CHECK(curve->rate_per_s(31) == 0);
  shape.speed_up = 2;
  CHECK(shaped(text, shape)->rate_per_s(2.5) == Approx(4));
  CHECK(shaped(text, shape)->count(to_nanos(100)) == Approx(50));
  shape.start_s = 5;
  shape.end_s = 15;
  CHECK(shaped(text, shape)->count(to_nanos(100)) == Approx(25));
}

TEST_CASE("events come at their own times", "[trace]") {
  const auto curve = shaped("1000.5\n1001\n1001\n1004.25\n", {});
  CHECK(curve->time_of(1) == 0);
  CHECK(curve->time_of(2) == to_nanos(0.5));
  CHECK(curve->time_of(3) == to_nanos(0.5));
  CHECK(curve->time_of(4) == to_nanos(3.75));
  CHECK(curve->time_of(5) == never);
  TraceShape tripled;
  tripled.scale = 3;
  tripled.repeat = true;  // the period has the mean gap, 1.25 s, behind the last event
  const auto more = shaped("1000.5\n1001\n1001\n1004.25\n", tripled);
  CHECK(more->time_of(9) == to_nanos(0.5));
  CHECK(more->time_of(12) == to_nanos(3.75));
  CHECK(more->time_of(13) == to_nanos(5.0));
}

TEST_CASE("shapes that do not fit", "[trace]") {
  const auto problem = [](const std::string& text, const TraceShape& shape) {
    std::string what;
    CHECK(make_trace_curve(parse_trace(text, {}), shape, &what) == nullptr);
    return what;
  };
  TraceShape shape;
  shape.start_s = 100;
  CHECK_THAT(problem("0,1\n1,1\n", shape), Catch::Contains("nothing is left"));
  shape = {};
  shape.scale = 1e12;
  CHECK_THAT(problem("0,1\n1,1\n", shape), Catch::Contains("after scaling"));
  shape = {};
  shape.interpolation = TraceInterpolation::linear;
  CHECK_THAT(problem("time,count\n0,1\n1,1\n", shape), Catch::Contains("step"));
  shape = {};
  shape.offset_per_s = 1;
  CHECK_THAT(problem("0\n1\n", shape), Catch::Contains("events"));
  shape = {};
  shape.speed_up = 1e9;
  shape.keep = TraceKeep::rates;
  CHECK_THAT(problem("0,1\n0.1,1\n", shape), Catch::Contains("nanosecond"));
}

TEST_CASE("recorded: tweets", "[trace]") {
  const std::string path = recorded("tweets-aapl-5min.csv");
  if (path.empty()) return;
  TraceFormat format;
  format.value = TraceValue::count;
  const Trace trace = read_trace(path, format);
  REQUIRE(trace.ok());
  REQUIRE(trace.rows.size() == 15902);
  CHECK(trace.rows.front().value == 104);
  CHECK(trace.rows.back().value == 38);
  CHECK(trace.rows.back().time_ns - trace.rows.front().time_ns == to_nanos(4770300));
  std::string problem;
  const auto curve = make_trace_curve(trace, {}, &problem);
  REQUIRE(curve != nullptr);
  CHECK(curve->count(to_nanos(4770600)) == 1360453);
  CHECK(curve->time_of(1360453) == to_nanos(4770600));
  CHECK(curve->time_of(104) == to_nanos(300));
  CHECK(curve->max_rate_per_s(0, 1e9) == Approx(13479 / 300.0));
}

TEST_CASE("recorded: taxis", "[trace]") {
  const std::string path = recorded("nyc-taxi-30min.csv");
  if (path.empty()) return;
  TraceFormat format;
  format.value = TraceValue::count;
  const Trace trace = read_trace(path, format);
  REQUIRE(trace.ok());
  REQUIRE(trace.rows.size() == 10320);
  CHECK(trace.rows.front().value == 10844);
  CHECK(trace.rows.back().value == 26288);
  std::string problem;
  const auto curve = make_trace_curve(trace, {}, &problem);
  REQUIRE(curve != nullptr);
  CHECK(curve->count(to_nanos(10320 * 1800.0)) == 156219716 + 0);
}

TEST_CASE("recorded: Phoebe, with gaps", "[trace]") {
  const std::string offered = recorded("phoebe-ysb-12workers-workRate.psv");
  if (offered.empty()) return;
  const Trace rates = read_trace(offered, {});
  REQUIRE(rates.ok());
  CHECK(rates.value == TraceValue::rate);
  REQUIRE(rates.rows.size() == 21602);
  CHECK(rates.rows.front().value == 98886);
  CHECK(rates.rows.back().value == 106293);
  std::string problem;
  const auto curve = make_trace_curve(rates, {}, &problem);
  REQUIRE(curve != nullptr);
  CHECK(curve->count(to_nanos(21602)) == Approx(2160159004.0).epsilon(1e-15));
  CHECK(curve->max_rate_per_s(0, 1e6) == 215365);

  const std::string achieved = recorded("phoebe-ysb-12workers-thrRate.psv");
  if (achieved.empty()) return;
  const Trace gaps = read_trace(achieved, {});
  REQUIRE(gaps.ok());
  const auto missing = std::count_if(gaps.rows.begin(), gaps.rows.end(),
                                     [](const TraceRow& row) { return std::isnan(row.value); });
  CHECK(missing == 17);
  CHECK(make_trace_curve(gaps, {}, &problem)->count(to_nanos(21602)) == Approx(2180158462.070097));
}
