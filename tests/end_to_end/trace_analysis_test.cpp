#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "models/arrivals/ctf_trace.hpp"
#include "sim/ctf/ctf_reader.hpp"
#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

// A recorded CTF trace as the load of a job that follows it.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

std::vector<analyzer::LogRecord> recorded_calls() {
  return Pyramid{.workers = 5, .phases = 40, .phase_ns = 100'000'000}.records();
}

void export_calls(const TemporaryFolder& folder) {
  folder.write("calls.msgpack", snailtrail_bytes(recorded_calls()));
  REQUIRE(run_weir({"export", "calls.msgpack", "-f", "ctf", "-o", "calls"}, {folder.path()}).code == 0);
}

std::string arrivals(const TemporaryFolder& folder, const std::string& more) {
  return R"(jobs[0].workload.arrivals={"type": "ctf-trace", "key": "worker", "path": ")" +
         (folder.path() / "calls").string() + "\"" + more + "}";
}

}  // namespace

TEST_CASE("What arrives of a CTF trace is measured: times, sizes, keys", "[arrivals][ctf]") {
  const TemporaryFolder folder;
  export_calls(folder);
  const auto records = recorded_calls();
  const CtfEvents events = read_ctf_events((folder.path() / "calls").string(), "worker");
  REQUIRE(events.times_ns.size() == records.size());
  double bytes = 0;
  std::map<std::int64_t, double> workers;
  for (std::size_t i = 0; i < records.size(); ++i) {
    REQUIRE(events.times_ns[i] == static_cast<Nanos>(records[i].time_ns));
    // activity 1, operator 4; messages also correlator 8, remote worker 8.
    const bool message =
        records[i].event == analyzer::LogEvent::sent || records[i].event == analyzer::LogEvent::received;
    bytes += message ? 21 : 5;
    ++workers[records[i].worker];
  }
  CHECK(events.mean_bytes == Approx(bytes / static_cast<double>(records.size())).epsilon(1e-12));
  std::vector<double> expected, found = events.keys;
  for (const auto& [worker, count] : workers) expected.push_back(count);
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  CHECK(found == expected);
  CHECK(events.files.size() == 6);  // metadata, and a stream for each worker
  CHECK_THROWS_WITH(read_ctf_events((folder.path() / "calls").string(), "colour"),
                    Catch::Contains("field colour"));
  CHECK_THROWS_AS(read_ctf_events(folder.path().string() + "/nothing", "worker"), ctf::CtfError);
}

TEST_CASE("Each event of a recorded trace arrives at the job that follows it", "[cli][ctf]") {
  const TemporaryFolder folder;
  export_calls(folder);
  const auto events = static_cast<std::int64_t>(recorded_calls().size());
  struct Case {
    std::string more;
    std::int64_t records;
  };
  for (const Case& c : std::vector<Case>{{"", events},
                                         {R"(, "speed_up": 10)", events},
                                         {R"(, "scale": 3)", 3 * events},
                                         {R"(, "speed_up": 4, "speed_up_keeps": "rates")", events / 4}}) {
    const Outcome outcome = run_weir({"run", "lttng-trace-analysis", "--until", "60", "--policy", "static",
                                      "--set", arrivals(folder, c.more), "--json", "-o", "followed"},
                                     {folder.path()});
    INFO(c.more << "\n" << outcome.err);
    REQUIRE(outcome.code == 0);
    const json summary = json::parse(outcome.out);
    INFO(summary["conservation"].dump(1));
    CHECK(std::abs(summary["conservation"]["emitted"].get<std::int64_t>() - c.records) <=
          (c.records == events / 4 ? 1 : 0));
  }
  // The trace is an input, which a manifest names.
  CHECK_THAT(read_file(folder.path() / "followed/manifest.json"), Catch::Contains("calls/stream_0"));
  const Outcome wrong = run_weir(
      {"run", "lttng-trace-analysis", "--set", arrivals(folder, R"(, "start_s": 100)")}, {folder.path()});
  CHECK(wrong.code == 2);
  const Outcome missing = run_weir({"run", "lttng-trace-analysis", "--set",
                                    R"(jobs[0].workload.arrivals={"type": "ctf-trace", "path": "/nowhere"})"},
                                   {folder.path()});
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, Catch::Contains("/nowhere: holds no CTF trace"));
}

TEST_CASE("The optimum of a recorded load has work for each second of it, and no more", "[cli][ctf]") {
  const TemporaryFolder folder;
  export_calls(folder);
  const auto records = recorded_calls();
  for (const double speed_up : {0.5, 1.0, 3.0}) {
    std::vector<int> in_second(10, 0);  // of a window of 10 s
    for (const analyzer::LogRecord& record : records) {
      const double at_s = static_cast<double>(record.time_ns - records.front().time_ns) * 1e-9 / speed_up;
      if (at_s < 10) ++in_second[static_cast<std::size_t>(at_s)];
    }
    const int peak = *std::max_element(in_second.begin(), in_second.end());
    REQUIRE(peak > 10);
    // So that the peak takes three instances and a half.
    const double cost_s = 3.5 / peak;
    const Outcome outcome = run_weir(
        {"run", "lttng-trace-analysis", "--until", "10", "--policy", "static", "--set",
         arrivals(folder, R"(, "speed_up": )" + std::to_string(speed_up)), "--set",
         "jobs[0].workload.filter.cost.per_record_us=" + std::to_string(cost_s * 1e6), "--json", "-o", "run"},
        {folder.path()});
    INFO(speed_up << "\n" << outcome.err);
    REQUIRE(outcome.code == 0);
    const int optimum = json::parse(outcome.out)["operators"]["filter"]["optimal_parallelism"];
    for (const int count : in_second) CHECK(count * cost_s <= optimum);
    CHECK(peak * cost_s > optimum - 1);
  }
}
