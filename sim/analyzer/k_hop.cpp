#include "sim/analyzer/k_hop.hpp"

#include <array>

namespace weir::analyzer {

namespace {

class Hops {
 public:
  explicit Hops(const Pag& pag) : pag_(pag), ways_(pag.vertices(), 0), sums_(pag.chains()) {}

  void first() {
    before_.assign(pag_.vertices(), 0);
    for (std::size_t c = 0; c < pag_.chains(); ++c) {
      for (std::uint32_t v = pag_.chain_first[c]; v < pag_.chain_first[c + 1]; ++v) {
        for (std::uint32_t m = pag_.first_message[v]; m < pag_.first_message[v + 1]; ++m) {
          take_message(m, ways_to_start(c, v, pag_.messages[m].activity));
        }
      }
    }
    ways_.swap(before_);
  }

  void next() {
    before_.assign(pag_.vertices(), 0);
    for (std::size_t c = 0; c < pag_.chains(); ++c) {
      for (std::uint32_t v = pag_.chain_first[c]; v < pag_.chain_first[c + 1]; ++v) {
        if (ways_[v] == 0) continue;
        if (v > pag_.chain_first[c]) {
          add(c, pag_.local[v - 1].activity, pag_.time_ns[v] - pag_.time_ns[v - 1], ways_[v]);
          before_[v - 1] += ways_[v];
        }
        for (std::uint32_t m = pag_.first_message[v]; m < pag_.first_message[v + 1]; ++m) {
          take_message(m, ways_[v]);
        }
      }
    }
    ways_.swap(before_);
  }

  KHopSums sums() const {
    KHopSums all;
    for (std::size_t c = 0; c < pag_.chains(); ++c) {
      for (int a = 0; a < activity_count; ++a) {
        const KHopSum& sum = sums_[c][static_cast<std::size_t>(a)];
        if (sum.edges > 0) all[{static_cast<Activity>(a), pag_.worker[c]}] += sum;
      }
    }
    return all;
  }

 private:
  // How many starts vertex v of chain c is, for a message that ends in it.
  double ways_to_start(std::size_t c, std::uint32_t v, Activity message) const {
    const std::uint32_t first = pag_.chain_first[c];
    if (v <= first) return 0;
    if (is_waiting(pag_.local[v - 1].activity)) return 1;
    const bool after_waiting = v > first + 1 && pag_.local[v - 1].activity == Activity::processing &&
                               is_waiting(pag_.local[v - 2].activity);
    return after_waiting && message == Activity::data_message ? 1 : 0;
  }
  void take_message(std::uint32_t m, double ways) {
    if (ways == 0) return;
    const Pag::Message& message = pag_.messages[m];
    add(message.from_chain, message.activity, pag_.time_ns[message.to] - pag_.time_ns[message.from], ways);
    before_[message.from] += ways;
  }
  void add(std::size_t chain, Activity activity, Nanos duration_ns, double ways) {
    sums_[chain][static_cast<std::size_t>(activity)] += {ways, ways * static_cast<double>(duration_ns)};
  }

  const Pag& pag_;
  std::vector<double> ways_;                               // to each vertex, by as many hops as were made
  std::vector<double> before_;                             // by one more
  std::vector<std::array<KHopSum, activity_count>> sums_;  // by chain
};

}  // namespace

KHopSums k_hop(const Pag& pag, int hops) {
  Hops made(pag);
  made.first();
  for (int hop = 2; hop <= hops; ++hop) made.next();
  return made.sums();
}

}  // namespace weir::analyzer
