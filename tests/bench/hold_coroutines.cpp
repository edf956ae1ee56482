#include <coroutine>
#include <exception>
#include <functional>
#include <queue>
#include <utility>

#include "tests/bench/hold_model.hpp"

// Two small event kernels on C++20 coroutines, as baselines.

namespace weir::bench {

namespace {

struct Process {
  struct promise_type {
    Process get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

// ---------------------------------------------------------------- with event objects

// What processes wait for. Reference-counted, since a process may keep one that is over, and the schedule may
// keep one that nobody waits for any more.
struct EventState {
  int references = 0;
  bool over = false;
  std::vector<std::coroutine_handle<>> waiting;
  std::vector<std::function<void()>> callbacks;
};

class EventRef {
 public:
  EventRef() : state_(new EventState) { ++state_->references; }
  EventRef(const EventRef& other) : state_(other.state_) { ++state_->references; }
  EventRef(EventRef&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  EventRef& operator=(EventRef other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~EventRef() {
    if (state_ != nullptr && --state_->references == 0) delete state_;
  }

  bool await_ready() const { return state_->over; }
  void await_suspend(std::coroutine_handle<> handle) { state_->waiting.push_back(handle); }
  void await_resume() const {}

  void happen() {
    state_->over = true;
    for (const std::coroutine_handle<> handle : state_->waiting) handle.resume();
    for (const std::function<void()>& callback : state_->callbacks) callback();
  }

 private:
  EventState* state_;
};

class EventKernel {
 public:
  EventRef timeout(std::int64_t delay_ns) {
    EventRef event;
    schedule_.push({now_ + delay_ns, sequence_++, event});
    return event;
  }
  void step() {
    Scheduled next = schedule_.top();
    schedule_.pop();
    now_ = next.time;
    next.event.happen();
  }

 private:
  struct Scheduled {
    std::int64_t time;
    std::uint64_t sequence;
    EventRef event;
    bool operator<(const Scheduled& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::priority_queue<Scheduled> schedule_;
  std::int64_t now_ = 0;
  std::uint64_t sequence_ = 0;
};

// ---------------------------------------------------------------- with bare handles

class HandleKernel {
 public:
  struct Delay {
    HandleKernel& kernel;
    std::int64_t delay_ns;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      kernel.schedule_.push({kernel.now_ + delay_ns, kernel.sequence_++, handle});
    }
    void await_resume() const {}
  };
  Delay timeout(std::int64_t delay_ns) { return {*this, delay_ns}; }
  void step() {
    const Scheduled next = schedule_.top();
    schedule_.pop();
    now_ = next.time;
    next.handle.resume();
  }

 private:
  struct Scheduled {
    std::int64_t time;
    std::uint64_t sequence;
    std::coroutine_handle<> handle;
    bool operator<(const Scheduled& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::priority_queue<Scheduled> schedule_;
  std::int64_t now_ = 0;
  std::uint64_t sequence_ = 0;
};

template <class Kernel>
Process source(Kernel& kernel, Gaps& gaps, std::uint32_t number) {
  for (;;) co_await kernel.timeout(gaps.next_ns(number));
}

template <class Kernel>
Sample hold(const HoldModel& model) {
  Kernel kernel;
  Gaps gaps(model.gaps, model.sources);
  std::vector<Process> processes;
  for (int i = 0; i < model.sources; ++i) {
    processes.push_back(source(kernel, gaps, i));
    processes.back().handle.resume();
  }
  const Stopwatch watch;
  for (std::int64_t n = 0; n < model.events; ++n) kernel.step();
  const Sample sample = watch.finish(static_cast<double>(model.events));
  for (const Process& process : processes) process.handle.destroy();
  return sample;
}

}  // namespace

Sample hold_on_coroutines(const HoldModel& model) {
  return hold<EventKernel>(model);
}

Sample hold_on_bare_coroutines(const HoldModel& model) {
  return hold<HandleKernel>(model);
}

}  // namespace weir::bench
