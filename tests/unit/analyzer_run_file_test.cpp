#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "sim/analyzer/analysis.hpp"
#include "sim/record/pag_trace.hpp"
#include "tests/support/edge_trace.hpp"
#include "tests/support/program.hpp"

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::TemporaryFolder;
using weir::test::TraceEdge;

std::vector<TraceEdge> some_edges(int workers, std::int64_t count) {
  std::vector<TraceEdge> edges;
  test::synthetic_trace(workers, count, 7, [&](const TraceEdge& edge) { edges.push_back(edge); });
  return edges;
}

void write(const std::filesystem::path& folder, int workers, const std::vector<TraceEdge>& edges,
           const PagTrace::Settings& settings, bool finish = true) {
  RunFile file(folder, {}, {});
  PagTrace trace(file, settings);
  file.start();
  for (int w = 0; w < workers; ++w) {
    PagWorkerRow row;
    row.name = "worker " + std::to_string(w);
    trace.add_worker(row);
  }
  for (const TraceEdge& edge : edges) {
    if (edge.peer < 0)
      trace.activity(edge.worker, edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id, 1);
    else
      trace.message(edge.worker, edge.peer, edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id, 1,
                    100);
  }
  trace.flush();
  if (finish)
    file.finish({});
  else
    file.flush();
}

// The windows straight from the edges.
std::map<Nanos, EdgeWindow> windows_of(int workers, const std::vector<TraceEdge>& edges, Nanos window_ns) {
  Nanos last = 0;
  for (const TraceEdge& edge : edges) last = std::max(last, edge.end_ns);
  std::map<Nanos, EdgeWindow> windows;
  for (Nanos start = 0; start < last; start += window_ns) {
    EdgeWindow window;
    window.start_ns = start;
    window.end_ns = std::min(last, start + window_ns);
    for (int w = 0; w < workers; ++w) {
      window.workers.push_back({w, static_cast<std::uint32_t>(window.spans.size())});
      for (const TraceEdge& edge : edges) {
        if (edge.peer < 0 && edge.worker == w && edge.begin_ns < window.end_ns && edge.end_ns > start)
          window.spans.push_back({edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id});
      }
    }
    for (const TraceEdge& edge : edges) {
      if (edge.peer >= 0 && edge.begin_ns < window.end_ns && edge.end_ns > start)
        window.messages.push_back({static_cast<std::uint32_t>(edge.peer),
                                   static_cast<std::uint32_t>(edge.worker), edge.begin_ns, edge.end_ns,
                                   edge.activity, edge.operator_id});
    }
    windows[start] = window;
  }
  return windows;
}

std::vector<std::tuple<std::uint32_t, std::uint32_t, Nanos, Nanos>> sorted_messages(
    const EdgeWindow& window) {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, Nanos, Nanos>> messages;
  for (const auto& m : window.messages) messages.emplace_back(m.from, m.to, m.sent_ns, m.received_ns);
  std::sort(messages.begin(), messages.end());
  return messages;
}

}  // namespace

TEST_CASE("a traced run is read window by window as it was written", "[analyzer][record]") {
  const int workers = 6;
  const auto edges = some_edges(workers, 20'000);
  const Nanos window_ns = 2'000'000;
  const auto expected = windows_of(workers, edges, window_ns);
  REQUIRE(expected.size() > 20);
  const TemporaryFolder folder;
  PagTrace::Settings settings;
  settings.loads = GENERATE(false, true);
  settings.buffer_bytes = GENERATE(1, 1 << 16, 32 << 20);
  write(folder.path(), workers, edges, settings);
  const auto source = read_run_file(folder.path() / "run.h5");
  CHECK(source->worker_name(3) == "worker 3");
  EdgeWindow window;
  std::size_t windows = 0;
  while (source->next(window_ns, window)) {
    INFO("window at " << window.start_ns);
    const EdgeWindow& other = expected.at(window.start_ns);
    REQUIRE(window.end_ns == other.end_ns);
    REQUIRE(window.workers.size() == other.workers.size());
    REQUIRE(window.spans.size() == other.spans.size());
    for (std::size_t i = 0; i < window.spans.size(); ++i) {
      REQUIRE(window.spans[i].begin_ns == other.spans[i].begin_ns);
      REQUIRE(window.spans[i].end_ns == other.spans[i].end_ns);
      REQUIRE(window.spans[i].activity == other.spans[i].activity);
      REQUIRE(window.spans[i].operator_id == other.spans[i].operator_id);
    }
    REQUIRE(sorted_messages(window) == sorted_messages(other));
    ++windows;
  }
  CHECK(windows == expected.size());
  CHECK(source->left_out().empty());
}

namespace {

std::vector<std::pair<Nanos, std::int64_t>> windows_in(EdgeSource& source, Nanos window_ns) {
  std::vector<std::pair<Nanos, std::int64_t>> windows;
  EdgeWindow window;
  while (source.next(window_ns, window))
    windows.emplace_back(window.start_ns,
                         static_cast<std::int64_t>(window.spans.size() + window.messages.size()));
  return windows;
}

// Edges by time, committed whenever there are enough of them; the last ones are not.
Nanos write_committed(const std::filesystem::path& folder, int workers, std::vector<TraceEdge> edges) {
  std::stable_sort(edges.begin(), edges.end(),
                   [](const TraceEdge& a, const TraceEdge& b) { return a.end_ns < b.end_ns; });
  RunFile file(folder, {}, {});
  PagTrace trace(file, {});
  file.start();
  for (int w = 0; w < workers; ++w) trace.add_worker({});
  Nanos committed_ns = 0;
  std::size_t next = 0;
  std::vector<Nanos> begins(edges.size() + 1, never);  // the earliest begin from there on
  for (std::size_t i = edges.size(); i-- > 0;) begins[i] = std::min(begins[i + 1], edges[i].begin_ns);
  for (const TraceEdge& edge : edges) {
    if (edge.peer < 0)
      trace.activity(edge.worker, edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id, 1);
    else
      trace.message(edge.worker, edge.peer, edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id, 1,
                    100);
    if (++next % 70'000 != 0) continue;
    committed_ns = begins[next];
    trace.commit(committed_ns);
  }
  file.flush();
  return committed_ns;
}

}  // namespace

TEST_CASE("a run that was killed is analyzed up to its last commit, and no further", "[analyzer][record]") {
  const int workers = 5;
  const Nanos window_ns = 2'000'000;
  const auto edges = some_edges(workers, 300'000);
  const TemporaryFolder whole, killed;
  write(whole.path(), workers, edges, {});
  const Nanos last_commit_ns = write_committed(killed.path(), workers, edges);
  const auto expected = windows_in(*read_run_file(whole.path() / "run.h5"), window_ns);
  const auto followed = follow_run_file(killed.path() / "run.h5", [] { return false; });
  const auto got = windows_in(*followed, window_ns);
  CHECK(followed->incomplete() == "the run did not come to its end");
  CHECK(followed->left_out().empty());
  // The last chunk of rows may be missing, and its commit with it.
  REQUIRE(got.size() > 3);
  CHECK(got.back().first < last_commit_ns);
  for (std::size_t i = 0; i + 1 < got.size(); ++i) REQUIRE(got[i] == expected[i]);
  const auto read = windows_in(*read_run_file(killed.path() / "run.h5"), window_ns);
  REQUIRE(read.size() == got.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("window at " << got[i].first);
    REQUIRE(read[i].first == got[i].first);
    REQUIRE(read[i].second == got[i].second);
  }
}

TEST_CASE("a sampled trace holds whole windows, and says which are missing", "[analyzer][record]") {
  const int workers = 5;
  const Nanos window_ns = 500'000;
  const auto edges = some_edges(workers, 30'000);
  const TemporaryFolder whole, sampled;
  write(whole.path(), workers, edges, {});
  PagTrace::Settings settings;
  settings.sample_every = 4;
  settings.sample_window_ns = 2 * window_ns;
  write(sampled.path(), workers, edges, settings);
  const auto expected = windows_in(*read_run_file(whole.path() / "run.h5"), window_ns);
  const auto source = read_run_file(sampled.path() / "run.h5");
  const auto got = windows_in(*source, window_ns);
  std::vector<std::pair<Nanos, std::int64_t>> of_sample;
  for (const auto& window : expected) {
    if (window.first / (2 * window_ns) % 4 == 0) of_sample.push_back(window);
  }
  REQUIRE(of_sample.size() > 10);
  CHECK(got == of_sample);
  CHECK(source->left_out().begin()->first.find("sampled") != std::string::npos);
  // No window of three times the sample's lies within it.
  CHECK(windows_in(*read_run_file(sampled.path() / "run.h5"), 3 * window_ns).empty());
}

TEST_CASE("a run file that was cut off or damaged is an error or says what was left out",
          "[analyzer][record]") {
  const TemporaryFolder folder;
  write(folder.path(), 4, some_edges(4, 30'000), {});
  const std::string bytes = test::read_file(folder.path() / "run.h5");
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  int errors = 0, reports = 0;
  const auto attempt = [&](const std::string& content) {
    const auto path = folder.write("damaged.h5", content);
    try {
      AnalysisOptions options;
      options.threads = 1;
      options.construction.window_ns = 5'000'000;
      const auto source = read_run_file(path);
      const Analysis analysis = analyze_edges(*source, options);
      for (const WindowResult& window : analysis.windows) {
        if (!window.paths.zero()) REQUIRE(window.cp_sum == Approx(1).epsilon(1e-9));
      }
      ++reports;
    } catch (const TraceError&) {
      ++errors;
    }
  };
  for (int i = 0; i < 40; ++i)
    attempt(bytes.substr(0, static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())))));
  CHECK(errors == 40);
  for (int i = 0; i < 150; ++i) {
    std::string damaged = bytes;
    for (int change = 0; change < 1 + dice.below(20); ++change)
      damaged[static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())))] =
          static_cast<char>(dice.below(256));
    attempt(damaged);
  }
  CHECK(reports > 0);
}

TEST_CASE("a run without a trace, and what is no run, are told apart", "[analyzer][record]") {
  const TemporaryFolder folder;
  RunFile(folder.path(), {}, {}).start();
  CHECK_THROWS_WITH(read_run_file(folder.path() / "run.h5"), Catch::Contains("--trace pag"));
  folder.write("text.h5", "no HDF5 at all");
  CHECK_THROWS_WITH(read_run_file(folder.path() / "text.h5"), Catch::Contains("no HDF5 file"));
}
