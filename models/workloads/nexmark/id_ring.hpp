#pragma once

#include <bit>
#include <cstdint>
#include <vector>

// What is known of each of the ids that may still be named: ids come in order, and old ones are never named
// again, so a ring holds them all. Memory does not grow with the run.

namespace weir::nexmark {

template <class Entry>
class IdRing {
 public:
  // Room for `ids` ids that are in use at a time.
  explicit IdRing(std::int64_t ids)
      : entries_(std::bit_ceil(static_cast<std::uint64_t>(ids))), mask_(entries_.size() - 1) {}

  // The entry of an id, new if it was not known.
  Entry& at(std::int64_t id) {
    Slot& slot = entries_[static_cast<std::uint64_t>(id) & mask_];
    if (slot.id != id) {
      slot.id = id;
      slot.entry = Entry{};
    }
    return slot.entry;
  }

 private:
  struct Slot {
    std::int64_t id = -1;
    Entry entry{};
  };
  std::vector<Slot> entries_;
  std::uint64_t mask_;
};

}  // namespace weir::nexmark
