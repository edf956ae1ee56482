#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/durations.hpp"

// Transfers that all cross one link, which is the narrowest of each one's route.
//
// Max-min then gives each of n the same, rate / n, whatever other links they cross: on another link there are
// at most as many of them, and it is at least as wide. So their ends are closed form in *virtual time*, the
// bytes that a member was served since the beginning:
//
//      v' = rate / n         a member whose next bytes are through at v* is not concerned when others come
//                            and go: only v runs at another speed
//
// Exact but for the rounding of an end to nanoseconds.

namespace weir {

class FairShare {
 public:
  struct Member {
    double milestone;  // in virtual time
    std::uint32_t id;
    bool operator<(const Member& other) const {  // the earliest is on top of the heap
      return milestone != other.milestone ? milestone > other.milestone : id > other.id;
    }
  };

  void open(double bytes_per_s, Nanos now) {
    WEIR_ASSERT(heap_.empty() && members_ == 0, "a share is opened twice");
    bytes_per_ns_ = bytes_per_s * 1e-9;
    served_ = 0;
    at_ns_ = now;
  }
  void advance(Nanos now) {
    if (members_ > 0) served_ += static_cast<double>(now - at_ns_) * bytes_per_ns_ / members_;
    at_ns_ = now;
  }

  // All of these after advance(now).
  void join(std::uint32_t id, double bytes) {
    ++members_;
    expect(id, bytes);
  }
  // The next milestone of a member that reached its last one.
  void expect(std::uint32_t id, double bytes) {
    heap_.push_back({served_ + bytes, id});
    std::push_heap(heap_.begin(), heap_.end());
  }
  // A member whose milestone was taken by reached().
  void leave() { --members_; }
  // A member in the middle of its bytes.
  void abandon(std::uint32_t id) {
    std::erase_if(heap_, [=](const Member& member) { return member.id == id; });
    std::make_heap(heap_.begin(), heap_.end());
    --members_;
  }
  // Takes the members whose milestones are reached, to half a nanosecond.
  void reached(std::vector<std::uint32_t>& ids) {
    while (!heap_.empty() && left_ns(heap_.front()) <= 0) {
      ids.push_back(heap_.front().id);
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
  }
  // When the next milestone is reached, if nobody comes or goes; `never` without one.
  Nanos next_ns() const { return heap_.empty() ? never : at_ns_ + left_ns(heap_.front()); }

  int members() const { return members_; }
  const std::vector<Member>& expected() const { return heap_; }
  double bytes_left(const Member& member) const { return std::max(0.0, member.milestone - served_); }
  void close() {
    heap_.clear();
    members_ = 0;
  }

 private:
  Nanos left_ns(const Member& member) const {
    const double left_ns = bytes_left(member) * members_ / bytes_per_ns_ + 0.5;
    return static_cast<Nanos>(std::min(left_ns, static_cast<double>(longest_duration)));
  }

  double bytes_per_ns_ = 0;
  double served_ = 0;
  Nanos at_ns_ = 0;
  int members_ = 0;
  std::vector<Member> heap_;
};

}  // namespace weir
