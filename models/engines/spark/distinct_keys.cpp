#include "models/engines/spark/distinct_keys.hpp"

#include <algorithm>
#include <map>

#include "sim/kernel/math.hpp"

namespace weir::spark {

namespace {

// Keys whose weights are within 1 % of each other count as alike: a Zipf law of a million keys is 1,400
// numbers.
std::int64_t weight_class(double weight) {
  const double steps = math_log(weight) / math_log1p(0.01);
  return static_cast<std::int64_t>(steps < 0 ? steps - 1 : steps);
}

}  // namespace

DistinctKeys::DistinctKeys(const KeySpec& keys, int partitions)
    : alike_(static_cast<std::size_t>(partitions)),
      known_(static_cast<std::size_t>(partitions)),
      keys_(static_cast<std::size_t>(partitions), 0) {
  const bool hashed = keys.law == KeyLaw::uniform || keys.law == KeyLaw::zipf || keys.law == KeyLaw::hot ||
                      keys.law == KeyLaw::weights;
  if (hashed) {
    add_hashed(keys);
    return;
  }
  for (int p = 0; p < partitions; ++p) {
    const std::int64_t here = keys.count / partitions + (p < keys.count % partitions ? 1 : 0);
    keys_[static_cast<std::size_t>(p)] = here;
    if (here > 0)
      alike_[static_cast<std::size_t>(p)] = {{static_cast<double>(here), 1 / static_cast<double>(here)}};
  }
}

void DistinctKeys::add_hashed(const KeySpec& keys) {
  const int partitions = static_cast<int>(alike_.size());
  struct Sum {
    double keys = 0, weight = 0;
  };
  std::vector<std::map<std::int64_t, Sum>> classes(alike_.size());
  std::vector<double> total(alike_.size(), 0);
  for (std::int64_t key = 0; key < key_count(keys); ++key) {
    const auto p = static_cast<std::size_t>(key_receiver(key, partitions));
    const double weight = key_weight(keys, key);
    if (!(weight > 0)) continue;
    Sum& sum = classes[p][weight_class(weight)];
    sum.keys += 1;
    sum.weight += weight;
    total[p] += weight;
    ++keys_[p];
  }
  for (std::size_t p = 0; p < classes.size(); ++p)
    for (const auto& [number, sum] : classes[p])
      alike_[p].push_back({sum.keys, sum.weight / sum.keys / total[p]});
}

std::int64_t DistinctKeys::among(std::int64_t records, int partition) const {
  if (records <= 1) return records;
  constexpr std::size_t known_max = 4096;
  auto& known = known_[static_cast<std::size_t>(partition)];
  const auto found = known.find(records);
  if (found != known.end()) return found->second;
  const double keys = expected(records, static_cast<std::size_t>(partition));
  if (known.size() >= known_max) known.clear();
  return known[records] = std::clamp<std::int64_t>(static_cast<std::int64_t>(keys + 0.5), 1, records);
}

double DistinctKeys::expected(std::int64_t records, std::size_t partition) const {
  double keys = 0;
  for (const Alike& alike : alike_[partition]) {
    const double missing = alike.chance < 1 ? math_pow(1 - alike.chance, static_cast<double>(records)) : 0;
    keys += alike.keys * (1 - missing);
  }
  return keys;
}

}  // namespace weir::spark
