#include "tests/bench/analyzer.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/analyzer/analysis.hpp"
#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/participation.hpp"
#include "sim/analyzer/summaries.hpp"
#include "sim/record/pag_trace.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/dice.hpp"

namespace weir::bench {

namespace {

using analyzer::EdgeWindow;
using test::Dice;

struct Received {
  std::uint32_t from;
  std::uint32_t to;
  Nanos sent_ns;
  Nanos received_ns;
};

// Tells edges about in the order of time, each worker's activities without a gap.
class Maker {
 public:
  explicit Maker(int workers) : at_(static_cast<std::size_t>(workers), 0), sent_(at_) {}

  Nanos behind() const { return at_[earliest()]; }  // everybody has come so far

  template <class OnSpan, class OnMessage>
  void step(OnSpan&& on_span, OnMessage&& on_message) {
    const std::size_t worker = earliest();
    Nanos& now = at_[worker];
    const auto act = [&](Activity activity, Nanos until) {
      on_span(static_cast<std::uint32_t>(worker), now, until, activity);
      now = until;
    };
    if (dice_.below(3) == 0) {
      const auto workers = static_cast<int>(at_.size());
      const auto peer = (worker + 1 + static_cast<std::size_t>(dice_.below(workers - 1))) % at_.size();
      // When the peer ended what it did last: nobody sends while it waits.
      const Nanos sent = sent_[peer];
      const Nanos received = std::max(now, sent) + time() / 8;
      act(Activity::waiting, received);
      on_message(
          Received{static_cast<std::uint32_t>(peer), static_cast<std::uint32_t>(worker), sent, received});
    }
    act(dice_.below(5) == 0 ? Activity::serialization : Activity::processing, now + time());
    sent_[worker] = now;
  }

 private:
  std::size_t earliest() const {
    return static_cast<std::size_t>(std::min_element(at_.begin(), at_.end()) - at_.begin());
  }
  // Log-normal: median 60 us, sigma 1, so about 100 us in the mean (Box and Muller).
  Nanos time() {
    const double normal =
        std::sqrt(-2 * std::log(dice_.between(1e-12, 1))) * std::cos(dice_.between(0, 2 * M_PI));
    return 1000 + static_cast<Nanos>(60e3 * std::exp(normal));
  }

  std::vector<Nanos> at_;
  std::vector<Nanos> sent_;
  Dice dice_{1};
};

// Window by window; memory for one of them.
class Windows {
 public:
  explicit Windows(const SyntheticTrace& trace)
      : window_ns_(to_nanos(trace.window_s)),
        end_ns_(to_nanos(trace.duration_s)),
        maker_(trace.workers),
        spans_(static_cast<std::size_t>(trace.workers)) {}

  bool next(EdgeWindow& window) {
    const Nanos start_ns = made_ns_;
    if (start_ns >= end_ns_) return false;
    made_ns_ += window_ns_;
    while (maker_.behind() < made_ns_) {
      maker_.step(
          [&](std::uint32_t worker, Nanos begin_ns, Nanos until_ns, Activity activity) {
            spans_[worker].push_back({begin_ns, until_ns, activity,
                                      activity == Activity::waiting ? analyzer::no_operator
                                                                    : static_cast<std::int32_t>(worker % 8)});
          },
          [&](const Received& m) {
            messages_.push_back(
                {m.from, m.to, m.sent_ns, m.received_ns, Activity::data_message, analyzer::no_operator});
          });
    }
    window.clear();
    window.start_ns = start_ns;
    window.end_ns = made_ns_;
    for (std::size_t w = 0; w < spans_.size(); ++w) {
      window.workers.push_back(
          {static_cast<std::int64_t>(w), static_cast<std::uint32_t>(window.spans.size())});
      for (const EdgeWindow::Span& span : spans_[w]) {
        if (span.begin_ns < made_ns_) window.spans.push_back(span);
      }
      std::erase_if(spans_[w], [&](const EdgeWindow::Span& span) { return span.end_ns <= made_ns_; });
    }
    for (const EdgeWindow::Message& message : messages_) {
      if (message.sent_ns < made_ns_) window.messages.push_back(message);
    }
    std::erase_if(messages_, [&](const EdgeWindow::Message& m) { return m.received_ns <= made_ns_; });
    return true;
  }

 private:
  Nanos window_ns_;
  Nanos end_ns_;
  Nanos made_ns_ = 0;
  Maker maker_;
  std::vector<std::vector<EdgeWindow::Span>> spans_;
  std::vector<EdgeWindow::Message> messages_;
};

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Returns how many edges were written.
std::int64_t write_trace(const std::filesystem::path& folder, const SyntheticTrace& trace) {
  RunFile file(folder, {}, {});
  PagTrace pag(file, {});
  file.start();
  for (int w = 0; w < trace.workers; ++w) {
    PagWorkerRow row;
    row.name = "worker " + std::to_string(w);
    pag.add_worker(row);
  }
  Maker maker(trace.workers);
  std::int64_t edges = 0;
  while (maker.behind() < to_nanos(trace.duration_s)) {
    maker.step(
        [&](std::uint32_t worker, Nanos begin_ns, Nanos until_ns, Activity activity) {
          pag.activity(static_cast<int>(worker), begin_ns, until_ns, activity,
                       activity == Activity::waiting ? -1 : static_cast<std::int32_t>(worker % 8), 1);
          ++edges;
        },
        [&](const Received& m) {
          pag.message(static_cast<int>(m.to), static_cast<int>(m.from), m.sent_ns, m.received_ns,
                      Activity::data_message, -1, 1, 100);
          ++edges;
        });
  }
  pag.flush();
  file.finish({});
  return edges;
}

}  // namespace

Sample analyze_windows(const SyntheticTrace& trace) {
  Windows windows(trace);
  EdgeWindow window;
  analyzer::Pag pag;
  analyzer::EdgeConstruction construction(nanos_per_second / 10);
  analyzer::Participation participation;
  analyzer::Summaries summaries;
  Sample sum;
  std::uint64_t number = 0;
  while (windows.next(window)) {
    const Stopwatch watch;
    construction.build(window, pag);
    participation.count(pag);
    const auto result = summaries.add(pag, participation, RandomStream(++number, "bench", "single path"));
    if (!(std::abs(result.cp_sum - 1) < 1e-9)) throw std::runtime_error("participations do not add up to 1");
    const Sample one = watch.finish(static_cast<double>(pag.edges()));
    sum.cpu_s += one.cpu_s;
    sum.wall_s += one.wall_s;
    sum.work += one.work;
    sum.value = std::max(sum.value, one.work);
  }
  return sum;
}

namespace {

// `recorded`: edges in the file of `folder`.
Sample analyze_in(const Folder& folder, double window_s, double recorded) {
  const Stopwatch watch;
  const auto source = analyzer::read_run_file(folder.path() / "run.h5");
  analyzer::AnalysisOptions options;
  options.threads = 1;
  options.construction.window_ns = to_nanos(window_s);
  double edges = 0;
  options.on_window = [&](const analyzer::WindowResult& window) {
    edges += static_cast<double>(window.edges);
  };
  analyze_edges(*source, options);
  Sample sample = watch.finish(edges);
  sample.value = static_cast<double>(std::filesystem::file_size(folder.path() / "run.h5")) / recorded;
  return sample;
}

}  // namespace

// What is read is written in a process of its own, so that what writing takes is no part of the memory.
Sample analyze_file(const SyntheticTrace& trace) {
  const Folder folder;
  const Sample written = run_apart([&] {
    const Stopwatch watch;
    return watch.finish(static_cast<double>(write_trace(folder.path(), trace)));
  });
  return analyze_in(folder, trace.window_s, written.work);
}

Sample analyze_run(const LoadedScenario& scenario) {
  const Folder folder;
  const Sample written = run_apart([&] {
    const Stopwatch watch;
    SimulationOptions options;
    options.output = folder.path();
    options.trace.emplace();
    return watch.finish(static_cast<double>(simulate(scenario, options).events));
  });
  return analyze_in(folder, 1, written.work);
}

}  // namespace weir::bench
