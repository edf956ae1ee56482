#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "sim/analyzer/analysis.hpp"
#include "sim/analyzer/open_trace.hpp"
#include "sim/record/hdf5.hpp"
#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"
#include "tests/support/spark_log.hpp"
#include "tests/support/st2_log.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// A run record by record, whose trace equals the accounts to the nanosecond.
void run_traced(const TemporaryFolder& folder, const char* until_s = "20") {
  const Outcome run =
      run_weir({"run", "quickstart", "--until", until_s, "--set", "fidelity.batch_records=1", "--set",
                R"(jobs[0].workload.arrivals={"type": "constant", "rate_per_s": 200})", "--set",
                "jobs[0].workload.words_per_sentence=3", "--set", "jobs[0].engine.metrics_interval_s=1",
                "--trace", "pag", "-o", "run", "--quiet"},
               {folder.path()});
  INFO(run.err);
  REQUIRE(run.code == 0);
}

// The edges straight from the tables of run.h5, as another program would read them.
struct Row {
  std::int64_t worker, peer, begin_ns, end_ns;
  int activity, operator_id;
};

template <class T>
std::vector<T> column(hid_t file, const std::string& name, hid_t type) {
  const hdf5::Id data(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
  REQUIRE(data.get() >= 0);
  const hdf5::Id space(H5Dget_space(data.get()), H5Sclose);
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  REQUIRE(H5Dread(data.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  return values;
}

std::vector<Row> rows_of(const std::filesystem::path& path) {
  const hdf5::Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const auto int64 = [&](const char* name) {
    return column<std::int64_t>(file.get(), name, H5T_NATIVE_INT64);
  };
  const auto gap = int64("pag_edges/gap_ns"), duration = int64("pag_edges/duration_ns");
  const auto peer = int64("pag_edges/peer"), op = int64("pag_edges/operator_id");
  const auto activity = int64("pag_edges/activity"), worker = int64("pag_blocks/worker_id");
  const auto count = int64("pag_blocks/rows"), first = int64("pag_blocks/first_row");
  const auto position = int64("pag_blocks/position_ns");
  std::vector<Row> rows;
  for (std::size_t b = 0; b < worker.size(); ++b) {
    std::int64_t at_ns = position[b];
    for (auto r = static_cast<std::size_t>(first[b]); r < static_cast<std::size_t>(first[b] + count[b]);
         ++r) {
      const bool message = peer[r] >= 0;
      const std::int64_t begin_ns = at_ns + gap[r] - (message ? duration[r] : 0);
      rows.push_back({worker[b], peer[r], begin_ns, begin_ns + duration[r], static_cast<int>(activity[r]),
                      static_cast<int>(op[r])});
      if (!message) at_ns += gap[r] + duration[r];
    }
  }
  return rows;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Nanos nanos_of(double microseconds) {
  return std::llround(microseconds * 1000);
}

}  // namespace

TEST_CASE("Exported Chrome JSON nests on every track, and its durations are the run's accounts",
          "[cli][export]") {
  const TemporaryFolder folder;
  run_traced(folder);
  const Outcome outcome =
      run_weir({"export", "run", "--format", "chrome", "-o", "trace.json"}, {folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out, !Catch::Contains("Left out"));
  const json trace = json::parse(read_file(folder.path() / "trace.json"));

  using Track = std::pair<int, int>;
  std::map<Track, std::string> names;
  std::map<Track, std::vector<std::pair<Nanos, Nanos>>> spans;
  std::map<std::pair<std::string, std::string>, Nanos> durations;  // by name of the worker, activity
  std::map<int, std::pair<Nanos, Nanos>> arrows;
  std::int64_t arrow_ends = 0;
  for (const json& event : trace["traceEvents"]) {
    const std::string phase = event["ph"];
    if (phase == "M" && event["name"] == "thread_name")
      names[{event["pid"], event["tid"]}] = event["args"]["name"];
    if (phase == "M") continue;
    const Track track{event["pid"], event["tid"]};
    REQUIRE(names.contains(track));
    const Nanos at_ns = nanos_of(event["ts"]);
    if (phase == "X") {
      const Nanos length_ns = nanos_of(event["dur"]);
      spans[track].push_back({at_ns, at_ns + length_ns});
      durations[{names[track], event["cat"]}] += length_ns;
    } else {
      (phase == "s" ? arrows[event["id"]].first : arrows[event["id"]].second) = at_ns;
      ++arrow_ends;
    }
  }
  std::size_t activities = 0;
  for (auto& [track, its] : spans) {
    std::sort(its.begin(), its.end());
    for (std::size_t i = 1; i < its.size(); ++i) REQUIRE(its[i - 1].second <= its[i].first);
    activities += its.size();
  }
  for (const auto& [id, arrow] : arrows) REQUIRE(arrow.first <= arrow.second);

  const std::vector<Row> rows = rows_of(folder.path() / "run/run.h5");
  CHECK(activities == static_cast<std::size_t>(
                          std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.peer < 0; })));
  CHECK(arrows.size() + activities == rows.size());
  CHECK(arrow_ends == 2 * static_cast<std::int64_t>(arrows.size()));

  // Useful time of all metric windows, by operator.
  const hdf5::Id file(H5Fopen((folder.path() / "run/run.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const auto operators = column<std::int32_t>(file.get(), "operator_windows/operator_id", H5T_NATIVE_INT32);
  const auto useful_s = column<double>(file.get(), "operator_windows/useful_s", H5T_NATIVE_DOUBLE);
  std::map<int, double> accounted_s;
  for (std::size_t i = 0; i < operators.size(); ++i) accounted_s[operators[i]] += useful_s[i];
  const std::vector<std::string> names_of_operators = {"source", "split", "count"};
  REQUIRE(accounted_s.size() == names_of_operators.size());
  for (const auto& [id, expected_s] : accounted_s) {
    double traced_s = 0;
    for (const auto& [key, length_ns] : durations) {
      if (key.first.starts_with(names_of_operators[static_cast<std::size_t>(id)] + "[") &&
          key.second == "processing")
        traced_s += to_seconds(length_ns);
    }
    INFO(names_of_operators[static_cast<std::size_t>(id)]);
    CHECK(expected_s > 0.01);
    CHECK(traced_s == Approx(expected_s).epsilon(1e-9));
  }
}

TEST_CASE("Exported CSV has every edge of the run, to the nanosecond", "[cli][export]") {
  const TemporaryFolder folder;
  run_traced(folder);
  REQUIRE(run_weir({"export", "run", "-f", "csv", "-o", "trace.csv"}, {folder.path()}).code == 0);
  const std::vector<std::string> lines = lines_of(read_file(folder.path() / "trace.csv"));
  CHECK(lines[0] ==
        "kind,activity,operator,from_worker,from_host,to_worker,to_host,begin_ns,end_ns,duration_ns,records,"
        "size_bytes\r");
  const std::vector<Row> rows = rows_of(folder.path() / "run/run.h5");
  REQUIRE(lines.size() == rows.size() + 1);
  std::multiset<std::tuple<bool, Nanos, Nanos, Nanos>> expected, found;
  for (const Row& row : rows)
    expected.insert({row.peer >= 0, row.begin_ns, row.end_ns, row.end_ns - row.begin_ns});
  Nanos latest_ns = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> fields;
    std::istringstream line(lines[i]);
    for (std::string field; std::getline(line, field, ',');) fields.push_back(field);
    REQUIRE(fields.size() == 12);
    CHECK(fields[10].empty());  // they were not traced
    CHECK(fields[11] == "\r");
    const Nanos begin_ns = std::stoll(fields[7]);
    found.insert({fields[0] == "message", begin_ns, std::stoll(fields[8]), std::stoll(fields[9])});
    REQUIRE(begin_ns >= latest_ns);
    latest_ns = begin_ns;
  }
  CHECK(found == expected);
}

TEST_CASE("Exported records and bytes are those of the traced run", "[cli][export]") {
  const TemporaryFolder folder;
  REQUIRE(run_weir({"run", "quickstart", "--until", "5", "--trace", "pag", "--trace-loads", "-o", "run",
                    "--quiet"},
                   {folder.path()})
              .code == 0);
  REQUIRE(run_weir({"export", "run", "-f", "csv", "-o", "trace.csv"}, {folder.path()}).code == 0);
  REQUIRE(run_weir({"export", "run", "-f", "chrome", "-o", "trace.json"}, {folder.path()}).code == 0);
  const hdf5::Id file(H5Fopen((folder.path() / "run/run.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  const auto sum = [&](const char* name, bool messages) {
    const auto load = column<std::int64_t>(file.get(), name, H5T_NATIVE_INT64);
    const auto peer = column<std::int64_t>(file.get(), "pag_edges/peer", H5T_NATIVE_INT64);
    std::int64_t all = 0;
    for (std::size_t i = 0; i < load.size(); ++i) all += (peer[i] >= 0) == messages ? load[i] : 0;
    return all;
  };
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> found;  // records and bytes, by kind
  const std::vector<std::string> lines = lines_of(read_file(folder.path() / "trace.csv"));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> fields;
    std::istringstream line(lines[i]);
    for (std::string field; std::getline(line, field, ',');) fields.push_back(field);
    REQUIRE(fields.size() == 12);
    found[fields[0]].first += std::stoll(fields[10]);
    if (fields[0] == "message") found[fields[0]].second += std::stoll(fields[11]);
  }
  CHECK(found["message"].first == sum("pag_loads/records", true));
  CHECK(found["message"].second == sum("pag_loads/size_bytes", true));
  CHECK(found["activity"].first == sum("pag_loads/records", false));
  CHECK(found["message"].second > 0);
  std::int64_t records = 0, bytes = 0;
  const json chrome = json::parse(read_file(folder.path() / "trace.json"));
  for (const json& event : chrome["traceEvents"]) {
    if (event["ph"] == "s") bytes += event["args"]["bytes"].get<std::int64_t>();
    if (event["ph"] == "X") records += event["args"]["records"].get<std::int64_t>();
  }
  CHECK(bytes == found["message"].second);
  CHECK(records == found["activity"].first);
}

TEST_CASE("An ST2 log is exported epoch by epoch", "[cli][export]") {
  const TemporaryFolder folder;
  folder.write("log.st2", st2_bytes(small_st2_log()));
  const Outcome analyzed = run_weir({"analyze", "log.st2", "--json"}, {folder.path()});
  REQUIRE(analyzed.code == 0);
  std::int64_t messages = 0, edges = 0;
  const json report = json::parse(analyzed.out);
  for (const json& window : report["windows"]) {
    messages += window["messages"].get<std::int64_t>();
    edges += window["edges"].get<std::int64_t>();
  }
  for (const char* format : {"csv", "chrome", "ctf", "dot"}) {
    const Outcome outcome = run_weir({"export", "log.st2", "-f", format, "-o", format}, {folder.path()});
    INFO(format << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
  }
  const std::vector<std::string> lines = lines_of(read_file(folder.path() / "csv"));
  std::int64_t exported = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) exported += lines[i].starts_with("message") ? 1 : 0;
  CHECK(exported == messages);
  CHECK(messages > 0);
  // A message divides an activity in the graph, not here.
  CHECK(static_cast<std::int64_t>(lines.size()) - 1 <= edges);
  // What was exported is read again.
  CHECK(run_weir({"analyze", "ctf"}, {folder.path()}).code == 0);
  const Outcome path = run_weir({"analyze", "log.st2", "--critical-path"}, {folder.path()});
  CHECK(path.code == 2);
  CHECK_THAT(path.err, Catch::Contains("an ST2 log, whose epochs overlap"));
}

TEST_CASE("What weir analyze reads from standard input, weir export reads, too", "[cli][export]") {
  const TemporaryFolder folder;
  folder.write("calls", snailtrail_bytes(Pyramid{.workers = 2, .phases = 3}.records()));
  folder.write("epochs", st2_bytes(small_st2_log()));
  folder.write("spark", small_spark_log());
  for (const std::string name : {"calls", "epochs", "spark"}) {
    REQUIRE(run_weir({"export", name, "-f", "csv", "-o", "file.csv"}, {folder.path()}).code == 0);
    const Outcome outcome =
        run_weir({"export", "-", "-f", "csv", "-o", "pipe.csv"}, {.folder = folder.path(), .input = name});
    INFO(name << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(read_file(folder.path() / "pipe.csv") == read_file(folder.path() / "file.csv"));
  }
}

TEST_CASE("A part of a trace is cut to that part", "[cli][export]") {
  const TemporaryFolder folder;
  run_traced(folder);
  REQUIRE(run_weir({"export", "run", "-f", "csv", "--from", "5.5", "--to", "7.25", "-o", "part.csv"},
                   {folder.path()})
              .code == 0);
  std::size_t expected = 0;
  constexpr Nanos from_ns = 5'500'000'000, to_ns = 7'250'000'000;
  for (const Row& row : rows_of(folder.path() / "run/run.h5"))
    expected += std::min(row.end_ns, to_ns) > std::max(row.begin_ns, from_ns) ? 1 : 0;
  const std::vector<std::string> lines = lines_of(read_file(folder.path() / "part.csv"));
  CHECK(lines.size() == expected + 1);
  CHECK_THAT(lines.at(1), Catch::Contains(",5500000000,"));
}

TEST_CASE("Exported CTF is read by babeltrace2, event by event", "[cli][export]") {
  const TemporaryFolder folder;
  if (run_program({"bash", "-c", "command -v babeltrace2"}, {folder.path()}).code != 0) {
    WARN("skipped: babeltrace2 is not installed");
    return;
  }
  run_traced(folder);
  const Outcome outcome = run_weir({"export", "run", "-f", "ctf", "-o", "ctf"}, {folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::vector<Row> rows = rows_of(folder.path() / "run/run.h5");
  CHECK_THAT(outcome.out, Catch::StartsWith("ctf: " + std::to_string(2 * rows.size()) + " events"));
  const Outcome read = run_program({"babeltrace2", "--clock-cycles", "--names=all", "ctf"}, {folder.path()});
  INFO(read.err);
  REQUIRE(read.code == 0);
  CHECK(read.err.empty());
  const std::vector<std::string> lines = lines_of(read.out);
  REQUIRE(lines.size() == 2 * rows.size());
  // Each kind as often as it should be, and some rows found as they are.
  std::map<std::string, std::size_t> kinds;
  std::multiset<std::string> starts;
  for (const std::string& line : lines) {
    const std::size_t at = line.find("weir:");
    REQUIRE(at != std::string::npos);
    const std::string kind = line.substr(at + 5, line.find_first_of(":,", at + 5) - at - 5);
    ++kinds[kind];
    const auto number_after = [&](const std::string& key, const std::string& what) {
      const std::size_t from = line.find(what, line.find(key));
      return line.substr(from + what.size(),
                         line.find_first_not_of("-0123456789", from + what.size()) - from - what.size());
    };
    if (kind == "activity_start") {
      const std::size_t stamp = line.find_first_of("0123456789");
      starts.insert(std::to_string(std::stoll(line.substr(stamp, 20))) + " " +
                    number_after(" worker", "container = ") + " " +
                    number_after(" activity", "container = "));
    }
  }
  const auto activities = static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.peer < 0; }));
  CHECK(kinds["activity_start"] == activities);
  CHECK(kinds["activity_end"] == activities);
  CHECK(kinds["message_sent"] == rows.size() - activities);
  CHECK(kinds["message_received"] == rows.size() - activities);
  std::multiset<std::string> expected;
  for (const Row& row : rows) {
    if (row.peer < 0)
      expected.insert(std::to_string(row.begin_ns) + " " + std::to_string(row.worker) + " " +
                      std::to_string(row.activity));
  }
  INFO(lines[0]);
  CHECK(starts == expected);
}

TEST_CASE("What is read back from exported CTF is the trace that was exported", "[cli][export]") {
  const TemporaryFolder folder;
  run_traced(folder, "60");
  folder.write(
      "calls.msgpack",
      snailtrail_bytes(
          Pyramid{.workers = 4, .phases = 30, .phase_ns = 100'000'000, .infix = Activity::buffer}.records()));
  for (const auto& [original, window] :
       std::map<std::string, std::string>{{"run", "1"}, {"calls.msgpack", "0.3"}}) {
    INFO(original);
    const std::string copy = "copy-of-" + original;
    const Outcome exported = run_weir({"export", original, "-f", "ctf", "-o", copy}, {folder.path()});
    INFO(exported.err);
    REQUIRE(exported.code == 0);
    const Outcome a = run_weir({"analyze", original, "--json", "--window", window}, {folder.path()});
    const Outcome b = run_weir({"analyze", copy, "--json", "--window", window}, {folder.path()});
    INFO(b.err);
    REQUIRE(a.code == 0);
    REQUIRE(b.code == 0);
    const json one = json::parse(a.out), other = json::parse(b.out);
    CHECK(one["windows"].size() > 3);
    for (const auto& [key, value] : one.items()) {
      if (key == "convergence") continue;  // of a run, not of its trace
      INFO(key);
      CHECK(other[key] == value);
    }
  }
}

TEST_CASE("Exported DOT has the graph of one window with its participation", "[cli][export]") {
  const TemporaryFolder folder;
  run_traced(folder);
  const Outcome outcome = run_weir(
      {"export", "run", "-f", "dot", "--window", "0.1", "--from", "1", "-o", "window.dot"}, {folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string dot = read_file(folder.path() / "window.dot");
  // Shares in percent, as they stand at the edges, add up to all.
  double sum = 0;
  std::size_t edges = 0;
  for (const std::string& line : lines_of(dot)) {
    if (line.find(" -> ") == std::string::npos) continue;
    ++edges;
    const std::size_t percent = line.find(" %");
    if (percent != std::string::npos) sum += std::stod(line.substr(line.rfind(' ', percent - 1)));
  }
  CHECK(sum == Approx(100).epsilon(0.01));
  CHECK_THAT(outcome.out, Catch::Contains(std::to_string(edges) + " edges"));
  const Outcome large =
      run_weir({"export", "run", "-f", "dot", "--window", "100", "-o", "large.dot"}, {folder.path()});
  CHECK(large.code == 2);
  CHECK_THAT(large.err, Catch::Contains("too many for a picture"));
  if (run_program({"bash", "-c", "command -v dot"}, {folder.path()}).code != 0) {
    WARN("not drawn: graphviz is not installed");
  } else {
    const Outcome drawn = run_program({"dot", "-Tsvg", "window.dot", "-o", "window.svg"}, {folder.path()});
    INFO(drawn.err);
    CHECK(drawn.code == 0);
    CHECK_THAT(read_file(folder.path() / "window.svg"),
               Catch::Contains("<svg") && Catch::Contains("source[0]"));
  }
}

TEST_CASE("weir export replaces files, follows links, and writes into pipes", "[cli][export]") {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  folder.write("calls", snailtrail_bytes(Pyramid{.workers = 2, .phases = 3}.records()));
  const auto exported = [&](const std::string& to) {
    const Outcome outcome = run_weir({"export", "calls", "-f", "csv", "-o", to}, {folder.path()});
    INFO(outcome.err);
    return outcome.code == 0;
  };
  REQUIRE(exported("file"));
  const std::string expected = read_file(folder.path() / "file");
  folder.write("target", "old");
  fs::create_symlink("target", folder.path() / "link");
  fs::create_symlink("nowhere", folder.path() / "dangling");
  for (const char* link : {"link", "dangling"}) {
    REQUIRE(exported(link));
    CHECK(fs::is_symlink(folder.path() / link));
    CHECK(read_file(folder.path() / link) == expected);
  }
  CHECK(read_file(folder.path() / "target") == expected);
  fs::create_symlink("circle", folder.path() / "circle");
  CHECK_FALSE(exported("circle"));
  // A reader gets everything, and the pipe stays one.
  const Outcome piped = run_program(
      {"bash", "-c",
       fmt::format("mkfifo pipe && (cat pipe > got &) && {} export calls -f csv -o pipe && sleep 0.5",
                   WEIR_PROGRAM)},
      {folder.path()});
  CHECK(piped.code == 0);
  CHECK(fs::is_fifo(folder.path() / "pipe"));
  CHECK(read_file(folder.path() / "got") == expected);
}

TEST_CASE("An export that is interrupted leaves nothing", "[cli][export]") {
  const TemporaryFolder folder;
  REQUIRE(run_weir({"run", "word-count", "--until", "200", "--trace", "pag", "-o", "run", "--quiet"},
                   {folder.path()})
              .code == 0);
  const std::vector<std::string> before = folder.files();
  const Outcome outcome = run_weir({"export", "run", "-f", "chrome", "-o", "trace.json"},
                                   {.folder = folder.path(), .interrupt_after_ms = 300});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Catch::Contains("interrupted: trace.json is not written"));
  CHECK(folder.files() == before);
}

TEST_CASE("weir export says what is wrong and leaves nothing half-written", "[cli][export]") {
  const TemporaryFolder folder;
  folder.write("calls.msgpack", snailtrail_bytes(Pyramid{.workers = 2, .phases = 3}.records()));
  folder.write("map.json", R"({"worker": "vtid", "events": {}})");
  folder.write("text", "This is a text, and not a trace of anything at all.\n");
  folder.write("full/file", "");
  const std::vector<std::string> before = folder.files();
  struct Case {
    std::vector<std::string> words;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"export", "calls.msgpack", "-o", "x"}, "--format is missing"},
           {{"export", "calls.msgpack", "-f", "csv"}, "-o is missing"},
           {{"export", "calls.msgpack", "-f", "csv", "-o", ""}, "-o is missing"},
           {{"export", "calls.msgpack", "-f", "csv", "-o", "x", "--map", "map.json"},
            "--map is for CTF traces"},
           {{"export", "calls.msgpack", "-f", "crome", "-o", "x"}, "did you mean \"chrome\""},
           {{"export", "calls.msgpack", "-f", "csv", "-o", "calls.msgpack"}, "is the trace itself"},
           {{"export", "calls.msgpack", "-f", "csv", "-o", "full"}, "is a directory"},
           {{"export", "calls.msgpack", "-f", "csv", "-o", "no/where"}, "no is no directory"},
           {{"export", "calls.msgpack", "-f", "ctf", "-o", "full"}, "is there already"},
           {{"export", "calls.msgpack", "-f", "csv", "--from", "3", "--to", "2", "-o", "x"},
            "is not after --from"},
           {{"export", "calls.msgpack", "-f", "csv", "--to", "3", "-o", "x"}, "nothing of the trace"},
           {{"export", "calls.msgpack", "-f", "ctf", "--to", "3", "-o", "x"}, "nothing of the trace"},
           {{"export", "calls.msgpack", "-f", "dot", "--to", "3", "-o", "x"}, "no window"},
           {{"export", "text", "-f", "ctf", "-o", "x"}, "text: not a trace"},
           {{"export", "full", "-f", "csv", "-o", "x"}, "cannot be opened"}}) {
    const Outcome outcome = run_weir(wrong.words, {folder.path()});
    INFO(wrong.says << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
    CHECK(folder.files() == before);
  }
}
