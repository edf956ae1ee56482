#include "sim/analyzer/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>

#include "sim/analyzer/window_cutter.hpp"

namespace weir::analyzer {

namespace {

struct Solved {
  WindowResult result;
  Summaries summaries;
  LeftOut left_out;
  WindowFindings findings;
  WindowViolations violations;
};

using LogWindow = WindowCutter<LogRecord>::Window;
using Epoch = WindowCutter<St2Record>::Window;
using Input = std::variant<LogWindow, Epoch, EdgeWindow>;

// What one thread has, so that windows reuse memory.
class Solver {
 public:
  explicit Solver(const AnalysisOptions& options)
      : options_(options),
        construction_(options.construction),
        st2_construction_(options.st2),
        edge_construction_(options.construction.waiting_message_ns) {}

  Solved solve(Input& input) {
    Solved solved;
    const std::int64_t epoch = build(input, solved);
    WEIR_ASSERT(pag_.defect() == nullptr, pag_.defect());
    participation_.count(pag_);
    solved.result = solved.summaries.add(
        pag_, participation_, RandomStream(options_.seed, fmt::format("window {}", epoch), "single path"));
    solved.result.epoch = solved.findings.epoch = epoch;
    if (options_.hops > 0) solved.findings.k_hop = k_hop(pag_, options_.hops);
    if (options_.metrics) solved.findings.metrics = edge_metrics(pag_);
    if (options_.invariants.any()) solved.violations = check_window(pag_, epoch, options_.invariants);
    return solved;
  }

 private:
  // The window's graph; returns its number.
  std::int64_t build(Input& input, Solved& solved) {
    if (auto* log = std::get_if<LogWindow>(&input)) {
      construction_.build(log->epoch, log->records, pag_);
      solved.left_out = construction_.left_out();
      return log->epoch;
    }
    if (auto* epoch = std::get_if<Epoch>(&input)) {
      st2_construction_.build(epoch->records, pag_);
      solved.left_out = st2_construction_.left_out();
      return epoch->epoch;
    }
    edge_construction_.build(std::get<EdgeWindow>(input), pag_);
    solved.left_out.backward_messages = edge_construction_.backward_messages();
    return pag_.start_ns / options_.construction.window_ns;
  }

  const AnalysisOptions& options_;
  Construction construction_;
  St2Construction st2_construction_;
  EdgeConstruction edge_construction_;
  Participation participation_;
  Pag pag_;
};

// Windows in, solved windows out, in the same order. At most a few windows a thread are held.
class Pool {
 public:
  Pool(const AnalysisOptions& options, unsigned threads, std::function<void(Solved&)> on_solved)
      : on_solved_(std::move(on_solved)), places_(2 * threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this, &options] { work(options); });
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { stop(); }

  void put(Input window) {
    std::unique_lock lock(mutex_);
    for (;;) {
      hand_out(lock);
      if (tasks_.size() < places_) break;
      changed_.wait(lock);
    }
    tasks_.push_back({std::move(window), {}, State::waiting});
    changed_.notify_all();
  }

  // Until all is handed out.
  void finish() {
    std::unique_lock lock(mutex_);
    for (;;) {
      hand_out(lock);
      if (tasks_.empty()) break;
      changed_.wait(lock);
    }
  }

 private:
  enum class State { waiting, taken, solved };
  struct Task {
    Input window;
    Solved solved;
    State state;
  };

  void hand_out(std::unique_lock<std::mutex>& lock) {
    if (failure_) std::rethrow_exception(failure_);
    while (!tasks_.empty() && tasks_.front().state == State::solved) {
      Solved solved = std::move(tasks_.front().solved);
      tasks_.pop_front();
      lock.unlock();
      on_solved_(solved);
      lock.lock();
    }
  }

  void work(const AnalysisOptions& options) {
    Solver solver(options);
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto next =
          std::find_if(tasks_.begin(), tasks_.end(), [](const Task& t) { return t.state == State::waiting; });
      if (next == tasks_.end()) {
        if (stopped_) return;
        changed_.wait(lock);
        continue;
      }
      Task& task = *next;  // a deque does not move what it holds when its ends change
      task.state = State::taken;
      lock.unlock();
      std::exception_ptr failure;
      try {
        task.solved = solver.solve(task.window);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (failure) failure_ = failure;
      task.state = State::solved;
      changed_.notify_all();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      for (Task& task : tasks_) {
        if (task.state == State::waiting) task.state = State::solved;  // nobody wants it any more
      }
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::function<void(Solved&)> on_solved_;
  std::size_t places_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::exception_ptr failure_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

unsigned thread_count(const AnalysisOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

// Some 100 bytes of each are kept: of the trace of a day, windows may be of 20 ms.
constexpr std::size_t windows_max = 5'000'000;

std::function<void(Solved&)> collect_in(Analysis& analysis, const AnalysisOptions& options) {
  return [&](Solved& solved) {
    if (options.on_window) options.on_window(solved.result);
    if (analysis.windows.size() == windows_max)
      throw TraceError(
          fmt::format("more than {} windows, which nobody can want (a longer window, or a part of the trace)",
                      windows_max));
    analysis.windows.push_back(solved.result);
    analysis.summaries.merge(solved.summaries);
    analysis.left_out += solved.left_out;
    if (options.hops > 0 || options.metrics) analysis.findings.push_back(std::move(solved.findings));
    if (options.invariants.any()) analysis.invariants.add(solved.violations);
  };
}

bool wanted(Nanos start_ns, Nanos end_ns, const AnalysisOptions& options) {
  return start_ns >= to_nanos(options.from_s) && (options.to_s <= 0 || end_ns <= to_nanos(options.to_s));
}

// A log, cut into windows: `window_of` says the number of a record's, `is_wanted` which of them to look at.
template <class Record, class Source, class WindowOf, class IsWanted>
Analysis analyze_records(Source& source, const AnalysisOptions& options, const WindowOf& window_of,
                         const IsWanted& is_wanted) {
  Analysis analysis;
  analysis.invariants = InvariantCheck(options.invariants);
  Pool pool(options, thread_count(options), collect_in(analysis, options));
  WindowCutter<Record> cutter(options.windows_in_flight);
  const auto pass_on = [&] {
    while (auto window = cutter.take()) {
      if (is_wanted(*window)) pool.put(std::move(*window));
    }
  };
  std::vector<Record> records;
  while (source.read(records)) {
    analysis.records += static_cast<std::int64_t>(records.size());
    for (const Record& record : records) {
      if (cutter.add(window_of(record), record)) pass_on();
    }
    records.clear();
    if (options.follow) pool.finish();
  }
  cutter.end();
  pass_on();
  pool.finish();
  analysis.invariants.end();
  analysis.late_records = cutter.late();
  analysis.not_understood = source.left_out();
  return analysis;
}

}  // namespace

Analysis analyze_log(LogSource& source, const AnalysisOptions& options) {
  const Nanos window_ns = options.construction.window_ns;
  return analyze_records<LogRecord>(
      source, options,
      [=](const LogRecord& record) {
        return static_cast<std::int64_t>(record.time_ns / static_cast<std::uint64_t>(window_ns));
      },
      [&](const LogWindow& window) {
        return wanted(window.epoch * window_ns, (window.epoch + 1) * window_ns, options);
      });
}

Analysis analyze_st2(St2Source& source, const AnalysisOptions& options) {
  return analyze_records<St2Record>(
      source, options, [](const St2Record& record) { return record.epoch; },
      [&](const Epoch& epoch) {
        const auto [first, last] =
            std::minmax_element(epoch.records.begin(), epoch.records.end(),
                                [](const St2Record& a, const St2Record& b) { return a.time_ns < b.time_ns; });
        return wanted(first->time_ns, last->time_ns, options);
      });
}

Analysis analyze_edges(EdgeSource& source, const AnalysisOptions& options) {
  Analysis analysis;
  analysis.invariants = InvariantCheck(options.invariants);
  Pool pool(options, thread_count(options), collect_in(analysis, options));
  EdgeWindow window;
  const Nanos window_ns = options.construction.window_ns;
  for (;;) {
    if (options.follow && source.would_wait(window_ns)) pool.finish();
    if (!source.next(window_ns, window)) break;
    if (wanted(window.start_ns, window.end_ns, options)) pool.put(std::move(window));
    window = {};
  }
  pool.finish();
  analysis.invariants.end();
  analysis.not_understood = source.left_out();
  return analysis;
}

}  // namespace weir::analyzer
