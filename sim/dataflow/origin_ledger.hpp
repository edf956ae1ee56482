#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/dataflow/batch.hpp"

// The origins one by one: which are complete, which lost, which pending. The job's books hold their sums
// only.
//
//   emitted ──▶ pending ──all its weight delivered or filtered──▶ complete
//      ▲           └──────some of it lost, none pending─────────▶ lost
//      └── again, if a source replays it
//
// An origin is a source instance and a sequence number. All sequence numbers up to the next one were emitted;
// those that are neither pending nor lost are complete, so memory is that of the pending origins and of the
// ranges of lost ones. A batch must stem from one origin alone: runs record by record, on an engine that does
// not merge. An origin of more than 2^20 records counts as done when those with weight are (batch.hpp).

namespace weir {

class OriginLedger {
 public:
  void emitted(const Batch& batch);
  // So much of a batch's weight was delivered or filtered.
  void finished(const Batch& batch, std::int64_t weight) { settle(batch, weight, true); }
  void lost(const Batch& batch, std::int64_t weight) { settle(batch, weight, false); }

  struct Counts {
    std::int64_t emitted = 0;  // origins; replays not counted
    std::int64_t complete = 0;
    std::int64_t lost = 0;
    std::int64_t pending = 0;
    std::int64_t repeated = 0;  // of the complete ones, those that were delivered more than once
  };
  Counts counts() const;
  // What does not add up, given the weight that the job's books have as pending; empty if all does.
  std::string check(std::int64_t held_weight) const;

 private:
  struct Pending {
    std::int64_t weight = 0;     // not yet known of
    std::int64_t delivered = 0;  // or filtered
    std::int64_t times_before = 0;
  };
  // Disjoint ranges that do not touch: last sequence number by first.
  class Ranges {
   public:
    void add(std::int64_t sequence);
    bool remove(std::int64_t sequence);  // whether it was there
    std::int64_t size() const { return size_; }

   private:
    std::map<std::int64_t, std::int64_t> last_of_;
    std::int64_t size_ = 0;
  };
  struct Source {
    std::int64_t next = 0;
    std::unordered_map<std::int64_t, Pending> pending;
    Ranges lost;
    std::unordered_map<std::int64_t, std::int64_t> repeated;  // times delivered, if more than once
  };

  Source& source_of(const Batch& batch);
  void settle(const Batch& batch, std::int64_t weight, bool delivered);

  std::vector<Source> sources_;
};

}  // namespace weir
