#include "sim/dataflow/origin_ledger.hpp"

#include <fmt/format.h>

#include <iterator>

#include "sim/kernel/assert.hpp"

namespace weir {

OriginLedger::Source& OriginLedger::source_of(const Batch& batch) {
  WEIR_ASSERT(batch.source != Batch::mixed_source && batch.sequence_first == batch.sequence_last,
              "a batch of several origins has no place in the ledger");
  const auto number = static_cast<std::size_t>(batch.source);
  if (number >= sources_.size()) sources_.resize(number + 1);
  return sources_[number];
}

void OriginLedger::emitted(const Batch& batch) {
  Source& source = source_of(batch);
  const std::int64_t sequence = batch.sequence_first;
  if (sequence >= source.next) {
    WEIR_ASSERT(sequence == source.next, "a source left an origin out");
    ++source.next;
    source.pending[sequence].weight = batch.weight;
    return;
  }
  const auto [it, was_settled] = source.pending.try_emplace(sequence);
  it->second.weight += batch.weight;
  if (!was_settled || source.lost.remove(sequence)) return;
  const auto repeated = source.repeated.find(sequence);
  it->second.times_before = repeated == source.repeated.end() ? 1 : repeated->second;
}

void OriginLedger::settle(const Batch& batch, std::int64_t weight, bool delivered) {
  if (weight == 0) return;
  Source& source = source_of(batch);
  const auto it = source.pending.find(batch.sequence_first);
  WEIR_ASSERT(it != source.pending.end() && it->second.weight >= weight,
              "an origin has more weight than it was given");
  Pending& pending = it->second;
  pending.weight -= weight;
  if (delivered) pending.delivered += weight;
  if (pending.weight > 0) return;
  const std::int64_t times = pending.times_before + pending.delivered / weight_per_origin;
  if (times == 0) source.lost.add(batch.sequence_first);
  if (times > 1) source.repeated[batch.sequence_first] = times;
  source.pending.erase(it);
}

OriginLedger::Counts OriginLedger::counts() const {
  Counts counts;
  for (const Source& source : sources_) {
    counts.emitted += source.next;
    counts.pending += static_cast<std::int64_t>(source.pending.size());
    counts.lost += source.lost.size();
    counts.repeated += static_cast<std::int64_t>(source.repeated.size());
  }
  counts.complete = counts.emitted - counts.pending - counts.lost;
  return counts;
}

std::string OriginLedger::check(std::int64_t held_weight) const {
  std::int64_t pending = 0;
  for (const Source& source : sources_) {
    for (const auto& [sequence, origin] : source.pending) pending += origin.weight;
  }
  if (pending == held_weight) return {};
  return fmt::format("origins one by one: {} should be in flight, {} are (in 2^-20 records)", held_weight,
                     pending);
}

void OriginLedger::Ranges::add(std::int64_t sequence) {
  ++size_;
  std::int64_t last = sequence;
  auto behind = last_of_.upper_bound(sequence);
  if (behind != last_of_.end() && behind->first == sequence + 1) {
    last = behind->second;
    behind = last_of_.erase(behind);
  }
  if (behind != last_of_.begin() && std::prev(behind)->second == sequence - 1) {
    std::prev(behind)->second = last;
  } else {
    last_of_.emplace_hint(behind, sequence, last);
  }
}

bool OriginLedger::Ranges::remove(std::int64_t sequence) {
  auto it = last_of_.upper_bound(sequence);
  if (it == last_of_.begin() || (--it)->second < sequence) return false;
  --size_;
  const std::int64_t last = it->second;
  if (it->first == sequence) {
    last_of_.erase(it);
  } else {
    it->second = sequence - 1;
  }
  if (sequence < last) last_of_.emplace(sequence + 1, last);
  return true;
}

}  // namespace weir
