#pragma once

#include <limits>
#include <stdexcept>
#include <vector>

// Linear programs: maximize gain . x within low <= x <= high and low <= row . x <= high. They are solved by
// COIN-OR's CLP, which only linear_program.cpp sees.

namespace weir::allocation {

inline constexpr double unlimited = std::numeric_limits<double>::infinity();

// What was asked cannot be answered: the solver gives up, or it would take too much.
struct Unsolvable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// In which unit to tell the solver numbers up to `greatest`: its tolerances are absolute, and meant for those
// from 1 to 1000, which are left alone. A power of two: digits stay what they are.
double solver_unit(double greatest);

struct Term {
  int column = 0;
  double factor = 0;
};

class LinearProgram {
 public:
  // Both return the number of what was added.
  int add_column(double low, double high, double gain = 0);
  int add_row(double low, double high, std::vector<Term> terms);
  void set_gain(int column, double gain) { columns_[static_cast<std::size_t>(column)].gain = gain; }

  enum class Status { optimal, infeasible, unbounded };
  struct Solution {
    Status status = Status::infeasible;
    double gain = 0;
    std::vector<double> values;  // by column
    bool optimal() const { return status == Status::optimal; }
  };
  // A vertex of the optimal face; of those, with `then` (by column), one with the greatest then . x. The gain
  // is the first one. Throws Unsolvable when the solver gives up.
  Solution maximum(const std::vector<double>& then = {}) const;

 private:
  struct Column {
    double low, high, gain;
  };
  struct Row {
    double low, high;
    std::vector<Term> terms;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace weir::allocation
