#include "tests/support/scenario_sample.hpp"

namespace weir::test {

namespace {

struct SquareParams {
  double side = 2;
};
struct CircleParams {
  double radius = 0;  // required
  std::string label;
};
struct GroupParams {
  std::vector<ShapeRegistry::Choice> shapes;
};

class Square final : public Shape {
 public:
  Square(const SquareParams& p, ShapeContext& c) : area_(p.side * p.side * c.scale) {}
  double area() const override { return area_; }

 private:
  double area_;
};

class Group final : public Shape {
 public:
  Group(const GroupParams& p, ShapeContext& c) {
    for (const auto& shape : p.shapes) area_ += shape.build(c)->area();
  }
  double area() const override { return area_; }

 private:
  double area_ = 0;
};

ParamTable<SquareParams> square_table() {
  ParamTable<SquareParams> t;
  t.real("side", &SquareParams::side, {.unit = "m", .help = "Length of a side."}, above(0));
  return t;
}

ParamTable<CircleParams> circle_table() {
  ParamTable<CircleParams> t;
  t.real("radius", &CircleParams::radius, {.unit = "m", .help = "Radius.", .source = "Euclid III"},
         positive());
  t.text("label", &CircleParams::label, {.help = "A | in the help."});
  t.required("radius");
  return t;
}

ParamTable<GroupParams> group_table() {
  ParamTable<GroupParams> t;
  t.components<ShapeRegistry>("shapes", &GroupParams::shapes, {.help = "What is in it."});
  return t;
}

const auto square = ShapeRegistry::add<SquareParams>(
    {.name = "square", .help = "Four equal sides.", .source = "Euclid I, 46"}, square_table(),
    [](const SquareParams& p, ShapeContext& c) { return std::make_unique<Square>(p, c); });
const auto circle = ShapeRegistry::add<CircleParams>(
    {.name = "circle", .help = "One radius."}, circle_table(), [](const CircleParams& p, ShapeContext& c) {
      return std::make_unique<Square>(SquareParams{p.radius}, c);
    });
const auto group = ShapeRegistry::add<GroupParams>(
    {.name = "group", .help = "Several shapes."}, group_table(),
    [](const GroupParams& p, ShapeContext& c) { return std::make_unique<Group>(p, c); });

ParamTable<Inner> inner_table() {
  ParamTable<Inner> t("inner");
  t.real("cost_s", &Inner::cost_s, {.unit = "s", .help = "Cost of a record."}, non_negative());
  t.integer("threads", &Inner::threads, {.help = "Threads."}, at_least(1));
  return t;
}

ParamTable<Tree> tree_table() {
  ParamTable<Tree> t("tree");
  t.text("name", &Tree::name, {.help = "Name."});
  t.objects("children", &Tree::children, &tree_table, {.help = "Below it."});
  return t;
}

}  // namespace

ParamTable<Sample> sample_table() {
  ParamTable<Sample> t("sample");
  t.text("name", &Sample::name, {.help = "Name."});
  t.real("rate_per_s", &Sample::rate_per_s, {.unit = "records/s", .help = "Rate."}, positive());
  t.real("until_s", &Sample::until_s, {.unit = "s", .help = "End."}, between(0, 1000));
  t.integer("count", &Sample::count, {.help = "Count."}, between(0, 9));
  t.integer("big", &Sample::big, {.help = "Any integer."});
  t.integer("seed", &Sample::seed, {.help = "Seed."});
  t.integer("limit", &Sample::limit, {.help = "Limit."}, at_most(100));
  t.boolean("on", &Sample::on, {.help = "Switch."});
  t.choice("colour", &Sample::colour, {.help = "Colour."},
           {{"red", Colour::red}, {"green", Colour::green}, {"blue", Colour::blue}});
  t.reals("rates", &Sample::rates, {.unit = "records/s", .help = "Rates."}, below(50));
  t.integers("sizes", &Sample::sizes, {.help = "Sizes."}, at_least(-5));
  t.texts("words", &Sample::words, {.help = "Words."});
  t.object("inner", &Sample::inner, inner_table(), {.help = "Nested."});
  t.object("maybe", &Sample::maybe, inner_table(), {.help = "Nested or not."});
  t.objects("list", &Sample::list, inner_table(), {.help = "Several."});
  t.objects("map", &Sample::map, inner_table(), {.help = "Several with names."});
  t.component<ShapeRegistry>("shape", &Sample::shape, {.help = "A shape."});
  t.component<ShapeRegistry>("other", &Sample::other, {.help = "A shape or none."});
  t.components<ShapeRegistry>("shapes", &Sample::shapes, {.help = "Shapes."});
  t.object("tree", &Sample::tree, &tree_table, {.help = "A tree."});
  t.required("name");
  return t;
}

}  // namespace weir::test
