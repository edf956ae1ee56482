#include "models/arrivals/point_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"
#include "sim/kernel/random.hpp"

namespace weir {
namespace {

// What both processes share: the curve and this instance's part of it.
class CurveProcess : public ArrivalProcess {
 public:
  CurveProcess(std::shared_ptr<const RateCurve> curve, const ArrivalContext& context)
      : curve_(std::move(curve)),
        share_(context.share),
        start_ns_(context.start_ns),
        until_ns_(context.until_ns) {
    WEIR_ASSERT(context.of >= 1 && context.index >= 0 && context.index < context.of, "one of the instances");
    WEIR_ASSERT(context.share > 0 && context.share <= 1, "a share of the rate");
    WEIR_ASSERT(context.start_ns >= 0, "a process begins at time 0 or later");
  }

  double rate_per_s(double time_s) const override { return share_ * curve_->told_rate_per_s(time_s); }
  double max_rate_per_s(double from_s, double to_s) const override {
    return share_ * curve_->max_rate_per_s(from_s, to_s);
  }
  double expected_count(Nanos time_ns) const override { return share_ * curve_->count(time_ns); }
  std::vector<std::string> input_files() const override { return input_files_; }

  std::vector<std::string> input_files_;

 protected:
  // The piece in which the curve's count reaches n, and when. False: never, or after the end.
  bool locate(double n, RatePiece* piece, Nanos* time_ns) const {
    if (!curve_->piece_of(n, until_ns_, piece)) return false;
    *time_ns = piece->time_of(n);
    return *time_ns != never && *time_ns <= until_ns_;
  }

  // How far a group that begins at first_ns may reach.
  Nanos group_end(const RatePiece& piece, Nanos first_ns, Nanos max_span_ns) const {
    const Nanos end_ns = std::min(add_saturating(first_ns, max_span_ns), until_ns_);
    if (curve_->groups_span_pieces()) return end_ns;
    const double slope = share_ * piece.form.max_slope(to_seconds(first_ns - piece.start_ns));
    // Over a span s a chord leaves a curve of this slope of rate by at most slope s^2 / 8 records.
    const Nanos straight_ns = slope > 0 ? to_nanos(2 / std::sqrt(slope)) : never;
    return std::min({end_ns, piece.end_ns, add_saturating(first_ns, straight_ns)});
  }

  std::shared_ptr<const RateCurve> curve_;
  double share_;
  Nanos start_ns_;
  Nanos until_ns_;
};

// The times of records in a piece of constant rate that never ends: RatePiece::time_of, to the bit. Within a
// second that needs one division; the first of a second shows which second it is.
class SteadyTimes {
 public:
  static bool suits(const RatePiece& piece) {
    return piece.end_ns == never && piece.form.kind == RateForm::Kind::line && piece.form.b == 0 &&
           piece.form.a > 0 && std::isinf(piece.mass);
  }

  Nanos time_of(const RatePiece& piece, double n) {
    const double inside = n - piece.before;
    if (!(inside >= from_ && inside < upto_)) return find_second(piece, n);
    return second_ns_ + to_nanos((inside - from_) / piece.form.a);
  }

 private:
  Nanos find_second(const RatePiece& piece, double n) {
    const double rate_per_s = piece.form.a;
    const double whole_s = std::floor((n - piece.before) / rate_per_s);
    from_ = whole_s * rate_per_s;
    // Neither quotient is rounded over the edge of the second, and the product is exact; or it is not used.
    const bool exact = whole_s >= 0 && whole_s < 4e9 && piece.start_ns < 4'000'000'000 * nanos_per_second &&
                       std::fma(whole_s, rate_per_s, -from_) == 0;
    upto_ = exact ? (whole_s + 1) * rate_per_s * (1 - 1e-15) : 0;
    second_ns_ = exact ? piece.start_ns + static_cast<Nanos>(whole_s) * nanos_per_second : 0;
    return piece.time_of(n);
  }

  double from_ = 0, upto_ = 0;  // counts of the piece in the present second
  Nanos second_ns_ = 0;
};

class EvenProcess final : public CurveProcess {
 public:
  EvenProcess(std::shared_ptr<const RateCurve> curve, const ArrivalContext& context)
      : CurveProcess(std::move(curve), context) {
    const bool fair = std::abs(share_ * context.of - 1) < 1e-12;
    stride_ = fair ? context.of : 1 / share_;  // whole numbers where they are: targets are exact then
    first_ = fair ? context.index + 1 : (context.index + 1) * stride_ / context.of;
    if (start_ns_ > 0) {
      const double gone = curve_->count(start_ns_);
      next_ = std::max(0.0, std::floor((gone + count_slack(gone) - first_) / stride_) + 1);
      // The count at start_ns and the times of records are rounded apart: the times decide.
      while (next_ > 0 && curve_->time_of(target(next_ - 1)) > start_ns_) --next_;
      while (curve_->time_of(target(next_)) <= start_ns_) ++next_;
    }
  }

  double spacing_scv() const override { return 0; }

  Arrivals next(std::int64_t max_count, Nanos max_span_ns) override {
    WEIR_ASSERT(max_count >= 1 && max_span_ns >= 0, "a group has room for a record");
    Arrivals group;
    if (steady_) {
      group.first_ns = times_.time_of(piece_, target(next_));
      if (group.first_ns > until_ns_ || group.first_ns == never) return {};
    } else {
      if (!locate(target(next_), &piece_, &group.first_ns)) return {};
      steady_ = SteadyTimes::suits(piece_);  // no other piece follows
    }
    group.count = 1;
    group.last_ns = group.first_ns;
    if (max_count > 1) extend(&group, max_count, max_span_ns);
    next_ += static_cast<double>(group.count);
    WEIR_ASSERT(next_ * stride_ < 9e15, "records are counted exactly up to 2^53");
    return group;
  }

 private:
  double target(double k) const { return first_ + k * stride_; }

  void extend(Arrivals* group, std::int64_t max_count, Nanos max_span_ns) {
    const Nanos end_ns = steady_ ? std::min(add_saturating(group->first_ns, max_span_ns), until_ns_)
                                 : group_end(piece_, group->first_ns, max_span_ns);
    const bool over_pieces = !steady_ && curve_->groups_span_pieces() && end_ns > piece_.end_ns;
    const double reached = over_pieces ? curve_->count(end_ns) : piece_.count(end_ns);
    const double ahead = reached + count_slack(reached) - target(next_);
    const auto most = static_cast<double>(max_count - 1);
    std::int64_t count = max_count;
    if (!(ahead > most * stride_ * (1 + 1e-15))) {  // else the quotient is not less, and not needed
      count = 1 + static_cast<std::int64_t>(std::clamp(std::floor(ahead / stride_), 0.0, most));
    }
    // Times are rounded to the nanosecond, and the last may be rounded past the end: give back, ever faster.
    for (std::int64_t back = 1; count > 1; back *= 2) {
      const double n = target(next_ + static_cast<double>(count - 1));
      const Nanos last_ns = steady_       ? times_.time_of(piece_, n)
                            : over_pieces ? curve_->time_of(n)
                                          : piece_.time_of(n);
      if (last_ns <= end_ns) {
        group->last_ns = std::max(last_ns, group->first_ns);
        break;
      }
      count = std::max<std::int64_t>(1, count - back);
    }
    group->count = count;
  }

  double first_ = 1;     // the curve's count at this share's first record
  double stride_ = 1;    // and from one to the next
  double next_ = 0;      // records given out: a whole number
  RatePiece piece_;      // of the latest group
  bool steady_ = false;  // and of all that follow, with these times
  SteadyTimes times_;
};

class PoissonProcess final : public CurveProcess {
 public:
  PoissonProcess(std::shared_ptr<const RateCurve> curve, const ArrivalContext& context)
      : CurveProcess(std::move(curve), context),
        stream_(context.seed, fmt::format("{}#{}/{}", context.entity, context.index, context.of),
                fmt::format("arrivals {}", context.redraw)) {
    const double gone = share_ * curve_->count(start_ns_);
    whole_ = std::floor(gone);
    part_ = gone - whole_;
    advance(stream_.exponential(1));
  }

  double spacing_scv() const override { return 1; }

  Arrivals next(std::int64_t max_count, Nanos max_span_ns) override {
    WEIR_ASSERT(max_count >= 1 && max_span_ns >= 0, "a group has room for a record");
    RatePiece piece;
    Arrivals group;
    if (!locate(position(), &piece, &group.first_ns)) return {};
    group.first_ns = std::max(group.first_ns, last_ns_);  // rounding must not turn the order
    group.count = 1;
    group.last_ns = group.first_ns;
    if (max_count > 1) extend(&group, piece, max_count, max_span_ns);
    advance(stream_.exponential(1));
    last_ns_ = group.last_ns;
    return group;
  }

 private:
  // Position and gaps are counted in expected records of this share. The whole part is kept apart, so that
  // adding gaps does not lose their digits.
  void advance(double gap) {
    part_ += gap;
    const double whole = std::floor(part_);
    whole_ += whole;
    part_ -= whole;
  }
  double position(double ahead = 0) const { return (whole_ + (part_ + ahead)) / share_; }

  // Adds the records after the first that fall into the group's window, and leaves the position at the last
  // one, or at the window's end if all of the window is used up. What happens behind that is independent of
  // it.
  void extend(Arrivals* group, const RatePiece& piece, std::int64_t max_count, Nanos max_span_ns) {
    const Nanos end_ns = group_end(piece, group->first_ns, max_span_ns);
    const double window = share_ * piece.count(end_ns) - (whole_ + part_);
    if (!(window > 0)) return;
    const std::int64_t room =
        std::min<std::int64_t>(max_count - 1, 1'000'000'000'000);  // the binomial's range
    double reach = stream_.gamma(static_cast<double>(room), 1);    // to the room-th record
    std::int64_t inside = room;
    double used = reach;
    if (reach > window) {
      // The room - 1 records before it lie uniformly: those inside the window are binomial, their last the
      // largest of so many uniform numbers.
      inside = room > 1 ? stream_.binomial(room - 1, window / reach) : 0;
      reach = inside > 0 ? window * math_exp(math_log(stream_.uniform01()) / static_cast<double>(inside)) : 0;
      used = window;
    }
    group->count += inside;
    if (inside > 0) {
      group->last_ns =
          std::clamp(piece.time_of(position(reach)), group->first_ns, std::max(group->first_ns, end_ns));
    }
    advance(used);
  }

  RandomStream stream_;
  double whole_ = 0, part_ = 0;
  Nanos last_ns_ = 0;
};

}  // namespace

std::unique_ptr<ArrivalProcess> make_arrivals(std::shared_ptr<const RateCurve> curve, ArrivalSpacing spacing,
                                              const ArrivalContext& context,
                                              std::vector<std::string> input_files) {
  WEIR_ASSERT(curve != nullptr, "arrivals follow a curve");
  std::unique_ptr<CurveProcess> process;
  if (spacing == ArrivalSpacing::even) {
    process = std::make_unique<EvenProcess>(std::move(curve), context);
  } else {
    process = std::make_unique<PoissonProcess>(std::move(curve), context);
  }
  process->input_files_ = std::move(input_files);
  return process;
}

}  // namespace weir
