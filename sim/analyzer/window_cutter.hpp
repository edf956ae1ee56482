#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/analyzer/log_record.hpp"
#include "sim/kernel/time.hpp"

// Cuts a stream of records into windows. Records need not come in order: a window is held until one comes
// that is `in_flight` windows later. What comes later still is left out, and counted.

namespace weir::analyzer {

class WindowCutter {
 public:
  struct Window {
    std::int64_t epoch = 0;  // its start over its size
    std::vector<LogRecord> records;
  };

  WindowCutter(Nanos window_ns, std::size_t in_flight) : window_ns_(window_ns), in_flight_(in_flight) {}

  // True if it began a window later than all before: another may be complete.
  bool add(const LogRecord& record);
  // The earliest window that is complete, if there is one; after end(), each that is left.
  std::optional<Window> take();
  void end() { ended_ = true; }
  std::int64_t late() const { return late_; }

 private:
  Nanos window_ns_;
  std::size_t in_flight_;
  std::map<std::int64_t, std::vector<LogRecord>> windows_;
  std::vector<LogRecord>* latest_ = nullptr;  // the window of the record before: most often the same again
  std::int64_t latest_epoch_ = -1;
  std::int64_t newest_ = -1;
  std::int64_t taken_ = -1;  // the last window handed out
  std::int64_t late_ = 0;
  bool ended_ = false;
};

}  // namespace weir::analyzer
