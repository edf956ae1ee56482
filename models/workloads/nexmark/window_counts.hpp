#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

// Counts by window and by the instance that has the key: how many results each instance of a windowed
// operator has for window w, when that ends. Windows are numbered by their ends: w ends at w * slide.

namespace weir::nexmark {

class WindowCounts {
 public:
  explicit WindowCounts(int receivers) : receivers_(receivers) {}

  void add(std::int64_t window, int receiver, std::int64_t count = 1) {
    if (window < first_) return;  // late: it is over
    while (window >= first_ + static_cast<std::int64_t>(counts_.size()))
      counts_.emplace_back(static_cast<std::size_t>(receivers_), 0);
    counts_[static_cast<std::size_t>(window - first_)][static_cast<std::size_t>(receiver)] += count;
  }
  std::int64_t of(std::int64_t window, int receiver) const {
    return has(window)
               ? counts_[static_cast<std::size_t>(window - first_)][static_cast<std::size_t>(receiver)]
               : 0;
  }
  std::int64_t total(std::int64_t window) const {
    std::int64_t sum = 0;
    if (has(window))
      for (const std::int64_t count : counts_[static_cast<std::size_t>(window - first_)]) sum += count;
    return sum;
  }
  // Nobody asks for windows before `window` any more.
  void forget_before(std::int64_t window) {
    while (first_ < window && !counts_.empty()) {
      counts_.pop_front();
      ++first_;
    }
    if (counts_.empty() && first_ < window) first_ = window;
  }
  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(counts_.size()); }

  // The keys have gone to other instances: evenly, since which key went where is not kept.
  void redistribute(int receivers) {
    for (std::vector<std::int64_t>& counts : counts_) {
      std::int64_t sum = 0;
      for (const std::int64_t count : counts) sum += count;
      counts.assign(static_cast<std::size_t>(receivers), sum / receivers);
      for (std::int64_t i = 0; i < sum % receivers; ++i) ++counts[static_cast<std::size_t>(i)];
    }
    receivers_ = receivers;
  }
  // What an instance has in windows from `window` on is lost.
  void lose(int receiver, std::int64_t window) {
    for (std::int64_t w = window < first_ ? first_ : window; w < end(); ++w)
      counts_[static_cast<std::size_t>(w - first_)][static_cast<std::size_t>(receiver)] = 0;
  }

 private:
  bool has(std::int64_t window) const { return window >= first_ && window < end(); }

  int receivers_;
  std::int64_t first_ = 0;
  std::deque<std::vector<std::int64_t>> counts_;
};

}  // namespace weir::nexmark
