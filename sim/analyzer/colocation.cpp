#include "sim/analyzer/colocation.hpp"

#include <algorithm>
#include <map>

namespace weir::analyzer {

std::vector<Colocation> colocations(const Summaries& summaries) {
  std::map<Summaries::Pair, Shares> both_ways;
  double all = 0;
  for (const auto& [pair, shares] : summaries.by_pair()) {
    all += shares.cp;
    if (pair.from == pair.to || shares.cp <= 0) continue;
    both_ways[{std::min(pair.from, pair.to), std::max(pair.from, pair.to)}] += shares;
  }
  std::vector<Colocation> result;
  for (const auto& [pair, shares] : both_ways)
    result.push_back({pair.from, pair.to, shares, shares.cp / all});
  std::stable_sort(result.begin(), result.end(),
                   [](const Colocation& a, const Colocation& b) { return a.messages.cp > b.messages.cp; });
  return result;
}

}  // namespace weir::analyzer
