#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/params.hpp"
#include "sim/scenario/registry.hpp"

// A document with every type of parameter, for the tests of the reader.

namespace weir::test {

// Components: a shape has an area; a group contains shapes.
class Shape {
 public:
  static constexpr RegistryKind registry_kind{"shape", "shapes"};
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct ShapeContext {
  double scale = 1;
};

enum class Colour { red, green, blue };

struct Inner {
  double cost_s = 0.5;
  int threads = 1;
};
struct Tree {
  std::string name;
  std::vector<Tree> children;
};

using ShapeRegistry = Registry<Shape, ShapeContext>;

struct Sample {
  std::string name;  // required
  double rate_per_s = 1;
  std::optional<double> until_s;
  int count = 3;
  std::int64_t big = 0;
  std::uint64_t seed = 42;
  std::optional<int> limit;
  bool on = true;
  Colour colour = Colour::green;
  std::vector<double> rates;
  std::vector<int> sizes;
  std::vector<std::string> words = {"a", "b"};
  Inner inner{0.25, 2};  // not what Inner itself begins with
  std::optional<Inner> maybe;
  std::vector<Inner> list;
  std::map<std::string, Inner> map;
  ShapeRegistry::Choice shape{"square"};
  ShapeRegistry::Choice other;
  std::vector<ShapeRegistry::Choice> shapes;
  Tree tree;
};

ParamTable<Sample> sample_table();

}  // namespace weir::test
