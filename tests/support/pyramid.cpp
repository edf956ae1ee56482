#include "tests/support/pyramid.hpp"

#include <algorithm>

namespace weir::test {

namespace {

using analyzer::LogEvent;
using analyzer::LogRecord;

class Writer {
 public:
  void activity(int worker, std::uint64_t from_ns, std::uint64_t to_ns, std::optional<Activity> activity) {
    if (!activity) return;
    records_.push_back(
        {from_ns, worker, *activity, LogEvent::start, LogRecord::none, LogRecord::none, worker});
    records_.push_back({to_ns, worker, *activity, LogEvent::end, LogRecord::none, LogRecord::none, worker});
  }
  void message(int sender, std::uint64_t from_ns, int receiver, std::uint64_t to_ns) {
    records_.push_back({from_ns, sender, Activity::data_message, LogEvent::sent, correlator_, receiver, -1});
    records_.push_back(
        {to_ns, receiver, Activity::data_message, LogEvent::received, correlator_, sender, -1});
    ++correlator_;
  }
  // Phase by phase: what a later one writes at an instant comes later.
  void end_phase() {
    std::stable_sort(records_.begin() + static_cast<std::ptrdiff_t>(sorted_), records_.end(),
                     [](const LogRecord& a, const LogRecord& b) { return a.time_ns < b.time_ns; });
    sorted_ = records_.size();
  }
  std::vector<LogRecord> records_;

 private:
  std::int64_t correlator_ = 0;
  std::size_t sorted_ = 0;
};

}  // namespace

std::vector<LogRecord> Pyramid::records() const {
  Writer writer;
  std::uint64_t begin = start_ns;
  for (int phase = 0; phase < phases; ++phase) {
    const auto slots = static_cast<std::uint64_t>(4 * (workers - 1) + 1);
    const std::uint64_t slot = static_cast<std::uint64_t>(phase_ns) / slots;
    const std::uint64_t end = begin + static_cast<std::uint64_t>(phase_ns) - 1;
    for (int w = 1; w < workers; ++w) {
      const std::uint64_t called = begin + static_cast<std::uint64_t>(2 * w - 1) * slot;
      const std::uint64_t answered = end - static_cast<std::uint64_t>(2 * w - 1) * slot;
      const std::uint64_t from = called + slot;
      const std::uint64_t to = answered - slot;
      writer.activity(w, begin, from, prefix);
      if (calls) writer.message(w - 1, called, w, from);
      if (w < workers - 1) {
        writer.activity(w, from, from + slot, activity);
        writer.activity(w, from + slot, to - slot, infix);
        writer.activity(w, to - slot, to, activity);
      } else {
        writer.activity(w, from, to, activity);
      }
      if (answers) writer.message(w, to, w - 1, answered);
      writer.activity(w, to, end, suffix);
    }
    if (workers > 1) {
      writer.activity(0, begin, begin + slot, activity);
      writer.activity(0, begin + slot, end - slot, infix);
      writer.activity(0, end - slot, end, activity);
    } else {
      writer.activity(0, begin, end, activity);
    }
    writer.end_phase();
    begin = end + 1;
  }
  return writer.records_;
}

}  // namespace weir::test
