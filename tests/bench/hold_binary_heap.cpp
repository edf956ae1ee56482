#include <queue>

#include "tests/bench/hold_model.hpp"

namespace weir::bench {

namespace {

class Handler {
 public:
  virtual void on_event(std::uint32_t kind, std::uint32_t argument) = 0;

 protected:
  ~Handler() = default;
};

// As much as an entry of weir's calendar carries.
struct Entry {
  std::int64_t time;
  std::uint64_t order;
  Handler* handler;
  std::uint32_t kind;
  std::uint32_t argument;
};
struct Later {
  bool operator()(const Entry& a, const Entry& b) const {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }
};

struct Heap {
  std::priority_queue<Entry, std::vector<Entry>, Later> queue;
  std::int64_t now = 0;
  std::uint64_t sequence = 0;
};

struct Source final : Handler {
  Heap* heap = nullptr;
  Gaps* gaps = nullptr;
  std::uint32_t number = 0;
  void on_event(std::uint32_t kind, std::uint32_t argument) override {
    heap->queue.push({heap->now + gaps->next_ns(number), heap->sequence++, this, kind, argument});
  }
};

}  // namespace

Sample hold_on_binary_heap(const HoldModel& model) {
  Heap heap;
  Gaps gaps(model.gaps, model.sources);
  std::vector<Source> sources(model.sources);
  for (int i = 0; i < model.sources; ++i) {
    sources[i].heap = &heap;
    sources[i].gaps = &gaps;
    sources[i].number = i;
    sources[i].on_event(0, 0);
  }
  const Stopwatch watch;
  for (std::int64_t n = 0; n < model.events; ++n) {
    const Entry entry = heap.queue.top();
    heap.queue.pop();
    heap.now = entry.time;
    entry.handler->on_event(entry.kind, entry.argument);
  }
  return watch.finish(static_cast<double>(model.events));
}

}  // namespace weir::bench
