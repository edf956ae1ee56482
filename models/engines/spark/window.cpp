#include "models/engines/spark/window.hpp"

#include "models/engines/spark/formulas.hpp"

namespace weir::spark {

Window::Window(const WindowParams& params, int stage, const DistinctKeys& keys, int partitions,
               Nanos batch_interval_ns, double bytes_per_key)
    : params_(params),
      stage_(stage),
      keys_(keys),
      slide_(window_batches(to_nanos(params.slide_s), batch_interval_ns)),
      length_(static_cast<std::size_t>(window_batches(to_nanos(params.length_s), batch_interval_ns))),
      bytes_per_key_(bytes_per_key),
      result_(static_cast<std::size_t>(partitions)) {}

void Window::enter(const std::vector<std::vector<std::int64_t>>& records) {
  any_before_ = !kept_.empty();
  before_ = result_;
  for (const std::vector<std::int64_t>& batch : records) {
    Parts& parts = kept_.emplace_back(result_.size());
    for (std::size_t p = 0; p < parts.size(); ++p)
      parts[p] = {batch[p], keys_.among(batch[p], static_cast<int>(p)), -1};
  }
  entered_ = records.size();
  leaving_.clear();
  if (length_ == 0) kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(entered_));
  for (; length_ > 0 && kept_.size() > length_; kept_.pop_front())
    leaving_.push_back(std::move(kept_.front()));
  for (std::size_t p = 0; p < result_.size(); ++p) {
    std::int64_t counted = params_.inverse ? before_[p].records : 0;
    if (params_.inverse) {
      for (const Parts& batch : leaving_) counted -= batch[p].records;
      for (std::size_t i = kept_.size() - entered_; i < kept_.size(); ++i) counted += kept_[i][p].records;
    } else {
      for (const Parts& batch : kept_) counted += batch[p].records;
    }
    // Keys of which nothing is left are filtered out (DStream.countByValueAndWindow).
    result_[p] = {counted, keys_.among(counted, static_cast<int>(p)), -1};
  }
}

double Window::merge_s(int partition) const {
  std::int64_t entries = 0;
  for_each_read([&](const Parts& parts) { entries += parts[static_cast<std::size_t>(partition)].keys; });
  return static_cast<double>(entries) * params_.merge_per_key_us * 1e-6;
}

int Window::home(int partition) const {
  return any_before_ ? before_[static_cast<std::size_t>(partition)].slot : -1;
}

void Window::made(int partition, int slot) {
  const auto p = static_cast<std::size_t>(partition);
  for (std::size_t i = kept_.size() - entered_; i < kept_.size(); ++i) kept_[i][p].slot = slot;
  result_[p].slot = slot;
}

std::int64_t Window::result_records() const {
  std::int64_t records = 0;
  for (const Reduced& part : result_) records += part.records;
  return records;
}

std::int64_t Window::result_keys() const {
  std::int64_t keys = 0;
  for (const Reduced& part : result_) keys += part.keys;
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

}  // namespace weir::spark
