#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/kernel/time.hpp"

// A rate curve says how many records a second arrive from outside at every instant, and knows exactly how
// many have arrived until then (the cumulative count, a real number) and when the n-th is due (its inverse).
// A point process (point_process.hpp) turns it into arrivals: evenly, or as a Poisson process.
//
//      rate_per_s(t)   ------.       ,---          count(t)           ,----
//                            |      /                           ____/
//                            '-----'                        ___/
//
// A curve is a row of pieces; in each the rate follows one formula whose integral is known in closed form. So
// nothing is integrated numerically, and nothing is added up record by record: no arrival is lost to
// rounding, however long the run.

namespace weir {

// The rate inside a piece, u seconds after its start. Never negative: whoever builds one sees to that.
struct RateForm {
  enum class Kind : std::uint8_t {
    line,  // a + b u
    wave,  // a + b sin(w u + p)
    decay  // a + b exp(-u / w)
  };
  Kind kind = Kind::line;
  double a = 0, b = 0, w = 0, p = 0;

  double rate_per_s(double u_s) const;
  double count(double u_s) const;                    // integral of the rate from 0 to u
  double time_s(double count, double most_s) const;  // its inverse, in [0, most_s]; most_s may be infinite
  double max_rate_per_s(double from_s, double to_s) const;
  double max_slope(double from_s) const;  // bound of |d rate / du| from there on, records/s^2
};

RateForm constant_rate(double rate_per_s);
RateForm linear_rate(double from_per_s, double to_per_s, double length_s);

// One piece of a curve at its place. `mass` is the count in the whole piece: infinite if it never ends.
struct RatePiece {
  Nanos start_ns = 0, end_ns = never;  // start <= t < end
  double before = 0;                   // count until start
  double mass = 0;
  RateForm form;

  double count(Nanos time_ns) const;  // in the whole curve, for a time in [start, end]
  Nanos time_of(double count) const;  // of a record of this piece; in [start, end]
  double rate_per_s(Nanos time_ns) const { return form.rate_per_s(to_seconds(time_ns - start_ns)); }
};

// How far a sum of rates may fall short of a whole number of records and still count as it. Ten seconds of
// 0.1 records/s are one record, in doubles too. It moves a record at the edge of a piece by a billionth of a
// gap.
constexpr double count_slack(double count) {
  return 1e-9 + count * 1e-15;
}

class RateCurve {
 public:
  virtual ~RateCurve() = default;

  // The piece that holds this time (>= 0). Behind the end of a curve there is a piece without rate.
  virtual RatePiece piece_at(Nanos time_ns) const = 0;

  // The first piece in which the count reaches n > 0 (but for count_slack), in *piece. False if that never
  // happens, or only after until_ns.
  virtual bool piece_of(double n, Nanos until_ns, RatePiece* piece) const = 0;

  // The curve is the same again after that long (never: it is not periodic).
  virtual Nanos period_ns() const { return never; }

  // True for recorded events, whose pieces (the gaps between two events) are too short to be groups: a group
  // may then run over several pieces.
  virtual bool groups_span_pieces() const { return false; }

  double rate_per_s(double time_s) const;
  double count(Nanos time_ns) const;
  Nanos time_of(double n) const;  // never, if the count stays below n

  // The peak of the rate. Recorded events have no rate at an instant: the gaps between them count with the
  // mean of their bin. Bins are whole seconds from time 0 on; a curve with a period divides that evenly into
  // bins of one to two seconds, or is one bin, if it is shorter.
  double max_rate_per_s(double from_s, double to_s) const;
  // What a controller may be told of the rate now. Events have none at an instant: the mean of their bin.
  double told_rate_per_s(double time_s) const;

 private:
  struct Bin {
    Nanos start_ns, end_ns;
    bool longer_than(const RatePiece& piece) const {
      return piece.end_ns != never && piece.end_ns - piece.start_ns < end_ns - start_ns;
    }
  };
  Bin bin_at(Nanos time_ns) const;
  double mean_per_s(const Bin& bin) const;
};

// A row of pieces from 0 on: at its end it goes on at a constant rate, or begins again.
class PiecewiseCurve final : public RateCurve {
 public:
  RatePiece piece_at(Nanos time_ns) const override;
  bool piece_of(double n, Nanos until_ns, RatePiece* piece) const override;
  Nanos period_ns() const override { return repeats_ ? length_ns() : never; }
  bool groups_span_pieces() const override { return groups_span_pieces_; }

  std::size_t size() const { return knots_.size() - 1; }
  Nanos length_ns() const { return knots_.back().start_ns; }
  double total() const { return knots_.back().before; }  // of one pass

 private:
  friend class CurveBuilder;
  struct Knot {
    Nanos start_ns;
    double before;
  };
  RatePiece piece(std::size_t i, Nanos shift_ns, double shift_count) const;

  std::vector<Knot> knots_{{0, 0}};  // one more than pieces
  std::vector<RateForm> forms_;      // empty: all pieces are steps, and their mass says it all
  RateForm tail_;
  bool repeats_ = false;
  bool groups_span_pieces_ = false;
};

// Puts a PiecewiseCurve together, in the order of time. Lengths below zero are a mistake of the caller.
class CurveBuilder {
 public:
  CurveBuilder();
  void reserve(std::size_t pieces);
  void step(Nanos length_ns, double rate_per_s);
  void step_of(Nanos length_ns, double count);  // count records, evenly; length 0: all at once
  void line(Nanos length_ns, double from_per_s, double to_per_s);
  void form(Nanos length_ns, const RateForm& form);
  void groups_span_pieces() { curve_->groups_span_pieces_ = true; }

  std::shared_ptr<const RateCurve> then_constant(double rate_per_s);
  std::shared_ptr<const RateCurve> then(const RateForm& tail);
  std::shared_ptr<const RateCurve> then_repeat();  // needs a length above 0

 private:
  void add(Nanos length_ns, double mass);

  std::shared_ptr<PiecewiseCurve> curve_;
  double carry_ = 0;  // of the compensated sum of masses
};

// a + b for times, with `never` as infinity.
constexpr Nanos add_saturating(Nanos a, Nanos b) {
  return a > never - b ? never : a + b;
}

}  // namespace weir
