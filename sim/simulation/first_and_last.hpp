#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace weir {

// Of any number of items the first and the last ones: how it began, and how it ended.
template <class Item>
class FirstAndLast {
 public:
  explicit FirstAndLast(std::size_t at_each_end_max) : max_(at_each_end_max) {}

  void add(const Item& item) {
    ++count_;
    if (first_.size() < max_) return first_.push_back(item);
    last_.push_back(item);
    if (last_.size() > max_) last_.pop_front();
  }

  std::int64_t count() const { return count_; }
  std::int64_t omitted() const { return count_ - static_cast<std::int64_t>(first_.size() + last_.size()); }
  const Item& back() const { return last_.empty() ? first_.back() : last_.back(); }
  // Each of those that are still held, from the newest on, until `change` says that was enough.
  template <class Change>
  void change_newest(Change change) {
    for (auto item = last_.rbegin(); item != last_.rend(); ++item)
      if (change(*item)) return;
    for (auto item = first_.rbegin(); item != first_.rend(); ++item)
      if (change(*item)) return;
  }
  std::vector<Item> items() const {
    std::vector<Item> all = first_;
    all.insert(all.end(), last_.begin(), last_.end());
    return all;
  }

 private:
  std::size_t max_;
  std::int64_t count_ = 0;
  std::vector<Item> first_;
  std::deque<Item> last_;
};

}  // namespace weir
