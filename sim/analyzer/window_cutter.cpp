#include "sim/analyzer/window_cutter.hpp"

#include <algorithm>

namespace weir::analyzer {

bool WindowCutter::add(const LogRecord& record) {
  const auto epoch = static_cast<std::int64_t>(record.time_ns / static_cast<std::uint64_t>(window_ns_));
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

std::optional<WindowCutter::Window> WindowCutter::take() {
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

}  // namespace weir::analyzer
