#include "models/engines/spark/window.hpp"

#include <algorithm>

#include "models/engines/spark/formulas.hpp"

namespace weir::spark {

Window::Window(const WindowParams& params, int stage, const DistinctKeys& keys, int partitions,
               Nanos batch_interval_ns, double bytes_per_key, bool remembers)
    : params_(params),
      stage_(stage),
      keys_(keys),
      slide_(window_batches(to_nanos(params.slide_s), batch_interval_ns)),
      length_(window_batches(to_nanos(params.length_s), batch_interval_ns)),
      bytes_per_key_(bytes_per_key),
      remembers_(remembers),
      partitions_(static_cast<std::size_t>(partitions)) {}

void Window::enter(const std::vector<std::vector<std::int64_t>>& records) {
  Result next;
  next.parts.resize(partitions_);
  next.entered_from = end_;
  for (const std::vector<std::int64_t>& batch : records) {
    Parts& parts = reduced_[end_++];
    parts.resize(partitions_);
    for (std::size_t p = 0; p < partitions_; ++p) {
      parts[p].records = batch[p];
      parts[p].keys = keys_.among(batch[p], static_cast<int>(p));
    }
  }
  next.entered_end = end_;
  const std::int64_t first = is_state() ? next.entered_from : std::max(first_, end_ - length_);
  for (std::int64_t batch = first_; batch < first && !is_state(); ++batch) next.leaving.push_back(batch);
  first_ = first;
  for (std::size_t p = 0; p < partitions_; ++p) {
    std::int64_t counted = params_.inverse && !results_.empty() ? results_.back().parts[p].records : 0;
    if (params_.inverse)
      for (const std::int64_t batch : next.leaving) counted -= reduced_.at(batch)[p].records;
    for (std::int64_t batch = params_.inverse ? next.entered_from : first_; batch < end_; ++batch)
      counted += reduced_.at(batch)[p].records;
    // Keys of which nothing is left are filtered out (DStream.countByValueAndWindow).
    next.parts[p].records = counted;
    next.parts[p].keys = keys_.among(counted, static_cast<int>(p));
  }
  results_.push_back(std::move(next));
  forget();
}

void Window::forget() {
  while (results_.size() > 2 && (!params_.inverse || !remembers_ || results_[1].checkpointed))
    results_.pop_front();
  std::int64_t oldest = first_;
  for (const Result& result : results_) {
    if (!params_.inverse || (!remembers_ && &result != &results_.back())) continue;
    oldest = std::min(oldest, result.entered_from);
    for (const std::int64_t batch : result.leaving) oldest = std::min(oldest, batch);
  }
  reduced_.erase(reduced_.begin(), reduced_.lower_bound(oldest));
}

double Window::merge_s(int partition) const {
  std::int64_t entries = 0;
  for_each_read([&](const Parts& parts) { entries += parts[static_cast<std::size_t>(partition)].keys; });
  return static_cast<double>(entries) * params_.merge_per_key_us * 1e-6;
}

int Window::home(int partition) const {
  return any_before() ? results_[results_.size() - 2].parts[static_cast<std::size_t>(partition)].slot
                      : Reduced::nobody;
}

void Window::made(int partition, int slot, double work_s, const Rebuilt& before) {
  const auto p = static_cast<std::size_t>(partition);
  rebuilt(before, partition, slot);
  Result& now = results_.back();
  std::int64_t records = 0;
  for (std::int64_t batch = now.entered_from; batch < now.entered_end; ++batch)
    records += reduced_.at(batch)[p].records;
  for (std::int64_t batch = now.entered_from; batch < now.entered_end; ++batch) {
    Reduced& part = reduced_.at(batch)[p];
    part.slot = slot;
    part.work_s = records > 0 ? work_s * static_cast<double>(part.records) / static_cast<double>(records) : 0;
  }
  now.parts[p].slot = slot;
}

std::int64_t Window::result_records() const {
  std::int64_t records = 0;
  for (const Reduced& part : results_.back().parts) records += part.records;
  return records;
}

std::int64_t Window::result_keys() const {
  std::int64_t keys = 0;
  for (const Reduced& part : results_.back().parts) keys += part.keys;
  return keys;
}

std::int64_t Window::reads() const {
  std::int64_t parts = 0;
  for_each_read([&](const Parts&) { ++parts; });
  return parts;
}

std::int64_t Window::merged_records() const {
  std::int64_t entries = 0;
  for_each_read([&](const Parts& parts) {
    for (const Reduced& part : parts) entries += part.keys;
  });
  return entries;
}

// ---------------------------------------------------------------- lineage

void Window::lose(const std::function<bool(int slot)>& of) {
  const auto lose_parts = [&](Parts& parts) {
    for (Reduced& part : parts)
      if (part.slot >= 0 && of(part.slot)) part.slot = Reduced::lost;
  };
  for (auto& [batch, parts] : reduced_) lose_parts(parts);
  for (Result& result : results_) lose_parts(result.parts);
}

void Window::checkpointed() {
  results_.back().checkpointed = true;
}

// Of a batch that was reduced before: it is read where it is, or made again. (What entered a state is not
// kept apart: it is where the result that it entered is.)
void Window::need_batch(std::int64_t batch, std::size_t partition, Rebuilt& all) const {
  const Reduced& part = reduced_.at(batch)[partition];
  if (part.slot >= 0) {
    if (part.keys > 0) all.reads.push_back({part.slot, bytes_of(part)});
    return;
  }
  if (!all.batches.insert(batch).second) return;
  all.reduce_s += part.work_s;
  ++all.parts;
}

void Window::need_result(std::size_t result, std::size_t partition, Rebuilt& all) const {
  const Reduced& part = results_[result].parts[partition];
  if (part.slot >= 0) {
    all.reads.push_back({part.slot, bytes_of(part)});
  } else if (results_[result].checkpointed) {
    all.checkpoint_keys += part.keys;
    all.checkpoint_bytes += bytes_of(part);
  } else {
    make_result(result, partition, all);
  }
}

void Window::make_result(std::size_t result, std::size_t partition, Rebuilt& all) const {
  const Result& one = results_[result];
  std::int64_t entries = 0;
  const auto batch_of = [&](std::int64_t batch) {
    entries += reduced_.at(batch)[partition].keys;
    need_batch(batch, partition, all);
  };
  if (params_.inverse && result > 0) {
    entries += results_[result - 1].parts[partition].keys;
    need_result(result - 1, partition, all);
  }
  if (params_.inverse) std::for_each(one.leaving.begin(), one.leaving.end(), batch_of);
  for (std::int64_t batch = params_.inverse ? one.entered_from : first_; batch < one.entered_end; ++batch)
    batch_of(batch);
  all.merge_s += static_cast<double>(entries) * params_.merge_per_key_us * 1e-6;
  all.results.push_back(result);
  ++all.parts;
}

Window::Rebuilt Window::to_rebuild(int partition) const {
  const auto p = static_cast<std::size_t>(partition);
  const Result& now = results_.back();
  Rebuilt all;
  const auto lost = [&](std::int64_t batch) { return reduced_.at(batch)[p].slot == Reduced::lost; };
  if (params_.inverse && any_before() && results_[results_.size() - 2].parts[p].slot < 0)
    need_result(results_.size() - 2, p, all);
  for (const std::int64_t batch : now.leaving)
    if (params_.inverse && lost(batch)) need_batch(batch, p, all);
  for (std::int64_t batch = first_; batch < now.entered_from && !params_.inverse; ++batch)
    if (lost(batch)) need_batch(batch, p, all);
  return all;
}

Window::Rebuilt Window::to_rebuild_result(int partition) const {
  Rebuilt all;
  const auto p = static_cast<std::size_t>(partition);
  if (results_.back().parts[p].slot == Reduced::lost) make_result(results_.size() - 1, p, all);
  return all;
}

std::set<std::int64_t> Window::batches_to_rebuild_next() const {
  Rebuilt all;
  if (results_.empty()) return {};
  const std::int64_t first_next = is_state() ? end_ : std::max(first_, end_ + slide_ - length_);
  for (std::size_t p = 0; p < partitions_; ++p) {
    if (params_.inverse && results_.back().parts[p].slot == Reduced::lost)
      need_result(results_.size() - 1, p, all);
    const std::int64_t from = params_.inverse ? first_ : first_next;
    const std::int64_t end = params_.inverse ? first_next : end_;
    for (std::int64_t batch = from; batch < end && !is_state(); ++batch)
      if (reduced_.at(batch)[p].slot == Reduced::lost) need_batch(batch, p, all);
  }
  return all.batches;
}

void Window::rebuilt(const Rebuilt& all, int partition, int slot) {
  const auto p = static_cast<std::size_t>(partition);
  for (const std::int64_t batch : all.batches) reduced_.at(batch)[p].slot = slot;
  for (const std::size_t result : all.results) results_[result].parts[p].slot = slot;
}

double Window::share(std::int64_t batch, int partition) const {
  const Parts& parts = reduced_.at(batch);
  std::int64_t records = 0;
  for (const Reduced& part : parts) records += part.records;
  if (records == 0) return 0;
  return static_cast<double>(parts[static_cast<std::size_t>(partition)].records) /
         static_cast<double>(records);
}

}  // namespace weir::spark
