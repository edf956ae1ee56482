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
  T& front() { return slots_[head_ & mask_]; }
  T& back() { return slots_[(tail_ - 1) & mask_]; }
  const T& operator[](std::size_t index) const { return slots_[(head_ + index) & mask_]; }

  void push_back(const T& item) {
    if (size() > mask_ || slots_.empty()) grow();
    slots_[tail_++ & mask_] = item;
  }
  void pop_front() {
    WEIR_ASSERT(!empty(), "popped an empty queue");
    ++head_;
  }
  void clear() { head_ = tail_ = 0; }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = slots_[(head_ + i) & mask_];
    slots_.swap(larger);
    mask_ = slots_.size() - 1;
    head_ = 0;
    tail_ = count;
  }

  std::vector<T> slots_;
  std::size_t mask_ = 0;  // one less than there are slots; kept, because finding out takes a division
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace weir
