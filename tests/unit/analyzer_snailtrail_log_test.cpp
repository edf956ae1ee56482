#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "sim/analyzer/analysis.hpp"
#include "sim/analyzer/report.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Pyramid;
using weir::test::snailtrail_bytes;

std::vector<LogRecord> all_records(const std::string& bytes,
                                   std::map<std::string, std::int64_t>* left_out = nullptr) {
  std::istringstream stream(bytes);
  const auto source = read_snailtrail_log(stream, "log");
  std::vector<LogRecord> records;
  while (source->read(records)) {
  }
  if (left_out != nullptr) *left_out = source->left_out();
  return records;
}

Analysis analysis_of(const std::string& bytes, AnalysisOptions options = {}) {
  std::istringstream stream(bytes);
  const auto source = read_snailtrail_log(stream, "log");
  return analyze_log(*source, options);
}

bool same(const LogRecord& a, const LogRecord& b) {
  return a.time_ns == b.time_ns && a.worker == b.worker && a.activity == b.activity && a.event == b.event &&
         a.correlator == b.correlator && a.remote_worker == b.remote_worker && a.operator_id == b.operator_id;
}

}  // namespace

TEST_CASE("a SnailTrail log is read as it was written", "[analyzer]") {
  const auto written = Pyramid{.workers = 7, .phases = 2000}.records();
  const std::string bytes = snailtrail_bytes(written);
  REQUIRE(bytes.size() > (1u << 20));  // more than one piece
  const auto read = all_records(bytes);
  REQUIRE(read.size() == written.size());
  for (std::size_t i = 0; i < read.size(); ++i) REQUIRE(same(read[i], written[i]));
}

TEST_CASE("a SnailTrail log that is cut off is read up to there, and says so", "[analyzer]") {
  const auto written = Pyramid{.workers = 3}.records();
  const std::string bytes = snailtrail_bytes(written);
  const std::size_t first_bytes = snailtrail_bytes({written[0]}).size();
  for (std::size_t length = first_bytes; length < bytes.size(); ++length) {
    std::map<std::string, std::int64_t> left_out;
    const auto read = all_records(bytes.substr(0, length), &left_out);
    for (std::size_t i = 0; i < read.size(); ++i) REQUIRE(same(read[i], written[i]));
    const std::string whole =
        snailtrail_bytes({written.begin(), written.begin() + static_cast<std::ptrdiff_t>(read.size())});
    REQUIRE(left_out.count("the last record is cut off") == (whole.size() == length ? 0 : 1));
  }
}

TEST_CASE("what is no SnailTrail log is an error that says where", "[analyzer]") {
  CHECK_THROWS_WITH(all_records(""), Catch::Contains("log: is empty"));
  CHECK_THROWS_WITH(all_records("{\"weir\": 1, \"name\": \"a scenario\"}"), Catch::Contains("not a trace"));
  CHECK_THROWS_WITH(all_records("\xa5hello"), Catch::Contains("at byte 0"));
  CHECK_THROWS_WITH(all_records("\xdb\xff\xff\xff\xffhello, here is a string of four gigabytes"),
                    Catch::Contains("at byte 0"));
  const std::string good = snailtrail_bytes(Pyramid{.workers = 2}.records());
  CHECK_THROWS_WITH(all_records(good + "\xc0"), Catch::Contains(fmt::format("at byte {}", good.size())));
}

TEST_CASE("records that make no sense are left out and counted", "[analyzer]") {
  auto records = Pyramid{.workers = 2}.records();
  const std::size_t good = records.size();
  LogRecord record = records[0];
  record.activity = static_cast<Activity>(77);
  records.push_back(record);
  record = records[0];
  record.event = LogEvent::bogus;
  records.push_back(record);
  record = records[0];
  record.worker = -3;
  records.push_back(record);
  record = records[0];
  record.activity = Activity::data_message;
  record.event = LogEvent::start;
  records.push_back(record);
  std::map<std::string, std::int64_t> left_out;
  CHECK(all_records(snailtrail_bytes(records), &left_out).size() == good);
  CHECK(left_out.size() == 4);
  CHECK(left_out.at("unknown activity 77") == 1);
  CHECK(left_out.at("unknown event 5") == 1);
}

TEST_CASE("an analysis does not depend on how many threads it has", "[analyzer]") {
  const std::string bytes = snailtrail_bytes(
      Pyramid{.workers = 6, .phases = 300, .phase_ns = 70'000'000, .infix = Activity::buffer}.records());
  AnalysisOptions options;
  options.construction.gap_threshold_ns = 1000;
  options.threads = 1;
  std::istringstream stream(bytes);
  const auto source = read_snailtrail_log(stream, "log");
  const std::string one = report_json(analyze_log(*source, options), *source, options).dump();
  for (const unsigned threads : {2u, 3u, 8u}) {
    options.threads = threads;
    CHECK(report_json(analysis_of(bytes, options), *source, options).dump() == one);
  }
  CHECK(analysis_of(bytes, options).windows.size() == 21);
}

TEST_CASE("records may come late by the windows in flight, and no later", "[analyzer]") {
  auto records = Pyramid{.workers = 3, .phases = 100, .phase_ns = 100'000'000}.records();
  const std::string sorted = snailtrail_bytes(records);
  const LogRecord early = records[5];  // of the first window
  records.erase(records.begin() + 5);
  records.push_back(early);
  AnalysisOptions options;
  options.windows_in_flight = 100;
  const Analysis kept = analysis_of(snailtrail_bytes(records), options);
  CHECK(kept.late_records == 0);
  CHECK(kept.windows[0].edges == analysis_of(sorted, options).windows[0].edges);
  options.windows_in_flight = 2;
  CHECK(analysis_of(snailtrail_bytes(records), options).late_records == 1);
}

TEST_CASE("garbage never stops the analyzer but by an error", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  const std::string good = snailtrail_bytes(Pyramid{.workers = 4, .phases = 3}.records());
  int errors = 0, reports = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = good;
    const int changes = 1 + dice.below(6);
    for (int i = 0; i < changes; ++i) {
      const auto at = static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())));
      switch (dice.below(3)) {
        case 0:
          bytes[at] = static_cast<char>(dice.below(256));
          break;
        case 1:
          bytes.erase(at, static_cast<std::size_t>(dice.below(12)));
          break;
        default:
          bytes.insert(at, bytes.substr(static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size()))),
                                        static_cast<std::size_t>(dice.below(40))));
      }
      if (bytes.empty()) break;
    }
    AnalysisOptions options;
    options.threads = 1;
    try {
      const Analysis analysis = analysis_of(bytes, options);
      ++reports;
      for (const WindowResult& window : analysis.windows) {
        if (!window.paths.zero()) REQUIRE(window.cp_sum == Approx(1).epsilon(1e-9));
      }
    } catch (const TraceError&) {
      ++errors;
    }
  }
  CHECK(errors > 100);
  CHECK(reports > 100);
}
