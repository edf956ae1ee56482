#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

// Cuts a stream of records into windows. Records need not come in order: a window is held until one comes
// that is `in_flight` windows later. What comes later still is left out, and counted.

namespace weir::analyzer {

template <class Record>
class WindowCutter {
 public:
  struct Window {
    std::int64_t epoch = 0;  // its number
    std::vector<Record> records;
  };

  explicit WindowCutter(std::size_t in_flight) : in_flight_(in_flight) {}

  // True if it began a window later than all before: another may be complete.
  bool add(std::int64_t epoch, const Record& record) {
    bool newest = false;
    if (epoch != latest_epoch_ || latest_ == nullptr) {
      if (epoch <= taken_) {
        ++late_;
        return false;
      }
      latest_ = &windows_[epoch];
      latest_epoch_ = epoch;
      newest = epoch > newest_;
      newest_ = std::max(newest_, epoch);
    }
    latest_->push_back(record);
    return newest;
  }

  // The earliest window that is complete, if there is one; after end(), each that is left.
  std::optional<Window> take() {
    if (windows_.empty()) return std::nullopt;
    const auto first = windows_.begin();
    if (!ended_ && newest_ - first->first < static_cast<std::int64_t>(in_flight_)) return std::nullopt;
    Window window{first->first, std::move(first->second)};
    taken_ = window.epoch;
    windows_.erase(first);
    latest_ = nullptr;
    latest_epoch_ = -1;
    return window;
  }
  void end() { ended_ = true; }
  std::int64_t late() const { return late_; }

 private:
  std::size_t in_flight_;
  std::map<std::int64_t, std::vector<Record>> windows_;
  std::vector<Record>* latest_ = nullptr;  // the window of the record before: most often the same again
  std::int64_t latest_epoch_ = -1;
  std::int64_t newest_ = -1;
  std::int64_t taken_ = -1;  // the last window handed out
  std::int64_t late_ = 0;
  bool ended_ = false;
};

}  // namespace weir::analyzer
