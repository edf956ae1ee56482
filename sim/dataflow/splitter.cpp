#include "sim/dataflow/splitter.hpp"

#include <cmath>
#include <numeric>

#include "sim/kernel/math.hpp"

namespace weir {

namespace {

// Spreads consecutive key numbers evenly (the finalizer of SplitMix64).
std::uint64_t key_hash(std::uint64_t key) {
  key += 0x9E3779B97F4A7C15ull;
  key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9ull;
  key = (key ^ (key >> 27)) * 0x94D049BB133111EBull;
  return key ^ (key >> 31);
}

}  // namespace

std::int64_t key_count(const KeySpec& spec) {
  return spec.law == KeyLaw::weights ? static_cast<std::int64_t>(spec.weights.size()) : spec.count;
}

double key_weight(const KeySpec& spec, std::int64_t key) {
  switch (spec.law) {
    case KeyLaw::zipf:
      return math_pow(static_cast<double>(key + 1), -spec.exponent);
    case KeyLaw::hot:
      return key == 0 ? spec.hot_share : (1 - spec.hot_share) / static_cast<double>(spec.count - 1);
    case KeyLaw::weights:
      return spec.weights[static_cast<std::size_t>(key)];
    case KeyLaw::even:
    case KeyLaw::sender:
    case KeyLaw::tilted:
    case KeyLaw::uniform:
      break;
  }
  return 1;
}

int key_receiver(std::int64_t key, int receivers) {
  return static_cast<int>(key_hash(static_cast<std::uint64_t>(key)) % static_cast<std::uint64_t>(receivers));
}

std::vector<double> key_shares(const KeySpec& spec, int receivers) {
  std::vector<double> shares(receivers, 0.0);
  if (spec.law == KeyLaw::even || spec.law == KeyLaw::sender) {
    std::fill(shares.begin(), shares.end(), 1.0 / receivers);
    return shares;
  }
  if (spec.law == KeyLaw::tilted) {
    for (int i = 0; i < receivers; ++i) {
      const double slope = receivers > 1 ? 2.0 * i / (receivers - 1) - 1 : 0;
      shares[i] = (1 + spec.tilt * slope) / receivers;
    }
    return shares;
  }
  for (std::int64_t key = 0; key < key_count(spec); ++key) {
    shares[key_receiver(key, receivers)] += key_weight(spec, key);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= total;
  return shares;
}

Splitter::Splitter(const EdgeSpec& spec, std::shared_ptr<const std::vector<double>> shares, int own_index,
                   int receivers, RandomStream random)
    : receivers_(receivers), shares_(std::move(shares)), random_(random) {
  WEIR_ASSERT(receivers > 0, "an edge has receivers");
  const auto by_shares = [&](bool drawn) {
    way_ = drawn ? Way::drawn : Way::carried;
    counts_.assign(receivers, 0);
    carried_.assign(receivers, 0.0);
    cumulative_.resize(receivers);
    std::partial_sum(shares_->begin(), shares_->end(), cumulative_.begin());
  };
  switch (spec.partitioning) {
    case Partitioning::forward:
      target_ = own_index % receivers;
      break;
    case Partitioning::global:
    case Partitioning::pull:
      target_ = 0;
      break;
    case Partitioning::broadcast:
      way_ = Way::all;
      break;
    case Partitioning::rebalance:
      // Senders start at different receivers, so that they do not all hit the same one at once.
      way_ = Way::in_turn;
      target_ = own_index % receivers;
      break;
    case Partitioning::shuffle:
      shares_ = std::make_shared<const std::vector<double>>(receivers, 1.0 / receivers);
      by_shares(true);
      break;
    case Partitioning::shares:
      by_shares(false);
      break;
    case Partitioning::key:
      if (spec.keys.law == KeyLaw::sender) {
        way_ = Way::told;
        target_ = own_index % receivers;
        counts_.assign(receivers, 0);
      } else if (spec.keys.law == KeyLaw::even) {
        way_ = Way::in_turn;
        target_ = own_index % receivers;
      } else {
        by_shares(spec.keys.random);
      }
      break;
  }
  if (receivers == 1 && way_ != Way::all && way_ != Way::told) {
    way_ = Way::one;
    target_ = 0;
  }
}

void Splitter::reshare(std::shared_ptr<const std::vector<double>> shares) {
  if (way_ == Way::one) return;
  WEIR_ASSERT(way_ == Way::carried && shares->size() == carried_.size(), "it was split by shares before");
  shares_ = std::move(shares);
  std::fill(carried_.begin(), carried_.end(), 0.0);
}

void Splitter::divide(std::int64_t count) {
  if (way_ == Way::carried) {
    carry(count);
  } else if (count < 4 * static_cast<std::int64_t>(receivers_)) {
    draw_each(count);
  } else {
    draw_binomials(count);
  }
}

void Splitter::draw_each(std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double u = random_.uniform01() * cumulative_.back();
    const auto it = std::upper_bound(cumulative_.begin(), cumulative_.end(), u);
    ++counts_[std::min<std::ptrdiff_t>(it - cumulative_.begin(), receivers_ - 1)];
  }
}

// A multinomial by conditional binomials.
void Splitter::draw_binomials(std::int64_t count) {
  double rest = 1;
  for (int receiver = 0; receiver + 1 < receivers_ && count > 0; ++receiver) {
    const double share = (*shares_)[receiver];
    const double conditional = rest > share ? share / rest : 1;
    const std::int64_t drawn = random_.binomial(count, std::min(conditional, 1.0));
    counts_[receiver] = drawn;
    count -= drawn;
    rest -= share;
  }
  counts_[receivers_ - 1] += count;
}

// Cumulative rounding with carried remainders: every receiver stays within one or two records of its share.
void Splitter::carry(std::int64_t count) {
  double running = 0;
  std::int64_t given = 0;
  int largest = 0;
  for (int receiver = 0; receiver < receivers_; ++receiver) {
    carried_[receiver] += static_cast<double>(count) * (*shares_)[receiver];
    running += carried_[receiver];
    auto mine = static_cast<std::int64_t>(std::floor(running + 0.5));
    mine = std::clamp<std::int64_t>(mine, 0, count - given);
    running -= static_cast<double>(mine);
    carried_[receiver] -= static_cast<double>(mine);
    counts_[receiver] = mine;
    given += mine;
    if (carried_[receiver] > carried_[largest]) largest = receiver;
  }
  counts_[largest] += count - given;
  carried_[largest] -= static_cast<double>(count - given);
}

}  // namespace weir
