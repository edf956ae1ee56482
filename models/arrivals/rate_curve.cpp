#include "models/arrivals/rate_curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"
#include "sim/kernel/muldiv.hpp"

namespace weir {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = 3.14159265358979323846;

// Solves form.count(u) = n for u in [low, high] by Newton's method inside a bracket. The result is off by far
// less than the nanosecond it is rounded to.
double solve(const RateForm& form, double n, double low, double high) {
  double u = low + (high - low) / 2;
  for (int i = 0; i < 200; ++i) {
    const double excess = form.count(u) - n;
    if (excess == 0) return u;
    (excess < 0 ? low : high) = u;
    const double rate = form.rate_per_s(u);
    double next = rate > 0 ? u - excess / rate : low;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    const double moved = std::abs(next - u);
    u = next;
    if (moved < 1e-12 || moved <= 1e-16 * u) break;
  }
  return u;
}

// The decay is concave, so that Newton's method from the left comes up to the solution and never leaps over
// it.
double solve_decay(const RateForm& form, double n, double most_s) {
  if (form.a == 0) {
    const double rest = 1 - n / (form.b * form.w);
    return rest > 0 ? std::min(-form.w * math_log(rest), most_s) : most_s;
  }
  double u = std::min(n / (form.a + form.b), most_s);
  for (int i = 0; i < 500; ++i) {
    const double moved = (n - form.count(u)) / form.rate_per_s(u);
    if (!(moved > 1e-12) || moved <= 1e-16 * u) break;
    u += moved;
    if (u >= most_s) return most_s;
  }
  return u;
}

// count / rate in nanoseconds. The whole seconds are taken out first, since a double holds nanoseconds for 52
// days only.
Nanos time_at_rate(double count, double rate_per_s) {
  const double whole_s = std::floor(count / rate_per_s);
  if (!(whole_s < 9.2e9)) return never;
  const double rest = std::fma(-whole_s, rate_per_s, count);
  return static_cast<Nanos>(whole_s) * nanos_per_second + to_nanos(rest / rate_per_s);
}

Nanos clamp_to(Nanos low, Nanos time_ns, Nanos high) {
  return std::min(std::max(low, time_ns), high);
}

}  // namespace

double RateForm::rate_per_s(double u_s) const {
  switch (kind) {
    case Kind::line:
      return std::max(0.0, b == 0 ? a : a + b * u_s);
    case Kind::wave:
      return std::max(0.0, a + b * math_sin(w * u_s + p));
    case Kind::decay:
      return a + b * math_exp(-u_s / w);
  }
  return 0;
}

double RateForm::count(double u_s) const {
  switch (kind) {
    case Kind::line:
      return b == 0 ? a * u_s : u_s * (a + b * u_s / 2);
    case Kind::wave:  // cos p - cos(w u + p) as a product: no cancellation
      return a * u_s + 2 * (b / w) * math_sin(w * u_s / 2 + p) * math_sin(w * u_s / 2);
    case Kind::decay:
      return a * u_s + b * w * (1 - math_exp(-u_s / w));
  }
  return 0;
}

double RateForm::time_s(double n, double most_s) const {
  if (!(n > 0)) return 0;
  switch (kind) {
    case Kind::line: {
      if (b == 0) return a > 0 ? std::min(n / a, most_s) : most_s;
      const double root = a + std::sqrt(std::max(0.0, a * a + 2 * b * n));
      return root > 0 ? std::min(2 * n / root, most_s) : most_s;
    }
    case Kind::wave:
      return solve(*this, n, 0, most_s);
    case Kind::decay:
      return solve_decay(*this, n, most_s);
  }
  return most_s;
}

double RateForm::max_rate_per_s(double from_s, double to_s) const {
  const double ends = std::max(rate_per_s(from_s), rate_per_s(to_s));
  if (kind != Kind::wave) return ends;
  // Is there a crest (w u + p = pi/2 + 2 pi k) in between?
  const double crest = b >= 0 ? pi / 2 : -pi / 2;
  const double k = std::ceil((w * from_s + p - crest) / (2 * pi));
  return crest + 2 * pi * k <= w * to_s + p ? a + std::abs(b) : ends;
}

double RateForm::max_slope(double from_s) const {
  switch (kind) {
    case Kind::line:
      return std::abs(b);
    case Kind::wave:
      return std::abs(b * w);
    case Kind::decay:
      return std::abs(b) / w * math_exp(-from_s / w);
  }
  return 0;
}

RateForm constant_rate(double rate_per_s) {
  return {RateForm::Kind::line, rate_per_s, 0, 0, 0};
}

RateForm linear_rate(double from_per_s, double to_per_s, double length_s) {
  if (from_per_s == to_per_s || !(length_s > 0)) return constant_rate(from_per_s);
  return {RateForm::Kind::line, from_per_s, (to_per_s - from_per_s) / length_s, 0, 0};
}

double RatePiece::count(Nanos time_ns) const {
  if (time_ns <= start_ns) return before;
  if (time_ns >= end_ns) return before + mass;
  const double inside = form.count(to_seconds(time_ns - start_ns));
  return before + std::min(inside, mass);
}

Nanos RatePiece::time_of(double n) const {
  const double inside = n - before;
  if (!(inside > 0)) return start_ns;
  if (!(inside < mass)) return end_ns;
  Nanos local_ns;
  if (form.kind == RateForm::Kind::line && form.b == 0) {
    // From the mass, not from the rate: the last record of a recorded count is at the end, not about there.
    local_ns = end_ns == never ? time_at_rate(inside, form.a)
                               : to_nanos(to_seconds(end_ns - start_ns) * (inside / mass));
  } else {
    local_ns = to_nanos(form.time_s(inside, end_ns == never ? infinity : to_seconds(end_ns - start_ns)));
  }
  return clamp_to(start_ns, add_saturating(start_ns, local_ns), end_ns);
}

double RateCurve::rate_per_s(double time_s) const {
  if (!(time_s >= 0)) return 0;
  const Nanos time_ns = to_nanos(time_s);
  if (time_ns == never) return 0;
  return piece_at(time_ns).rate_per_s(time_ns);
}

double RateCurve::told_rate_per_s(double time_s) const {
  const Nanos time_ns = time_s >= 0 ? to_nanos(time_s) : never;
  if (time_ns == never) return 0;
  if (!groups_span_pieces()) return rate_per_s(time_s);
  const Bin bin = bin_at(time_ns);
  return bin.longer_than(piece_at(time_ns)) ? mean_per_s(bin) : rate_per_s(time_s);
}

RateCurve::Bin RateCurve::bin_at(Nanos time_ns) const {
  const Nanos period = period_ns();
  if (period == never) {
    const Nanos start_ns = time_ns - time_ns % nanos_per_second;
    return {start_ns, add_saturating(start_ns, nanos_per_second)};
  }
  const Nanos bins = std::max<Nanos>(1, period / nanos_per_second);
  const Nanos inside_ns = time_ns % period;
  const auto bound_ns = [&](Nanos i) { return muldiv(i, period, bins); };
  Nanos i = muldiv(inside_ns, bins, period);
  if (bound_ns(i + 1) <= inside_ns) ++i;  // both round down
  const Nanos repetition_ns = time_ns - inside_ns;
  return {repetition_ns + bound_ns(i), add_saturating(repetition_ns, bound_ns(i + 1))};
}

double RateCurve::mean_per_s(const Bin& bin) const {
  return (count(bin.end_ns) - count(bin.start_ns)) / to_seconds(bin.end_ns - bin.start_ns);
}

double RateCurve::count(Nanos time_ns) const {
  return time_ns < 0 ? 0 : piece_at(time_ns).count(time_ns);
}

Nanos RateCurve::time_of(double n) const {
  RatePiece piece;
  return piece_of(n, never, &piece) ? piece.time_of(n) : never;
}

double RateCurve::max_rate_per_s(double from_s, double to_s) const {
  Nanos from_ns = std::max(Nanos{0}, to_nanos(from_s));
  Nanos to_ns = std::max(from_ns, to_nanos(to_s));
  to_ns = std::min(to_ns, add_saturating(from_ns, period_ns()));
  double most = 0;
  while (from_ns != never) {
    const RatePiece piece = piece_at(from_ns);
    if (const Bin bin = bin_at(from_ns); groups_span_pieces() && bin.longer_than(piece)) {
      most = std::max(most, mean_per_s(bin));
      // A longer piece may begin within it, and counts by itself.
      const RatePiece last = piece_at(std::min(bin.end_ns - 1, to_ns));
      const bool longer = !bin.longer_than(last) && last.start_ns > from_ns;
      if (!longer && bin.end_ns >= to_ns) break;
      from_ns = longer ? last.start_ns : bin.end_ns;
      continue;
    }
    const Nanos upto_ns = std::min(piece.end_ns, to_ns);
    most = std::max(most, piece.form.max_rate_per_s(to_seconds(from_ns - piece.start_ns),
                                                    to_seconds(upto_ns - piece.start_ns)));
    if (piece.end_ns > to_ns || piece.end_ns == never) break;
    from_ns = piece.end_ns;
  }
  return most;
}

RatePiece PiecewiseCurve::piece(std::size_t i, Nanos shift_ns, double shift_count) const {
  const Knot& from = knots_[i];
  const Knot& to = knots_[i + 1];
  RatePiece piece;
  piece.start_ns = add_saturating(from.start_ns, shift_ns);
  piece.end_ns = add_saturating(to.start_ns, shift_ns);
  piece.before = from.before + shift_count;
  piece.mass = to.before - from.before;
  piece.form = !forms_.empty() ? forms_[i]
               : to.start_ns > from.start_ns
                   ? constant_rate(piece.mass / to_seconds(to.start_ns - from.start_ns))
                   : constant_rate(0);
  return piece;
}

RatePiece PiecewiseCurve::piece_at(Nanos time_ns) const {
  WEIR_ASSERT(time_ns >= 0, "a curve begins at time 0");
  Nanos shift_ns = 0;
  double shift_count = 0;
  if (repeats_) {
    const Nanos cycle = time_ns / length_ns();
    shift_ns = cycle * length_ns();
    shift_count = static_cast<double>(cycle) * total();
  } else if (time_ns >= length_ns()) {
    const double mass = tail_.kind == RateForm::Kind::decay && tail_.a == 0 ? tail_.b * tail_.w
                        : tail_.a > 0                                       ? infinity
                                                                            : 0;
    return {length_ns(), never, total(), mass, tail_};
  }
  const auto after = std::upper_bound(knots_.begin(), knots_.end(), time_ns - shift_ns,
                                      [](Nanos t, const Knot& knot) { return t < knot.start_ns; });
  return piece(static_cast<std::size_t>(after - knots_.begin()) - 1, shift_ns, shift_count);
}

bool PiecewiseCurve::piece_of(double n, Nanos until_ns, RatePiece* result) const {
  WEIR_ASSERT(n > 0, "the first record is number 1");
  const double slack = count_slack(n);
  Nanos shift_ns = 0;
  double shift_count = 0;
  if (repeats_) {
    if (!(total() > 0)) return false;
    // The slack belongs to the cycle before: the last record of a cycle is due at its end.
    const double cycle = std::max(0.0, std::ceil((n - slack) / total()) - 1);
    if (!(cycle * to_seconds(length_ns()) < 9.2e9)) return false;
    shift_ns = static_cast<Nanos>(cycle) * length_ns();
    shift_count = cycle * total();
  } else if (size() == 0 || n - slack > total()) {
    *result = piece_at(length_ns());
    return n - slack <= result->before + result->mass && result->start_ns <= until_ns;
  }
  const auto reached = std::lower_bound(knots_.begin() + 1, knots_.end(), n - slack - shift_count,
                                        [](const Knot& knot, double count) { return knot.before < count; });
  // The quotient above may have been rounded past the edge of the cycle: its last piece it is, then.
  const auto end = std::min(reached, knots_.end() - 1);
  *result = piece(static_cast<std::size_t>(end - knots_.begin()) - 1, shift_ns, shift_count);
  return result->start_ns <= until_ns;
}

CurveBuilder::CurveBuilder() : curve_(std::make_shared<PiecewiseCurve>()) {}

void CurveBuilder::reserve(std::size_t pieces) {
  curve_->knots_.reserve(pieces + 1);
}

// Neumaier's compensated sum: the total of ten million recorded rates is as good as each of them.
void CurveBuilder::add(Nanos length_ns, double mass) {
  WEIR_ASSERT(length_ns >= 0, "a piece of a curve has a length");
  WEIR_ASSERT(mass >= 0 && mass < infinity, "a piece of a curve holds a number of records");
  const PiecewiseCurve::Knot last = curve_->knots_.back();
  if (mass == 0) return curve_->knots_.push_back({add_saturating(last.start_ns, length_ns), last.before});
  const double wanted = mass + carry_;
  const double sum = std::max(last.before, last.before + wanted);
  carry_ = wanted - (sum - last.before);
  curve_->knots_.push_back({add_saturating(last.start_ns, length_ns), sum});
}

void CurveBuilder::step(Nanos length_ns, double rate_per_s) {
  // Dividing last: 10 records/s for 0.3 s are 3 records, where 0.3e9 * 1e-9 is a little more than 0.3.
  step_of(length_ns, rate_per_s * static_cast<double>(length_ns) / 1e9);
}

void CurveBuilder::step_of(Nanos length_ns, double count) {
  if (!curve_->forms_.empty()) {
    return form(length_ns, constant_rate(length_ns > 0 ? count / to_seconds(length_ns) : 0));
  }
  add(length_ns, count);
}

void CurveBuilder::line(Nanos length_ns, double from_per_s, double to_per_s) {
  form(length_ns, linear_rate(from_per_s, to_per_s, to_seconds(length_ns)));
}

void CurveBuilder::form(Nanos length_ns, const RateForm& form) {
  // Steps so far were kept without a form: they get theirs now.
  for (std::size_t i = curve_->forms_.size(); i < curve_->size(); ++i) {
    const RatePiece earlier = curve_->piece(i, 0, 0);
    const double length_s = to_seconds(earlier.end_ns - earlier.start_ns);
    curve_->forms_.push_back(constant_rate(length_s > 0 ? earlier.mass / length_s : 0));
  }
  add(length_ns, form.count(to_seconds(length_ns)));
  curve_->forms_.push_back(form);
}

std::shared_ptr<const RateCurve> CurveBuilder::then_constant(double rate_per_s) {
  return then(constant_rate(rate_per_s));
}

std::shared_ptr<const RateCurve> CurveBuilder::then(const RateForm& tail) {
  WEIR_ASSERT(tail.kind != RateForm::Kind::wave, "a wave repeats");
  WEIR_ASSERT(tail.kind != RateForm::Kind::line || tail.b == 0, "no line goes on for ever");
  curve_->tail_ = tail;
  return std::move(curve_);
}

std::shared_ptr<const RateCurve> CurveBuilder::then_repeat() {
  WEIR_ASSERT(curve_->length_ns() > 0 && curve_->length_ns() < never, "what repeats has a length");
  curve_->repeats_ = true;
  return std::move(curve_);
}

}  // namespace weir
