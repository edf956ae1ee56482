#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "models/arrivals/rate_curve.hpp"
#include "sim/kernel/assert.hpp"

// A rate curve without end that is made up as it goes, by a source of random steps: a Markov-modulated rate,
// bursts. `Source` is a copyable value with `RateStep next()`. It is kept as it was before every 512th step,
// so that any part of the curve can be made again, and hours of millisecond steps cost no memory.

namespace weir {

struct RateStep {
  Nanos length_ns;  // above 0
  double from_per_s, to_per_s;
};

template <class Source>
class GrownCurve final : public RateCurve {
 public:
  explicit GrownCurve(Source source) : checkpoints_{{std::move(source), 0, 0}} {}

  RatePiece piece_at(Nanos time_ns) const override {
    WEIR_ASSERT(time_ns >= 0, "a curve begins at time 0");
    return find([time_ns](Nanos start_ns, double) { return start_ns <= time_ns; });
  }

  bool piece_of(double n, Nanos until_ns, RatePiece* piece) const override {
    const double wanted = n - count_slack(n);
    // The last piece that begins short of the count is the first that reaches it.
    *piece = find([&](Nanos start_ns, double before) { return before < wanted && start_ns <= until_ns; });
    return piece->before + piece->mass >= wanted && piece->start_ns <= until_ns;
  }

 private:
  static constexpr std::size_t block_steps = 512;
  struct Checkpoint {
    Source source;
    Nanos start_ns;
    double before;
  };
  struct Block {
    std::size_t number = static_cast<std::size_t>(-1);
    std::vector<RatePiece> pieces;
  };

  // The last piece for whose start `reached(start_ns, before)` holds; it holds for the very first one.
  template <class Reached>
  RatePiece find(const Reached& reached) const {
    while (reached(checkpoints_.back().start_ns, checkpoints_.back().before) &&
           checkpoints_.back().start_ns != never) {
      load(checkpoints_.size() - 1);
    }
    const auto beyond = std::partition_point(
        checkpoints_.begin(), checkpoints_.end(),
        [&](const Checkpoint& c) { return c.start_ns != never && reached(c.start_ns, c.before); });
    const auto holding = static_cast<std::size_t>(beyond - checkpoints_.begin());
    const Block& block = load(holding > 0 ? holding - 1 : 0);
    const auto after =
        std::partition_point(block.pieces.begin(), block.pieces.end(),
                             [&](const RatePiece& p) { return reached(p.start_ns, p.before); });
    return after == block.pieces.begin() ? *after : *(after - 1);
  }

  // Two blocks stay made: one where the arrivals are, one where somebody asks for the rate.
  const Block& load(std::size_t number) const {
    for (std::size_t i = 0; i < 2; ++i) {
      if (blocks_[i].number == number) {
        older_ = 1 - i;
        return blocks_[i];
      }
    }
    Block& block = blocks_[older_];
    older_ = 1 - older_;
    Checkpoint at = checkpoints_[number];
    block.number = number;
    block.pieces.clear();
    while (block.pieces.size() < block_steps && at.start_ns != never) {
      const RateStep step = at.source.next();
      WEIR_ASSERT(step.length_ns > 0, "a step of a curve has a length");
      const double length_s = to_seconds(step.length_ns);
      const RateForm form = linear_rate(step.from_per_s, step.to_per_s, length_s);
      const Nanos end_ns = add_saturating(at.start_ns, step.length_ns);
      block.pieces.push_back({at.start_ns, end_ns, at.before, form.count(length_s), form});
      at.before += block.pieces.back().mass;
      at.start_ns = end_ns;
    }
    if (number + 1 == checkpoints_.size()) checkpoints_.push_back(at);
    return block;
  }

  mutable std::vector<Checkpoint> checkpoints_;
  mutable Block blocks_[2];
  mutable std::size_t older_ = 0;
};

template <class Source>
std::shared_ptr<const RateCurve> grown_curve(Source source) {
  return std::make_shared<GrownCurve<Source>>(std::move(source));
}

}  // namespace weir
