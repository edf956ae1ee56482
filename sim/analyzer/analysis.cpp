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
};

using Input = std::variant<WindowCutter::Window, EdgeWindow>;

// What one thread has, so that windows reuse memory.
class Solver {
 public:
  explicit Solver(const AnalysisOptions& options)
      : options_(options),
        construction_(options.construction),
        edge_construction_(options.construction.waiting_message_ns) {}

  Solved solve(Input& input) {
    Solved solved;
    if (auto* log = std::get_if<WindowCutter::Window>(&input)) {
      construction_.build(log->epoch, log->records, pag_);
      solved.left_out = construction_.left_out();
    } else {
      edge_construction_.build(std::get<EdgeWindow>(input), pag_);
      solved.left_out.backward_messages = edge_construction_.backward_messages();
    }
    WEIR_ASSERT(pag_.defect() == nullptr, pag_.defect());
    participation_.count(pag_);
    const std::int64_t number = pag_.end_ns / options_.construction.window_ns;
    solved.result = solved.summaries.add(
        pag_, participation_, RandomStream(options_.seed, fmt::format("window {}", number), "single path"));
    return solved;
  }

 private:
  const AnalysisOptions& options_;
  Construction construction_;
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

std::function<void(Solved&)> collect_in(Analysis& analysis, const AnalysisOptions& options) {
  return [&](Solved& solved) {
    if (options.on_window) options.on_window(solved.result);
    analysis.windows.push_back(solved.result);
    analysis.summaries.merge(solved.summaries);
    analysis.left_out += solved.left_out;
  };
}

bool wanted(Nanos start_ns, Nanos end_ns, const AnalysisOptions& options) {
  return start_ns >= to_nanos(options.from_s) && (options.to_s <= 0 || end_ns <= to_nanos(options.to_s));
}

}  // namespace

Analysis analyze_log(LogSource& source, const AnalysisOptions& options) {
  Analysis analysis;
  Pool pool(options, thread_count(options), collect_in(analysis, options));
  const Nanos window_ns = options.construction.window_ns;
  WindowCutter cutter(window_ns, options.windows_in_flight);
  const auto pass_on = [&] {
    while (auto window = cutter.take()) {
      if (wanted(window->epoch * window_ns, (window->epoch + 1) * window_ns, options))
        pool.put(std::move(*window));
    }
  };
  std::vector<LogRecord> records;
  while (source.read(records)) {
    analysis.records += static_cast<std::int64_t>(records.size());
    for (const LogRecord& record : records) {
      if (cutter.add(record)) pass_on();
    }
    records.clear();
  }
  cutter.end();
  pass_on();
  pool.finish();
  analysis.late_records = cutter.late();
  analysis.not_understood = source.left_out();
  return analysis;
}

Analysis analyze_edges(EdgeSource& source, const AnalysisOptions& options) {
  Analysis analysis;
  Pool pool(options, thread_count(options), collect_in(analysis, options));
  EdgeWindow window;
  while (source.next(options.construction.window_ns, window)) {
    if (wanted(window.start_ns, window.end_ns, options)) pool.put(std::move(window));
    window = {};
  }
  pool.finish();
  analysis.not_understood = source.left_out();
  return analysis;
}

}  // namespace weir::analyzer
