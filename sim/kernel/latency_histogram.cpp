#include "sim/kernel/latency_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

// Of a number above 0 that fits: one more than the whole part of the next smaller number. std::ceil is a call
// where the processor may be old.
std::int64_t ceiling(double x) {
  return static_cast<std::int64_t>(std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) - 1)) + 1;
}

}  // namespace

void LatencyHistogram::add_interval(Nanos first_ns, Nanos last_ns, std::int64_t count) {
  WEIR_ASSERT(first_ns >= 0 && last_ns >= 0 && count >= 0, "a latency or a count is negative");
  if (count == 0) return;
  const Nanos low = std::min(first_ns, last_ns);
  const Nanos high = std::max(first_ns, last_ns);
  if (count == 1) {
    const Nanos middle = low + (high - low) / 2;
    count_ += 1;
    twice_sum_ += static_cast<Uint128>(low) + static_cast<Uint128>(high);
    min_ns_ = std::min(min_ns_, middle);
    max_ns_ = std::max(max_ns_, middle);
    add_to_bucket(bucket_of(middle), 1);
    return;
  }
  note(low, high, count);
  const std::uint32_t end = bucket_of(high) + 1;
  std::uint32_t bucket = bucket_of(low);
  if (bucket + 1 == end) {
    add_to_bucket(bucket, count);
    return;
  }
  const double steps = static_cast<double>(count - 1);
  if (count <= exact_count) {
    const double step_ns = static_cast<double>(high - low) / steps;
    for (std::int64_t i = 0; i < count - 1; ++i) {
      add_to_bucket(bucket_of(low + static_cast<Nanos>(static_cast<double>(i) * step_ns)), 1);
    }
    add_to_bucket(end - 1, 1);
    return;
  }
  // Record i is at low + i / slope: those below an edge are ceil((edge - low) slope). Rounding may move a
  // record over an edge that it sits on, but each is counted once, and the last one in its own bucket.
  const double slope = steps / static_cast<double>(high - low);
  std::int64_t placed = 0;
  const auto below = [&](Nanos edge_ns) {
    return std::max(placed, std::min(count - 1, ceiling(static_cast<double>(edge_ns - low) * slope)));
  };
  // Octave by octave: buckets [at, stop) of it, each 2^shift wide.
  const std::uint32_t last_octave = (end - 1) / octave_size;
  std::uint32_t at = bucket % octave_size;
  for (std::uint32_t octave = bucket / octave_size;; ++octave, at = 0) {
    std::int64_t* const tree = tree_of(octave);
    const std::uint32_t shift = octave < 2 ? 0 : octave - 1;
    const Nanos octave_ns = octave == 0 ? 0 : static_cast<Nanos>(octave_size) << shift;
    if (at == 0 && octave < last_octave) {
      const std::int64_t upto = below(octave_ns + (static_cast<Nanos>(octave_size) << shift));
      tree[0] += upto - placed;
      tree[1] += upto - placed;
      placed = upto;
      continue;
    }
    const std::int64_t placed_before = placed;
    const std::uint32_t stop = octave < last_octave ? octave_size : (end - 1) % octave_size + 1;
    do {
      // The largest node that starts here and ends in time: 2^level buckets.
      const int level =
          std::min(std::countr_zero(at | octave_size), static_cast<int>(std::bit_width(stop - at)) - 1);
      std::int64_t& node = tree[(octave_size + at) >> level];
      at += 1u << level;
      const bool ends = at == stop && octave == last_octave;
      const std::int64_t upto = ends ? count : below(octave_ns + (static_cast<Nanos>(at) << shift));
      node += upto - placed;
      placed = upto;
    } while (at < stop);
    tree[0] += placed - placed_before;
    if (octave == last_octave) return;
  }
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::uint32_t octave = 0; octave < octaves; ++octave) {
    if (!other.holds(octave)) continue;
    std::int64_t* const mine = tree_of(octave);
    const std::int64_t* const theirs = other.tree_of(octave);
    for (std::uint32_t i = 0; i < tree_size; ++i) mine[i] += theirs[i];
  }
  count_ += other.count_;
  twice_sum_ += other.twice_sum_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

namespace {

// The distribution of a delay with given cumulants as a table: a gamma, moved (Pearson's type III), which has
// all three.
class DelayTable {
 public:
  explicit DelayTable(const Cumulants& delay) : sd_(std::sqrt(delay.variance)) {
    // Less skewed than this it is a normal distribution, for all that matters.
    const double skew = std::max(0.1, delay.third / (delay.variance * sd_));
    const double shape = 4 / (skew * skew);
    const double scale = 0.5 * skew * sd_;
    const double shift = delay.mean - shape * scale;
    from_ = std::max(shift, delay.mean - 4 * sd_);
    step_ = (delay.mean + 10 * sd_ - from_) / (cells - 1);
    // The table of the gamma begins at its own zero.
    const auto skipped = static_cast<std::size_t>((from_ - shift) / step_);
    std::vector<double> below(skipped + cells);
    gamma_table(shape, step_ / scale, below);
    for (std::size_t cell = 0; cell < cells - 1; ++cell) {
      const double slope = below[skipped + cell + 1] - below[skipped + cell];
      lines_[cell] = {below[skipped + cell] - static_cast<double>(cell) * slope, slope};
    }
    lines_[cells - 1] = {1, 0};
    from_ = shift + static_cast<double>(skipped) * step_;
    cells_per_ns_ = 1 / step_;
  }

  // The share that is delayed by less than from() + x. Asked for some ten thousand times a table: no division
  // and no branch.
  double below_from(double x) const {
    const double at = x * cells_per_ns_;
    // Rounding may lead over the edge of the table.
    const std::int32_t cell = std::clamp<std::int32_t>(static_cast<std::int32_t>(at), 0, cells - 1);
    const Line& line = lines_[static_cast<std::size_t>(cell)];
    return line.at_zero + at * line.slope;
  }
  double from() const { return from_; }
  double to() const { return from_ + step_ * (cells - 1); }
  double sd() const { return sd_; }

 private:
  static constexpr int cells = 129;
  // From one cell to the next; carried back to the first one.
  struct Line {
    double at_zero, slope;
  };
  double sd_, from_, step_, cells_per_ns_;
  std::array<Line, cells> lines_;
};

}  // namespace

void LatencyHistogram::merge_delayed(const LatencyHistogram& other, const Cumulants& delay) {
  if (other.count_ == 0) return;
  if (!(delay.variance > 1)) return merge(other);
  const DelayTable table(delay);
  // Buckets much narrower than the delay's spread are taken together.
  struct Group {
    double mean, count;  // first the sum in place of the mean
  };
  std::vector<Group> groups;
  double end = 0;
  other.for_each_bucket([&](Nanos low, Nanos high, std::int64_t count) {
    const double middle = 0.5 * (static_cast<double>(low) + static_cast<double>(high));
    const auto n = static_cast<double>(count);
    if (groups.empty() || middle >= end) {
      groups.push_back({0, 0});
      end = middle + std::max(table.sd() / 4, middle / 192);
    }
    groups.back().mean += middle * n;
    groups.back().count += n;
  });
  for (Group& group : groups) group.mean /= group.count;
  // How many are below each of a row of edges, rounded, so that the counts add up; evenly in between.
  const double to = std::max(0.0, groups.back().mean + table.to());
  const std::uint32_t last = bucket_of(static_cast<Nanos>(to));
  std::uint32_t bucket = bucket_of(static_cast<Nanos>(std::max(0.0, groups.front().mean + table.from())));
  std::size_t low_group = 0;   // all before it are below the edge,
  std::size_t high_group = 0;  // and those from here on above
  double all_below = 0, below = 0;
  std::int64_t placed = 0;
  while (bucket <= last) {
    const Nanos begin_ns = low_of(bucket);
    const Nanos aim_ns = begin_ns + static_cast<Nanos>(table.sd() / 6);
    const std::uint32_t stop = std::min(last + 1, std::max(bucket + 1, bucket_of(aim_ns)));
    const auto edge = static_cast<double>(low_of(stop));
    while (high_group < groups.size() && edge > groups[high_group].mean + table.from()) ++high_group;
    while (low_group < high_group && edge >= groups[low_group].mean + table.to()) {
      all_below += groups[low_group++].count;
    }
    // Two sums, so that one addition need not wait for the other.
    const double edge_from = edge - table.from();
    const auto part = [&](const Group& group) {
      return group.count * table.below_from(edge_from - group.mean);
    };
    double next = all_below, other_half = 0;
    std::size_t g = low_group;
    for (; g + 1 < high_group; g += 2) {
      next += part(groups[g]);
      other_half += part(groups[g + 1]);
    }
    if (g < high_group) next += part(groups[g]);
    next += other_half;
    if (stop > last) next = static_cast<double>(other.count_);
    const double slope = (next - below) / (edge - static_cast<double>(begin_ns));
    for (; bucket < stop; ++bucket) {
      const double here =
          bucket + 1 == stop ? next : below + slope * static_cast<double>(low_of(bucket + 1) - begin_ns);
      const auto rounded = std::min(other.count_, static_cast<std::int64_t>(here + 0.5));
      if (rounded <= placed) continue;
      add_to_bucket(bucket, rounded - placed);
      const Nanos middle = low_of(bucket) + (last_of(bucket) - low_of(bucket)) / 2;
      min_ns_ = std::min(min_ns_, middle);
      max_ns_ = std::max(max_ns_, middle);
      placed = rounded;
    }
    below = next;
  }
  WEIR_ASSERT(placed == other.count_, "delayed records were lost");
  count_ += other.count_;
  const double delays = 2 * delay.mean * static_cast<double>(other.count_);
  twice_sum_ += other.twice_sum_ + static_cast<Uint128>(delays);
}

void LatencyHistogram::reset() {
  for (std::uint32_t octave = 0; octave < octaves; ++octave) {
    if (holds(octave)) std::fill_n(tree_of(octave), tree_size, 0);
  }
  count_ = 0;
  twice_sum_ = 0;
  min_ns_ = never;
  max_ns_ = 0;
}

double LatencyHistogram::mean_ns() const {
  if (count_ == 0) return 0;
  const auto divisor = static_cast<Uint128>(count_) * 2;
  const auto whole = static_cast<std::uint64_t>(twice_sum_ / divisor);
  const auto rest = static_cast<double>(static_cast<std::uint64_t>(twice_sum_ % divisor));
  return static_cast<double>(whole) + rest / (2 * static_cast<double>(count_));
}

Nanos LatencyHistogram::quantile_ns(double q) const {
  WEIR_ASSERT(q >= 0 && q <= 1, "a quantile is outside 0 ... 1");
  if (q == 0 || count_ == 0) return min_ns();
  const auto rank = static_cast<std::int64_t>(std::ceil(q * static_cast<double>(count_)));
  if (rank <= 1) return min_ns_;
  if (rank >= count_) return max_ns_;
  std::int64_t before = 0;
  for (std::uint32_t octave = 0; octave < octaves; ++octave) {
    if (!holds(octave)) continue;
    if (before + tree_of(octave)[0] < rank) {
      before += tree_of(octave)[0];
      continue;
    }
    const std::array<std::int64_t, octave_size> counts = spread(octave);
    for (std::uint32_t i = 0; i < octave_size; ++i) {
      before += counts[i];
      if (before < rank) continue;
      const std::uint32_t bucket = octave * octave_size + i;
      const Nanos middle = low_of(bucket) + (last_of(bucket) - low_of(bucket)) / 2;
      return std::clamp(middle, min_ns_, max_ns_);
    }
  }
  WEIR_ASSERT(false, "the buckets hold fewer records than were counted");
  return max_ns_;
}

void LatencyHistogram::make_room(std::uint32_t octave) {
  place_[octave] = static_cast<std::uint8_t>(trees_.size() / tree_size);
  trees_.resize(trees_.size() + tree_size, 0);
}

std::array<std::int64_t, LatencyHistogram::octave_size> LatencyHistogram::spread(std::uint32_t octave) const {
  std::array<std::int64_t, tree_size> tree;
  std::copy_n(tree_of(octave), tree_size, tree.begin());
  // An odd record goes to the left and to the right by turns, from level to level, so it ends near the
  // middle.
  bool right = false;
  for (std::uint32_t level = 1; level < octave_size; level *= 2, right = !right) {
    for (std::uint32_t node = level; node < 2 * level; ++node) {
      const std::int64_t left_part = (tree[node] + (right ? 0 : 1)) / 2;
      tree[2 * node] += left_part;
      tree[2 * node + 1] += tree[node] - left_part;
    }
  }
  std::array<std::int64_t, octave_size> counts;
  std::copy_n(tree.begin() + octave_size, octave_size, counts.begin());
  return counts;
}

}  // namespace weir
