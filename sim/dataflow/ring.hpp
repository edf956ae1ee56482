#pragma once

#include <cstddef>
#include <vector>

#include "sim/kernel/assert.hpp"

// A queue in one growing array (a power of two): no allocation once it has reached its working size.

namespace weir {

template <class T>
class Ring {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  T& front() { return slots_[head_ & mask()]; }
  T& back() { return slots_[(tail_ - 1) & mask()]; }
  const T& operator[](std::size_t index) const { return slots_[(head_ + index) & mask()]; }

  void push_back(const T& item) {
    if (size() == slots_.size()) grow();
    slots_[tail_++ & mask()] = item;
  }
  void pop_front() {
    WEIR_ASSERT(!empty(), "popped an empty queue");
    ++head_;
  }
  void clear() { head_ = tail_ = 0; }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = slots_[(head_ + i) & mask()];
    slots_.swap(larger);
    head_ = 0;
    tail_ = count;
  }

  std::vector<T> slots_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace weir
