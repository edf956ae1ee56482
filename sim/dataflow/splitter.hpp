#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/kernel/random.hpp"

// How a batch is divided among the receivers of an edge: integer counts that always add up to the batch.

namespace weir {

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
    switch (way_) {
      case Way::one:
        return give(target_, count);
      case Way::all:
        for (int receiver = 0; receiver < receivers_; ++receiver) give(receiver, count);
        return;
      case Way::in_turn:
        return split_in_turn(count, give);
      case Way::drawn:
        if (count < 4 * static_cast<std::int64_t>(receivers_)) {
          draw_each(count);
        } else {
          draw_binomials(count);
        }
        return give_counts(give);
      case Way::carried:
        carry(count);
        return give_counts(give);
    }
  }
  int receivers() const { return receivers_; }
  bool copies() const { return way_ == Way::all; }

 private:
  enum class Way { one, all, in_turn, drawn, carried };

  template <class Give>
  void split_in_turn(std::int64_t count, Give&& give) {
    const std::int64_t each = count / receivers_;
    const auto rest = static_cast<int>(count % receivers_);
    if (each == 0) {
      for (int i = 0; i < rest; ++i) {
        give(target_, 1);
        target_ = target_ + 1 == receivers_ ? 0 : target_ + 1;
      }
      return;
    }
    for (int i = 0; i < receivers_; ++i) {
      int receiver = target_ + i;
      if (receiver >= receivers_) receiver -= receivers_;
      give(receiver, each + (i < rest ? 1 : 0));
    }
    target_ = (target_ + rest) % receivers_;
  }
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
  void draw_each(std::int64_t count);
  void draw_binomials(std::int64_t count);
  void carry(std::int64_t count);

  Way way_ = Way::one;
  int receivers_;
  int target_ = 0;
  std::shared_ptr<const std::vector<double>> shares_;
  std::vector<double> cumulative_;
  std::vector<std::int64_t> counts_;
  std::vector<double> carried_;
  RandomStream random_;
};

}  // namespace weir
