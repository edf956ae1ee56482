#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/unseen.hpp"
#include "sim/kernel/random.hpp"

// How a batch is divided among the receivers of an edge: integer counts that always add up to the batch.

namespace weir {

// How many keys there are, and how much one of them weighs against the others.
std::int64_t key_count(const KeySpec& spec);
double key_weight(const KeySpec& spec, std::int64_t key);
// Which of `receivers` instances gets the records of a key, by its hash.
int key_receiver(std::int64_t key, int receivers);

// The share of the records that each of `receivers` instances gets by hash of the key; adds up to 1.
std::vector<double> key_shares(const KeySpec& spec, int receivers);

class Splitter {
 public:
  // `shares`: key_shares(…) for key partitioning, else null. `own_index`: of the sending instance.
  Splitter(const EdgeSpec& spec, std::shared_ptr<const std::vector<double>> shares, int own_index,
           int receivers, RandomStream random);

  // Calls give(receiver, count) for each receiver that gets records; counts are positive.
  template <class Give>
  void split(std::int64_t count, Give&& give) {
    if (way_ == Way::drawn || way_ == Way::carried) {
      divide(count);
      return give_counts(give);
    }
    if (way_ == Way::told && told_) {
      told_ = false;
      return give_counts(give);
    }
    // `visited` receivers in turn from `target_` on get `each`, and the first `rest` of them one more.
    std::int64_t each = count;
    int rest = 0, visited = 1;
    if (way_ == Way::all) visited = receivers_;
    if (way_ == Way::in_turn || way_ == Way::told) {
      each = count / receivers_;
      rest = static_cast<int>(count % receivers_);
      visited = each > 0 ? receivers_ : rest;
    }
    int receiver = target_;
    target_ = target_ + rest >= receivers_ ? target_ + rest - receivers_ : target_ + rest;
    for (int i = 0; i < visited; ++i) {
      give(receiver, each + (i < rest ? 1 : 0));
      if (++receiver == receivers_) receiver = 0;
    }
  }
  // Other shares from now on; of one that was made with shares and more than one receiver. What was carried
  // is forgotten.
  void reshare(std::shared_ptr<const std::vector<double>> shares);
  // How the records of a stream that `receiver` gets are spaced.
  Spacing spacing_of(const Spacing& whole, int receiver) const {
    if (way_ == Way::one || way_ == Way::all) return whole;
    const double share = shares_ == nullptr ? 1.0 / receivers_ : (*shares_)[receiver];
    return way_ == Way::drawn ? whole.drawn(share) : whole.in_turn(share);
  }
  int receivers() const { return receivers_; }
  // Whether somebody may tell where the records go, before each split; else they go in turn.
  bool asks() const { return way_ == Way::told; }
  std::span<std::int64_t> counts_to_tell() { return counts_; }
  void told() { told_ = true; }
  bool copies() const { return way_ == Way::all; }

 private:
  enum class Way { one, all, in_turn, drawn, carried, told };

  template <class Give>
  void give_counts(Give&& give) {
    for (int receiver = 0; receiver < receivers_; ++receiver) {
      const std::int64_t count = counts_[receiver];
      if (count > 0) {
        counts_[receiver] = 0;
        give(receiver, count);
      }
    }
  }
  void divide(std::int64_t count);  // into counts_, as they are drawn or carried
  void draw_each(std::int64_t count);
  void draw_binomials(std::int64_t count);
  void carry(std::int64_t count);

  Way way_ = Way::one;
  int receivers_;
  int target_ = 0;
  std::shared_ptr<const std::vector<double>> shares_;
  std::vector<double> cumulative_;
  std::vector<std::int64_t> counts_;
  bool told_ = false;
  std::vector<double> carried_;
  RandomStream random_;
};

}  // namespace weir
