#pragma once

#include <cstdint>
#include <string>

#include "sim/dataflow/operator.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/params.hpp"

// How many records come out for those that go in, in integers.
//
// deterministic  n records in, in whatever batches, give exactly floor(selectivity * n): what is left over is
//                carried to the next batch. The selectivity is rounded to billionths for that.
// bernoulli      each record gives floor(selectivity) records, and one more with the chance of the remainder.
// poisson        each record gives a Poisson number of records.

namespace weir {

enum class SelectivityLaw { deterministic, bernoulli, poisson };

// Above it, products of counts and billionths would leave 128 bits.
inline constexpr double selectivity_max = 1e6;

class Selectivity {
 public:
  Selectivity(double mean, SelectivityLaw law, const OperatorContext& context);

  Produced process(std::int64_t count_in);
  // What process() would produce, of a copy of its streams and remainders.
  std::int64_t would_produce(std::int64_t count_in) const { return Selectivity(*this).produce(count_in); }
  double mean() const { return mean_; }
  bool divides() const { return mean_ > 1 || law_ == SelectivityLaw::poisson; }

 private:
  std::int64_t produce(std::int64_t count_in);
  // Of `count_in` records with `count_out` results by the Poisson law, those that have any: the expectation,
  // with its remainder carried.
  std::int64_t occupied(std::int64_t count_in, std::int64_t count_out);

  double mean_;
  SelectivityLaw law_;
  std::int64_t billionths_;
  std::int64_t left_over_ = 0;  // billionths of a record
  double occupied_left_over_ = 0;
  RandomStream stream_;
};

// An operator that is nothing but its selectivity.
class SelectiveLogic : public OperatorLogic {
 public:
  SelectiveLogic(double mean, SelectivityLaw law, const OperatorContext& context)
      : selectivity_(mean, law, context) {}
  Produced process(const Batch& input) override { return selectivity_.process(input.count); }
  std::int64_t would_send(const Batch& input) const override {
    return selectivity_.would_produce(input.count);
  }
  double mean_selectivity() const override { return selectivity_.mean(); }
  bool divides() const override { return selectivity_.divides(); }

 private:
  Selectivity selectivity_;
};

}  // namespace weir
