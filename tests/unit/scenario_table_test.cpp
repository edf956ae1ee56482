#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/parse.hpp"
#include "sim/scenario/reference.hpp"
#include "sim/scenario/schema.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/scenario_sample.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

const ParamTable<Sample>& table() {
  static const ParamTable<Sample> instance = sample_table();
  return instance;
}

// Reads into a fresh struct; the errors, empty when there are none.
std::string read(const std::string& text, Sample& out) {
  Errors errors;
  out = Sample();
  if (const auto document = parse_document(text, "f.json", errors)) {
    const bool good = table().read(document->root(), out, errors);
    CHECK(good == errors.empty());
  }
  return errors.text();
}

std::string errors_of(const std::string& members) {
  Sample sample;
  return read("{\"name\": \"x\",\n" + members + "}", sample);
}

json random_inner(Dice& dice) {
  return {{"cost_s", dice.between(0, 9)}, {"threads", 1 + dice.below(1000)}};
}

json random_shape(Dice& dice, int depth) {
  switch (dice.below(depth > 3 ? 2 : 3)) {
    case 0:
      return {{"type", "square"}, {"side", dice.between(0.1, 9)}};
    case 1:
      return {{"type", "circle"},
              {"radius", dice.between(1, 2)},
              {"label", "é\\\"" + std::to_string(dice.below(9))}};
    default: {
      json shapes = json::array();
      for (int i = dice.below(4); i > 0; --i) shapes.push_back(random_shape(dice, depth + 1));
      return {{"type", "group"}, {"shapes", shapes}};
    }
  }
}

json random_tree(Dice& dice, int depth) {
  json children = json::array();
  for (int i = dice.below(depth > 4 ? 1 : 4); i > 0; --i) children.push_back(random_tree(dice, depth + 1));
  return {{"name", std::to_string(dice.next())}, {"children", children}};
}

// The resolved form of a random struct: every member is there.
json random_sample(Dice& dice) {
  json out;
  out["name"] = std::string(static_cast<std::size_t>(dice.below(30)), 'n');
  out["rate_per_s"] = dice.between(1e-9, 1e9);
  out["until_s"] = dice.coin() ? json(nullptr) : json(dice.between(0, 1000));
  out["count"] = dice.below(10);
  out["big"] = static_cast<std::int64_t>(dice.next());
  out["seed"] = dice.next() >> 1;
  out["limit"] = dice.coin() ? json(nullptr) : json(dice.below(101) - 1000 * dice.below(2));
  out["on"] = dice.coin();
  out["colour"] = std::vector<const char*>{"red", "green", "blue"}[static_cast<std::size_t>(dice.below(3))];
  for (const char* key : {"rates", "sizes", "words", "list", "shapes"}) out[key] = json::array();
  for (int i = dice.below(5); i > 0; --i) out["rates"].push_back(dice.between(-1e3, 50));
  for (int i = dice.below(5); i > 0; --i) out["sizes"].push_back(dice.below(100) - 5);
  for (int i = dice.below(5); i > 0; --i) out["words"].push_back(std::to_string(dice.next()));
  for (int i = dice.below(5); i > 0; --i) out["list"].push_back(random_inner(dice));
  for (int i = dice.below(5); i > 0; --i) out["shapes"].push_back(random_shape(dice, 0));
  out["inner"] = random_inner(dice);
  out["maybe"] = dice.coin() ? json(nullptr) : random_inner(dice);
  out["map"] = json::object();
  for (int i = dice.below(5); i > 0; --i) out["map"][std::to_string(dice.below(99))] = random_inner(dice);
  out["shape"] = random_shape(dice, 0);
  out["other"] = dice.coin() ? json(nullptr) : random_shape(dice, 0);
  out["tree"] = random_tree(dice, 0);
  return out;
}

// All places in a document, as pointers.
void places(const json& value, const json::json_pointer& at, std::vector<json::json_pointer>& out) {
  out.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) places(member, at / key, out);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) places(value[i], at / i, out);
  }
}

// Changes one place: another value, one member less, one member more, two subtrees exchanged.
void mutate(json& document, Dice& dice) {
  std::vector<json::json_pointer> all;
  places(document, json::json_pointer(), all);
  const auto any_place = [&] {
    return all[static_cast<std::size_t>(dice.below(static_cast<int>(all.size())))];
  };
  const std::vector<json> values = {nullptr,
                                    true,
                                    0,
                                    -1,
                                    1,
                                    3.0,
                                    3.5,
                                    1e30,
                                    101,
                                    "square",
                                    "circle",
                                    "group",
                                    "red",
                                    "",
                                    "x",
                                    json::array(),
                                    json::object(),
                                    {{"type", "square"}},
                                    {{"type", "circle"}},
                                    {{"type", 3}},
                                    {1, 2},
                                    {"a"},
                                    {{"a", 1}},
                                    3000000000u,
                                    50,
                                    49.999,
                                    -5,
                                    -6,
                                    1000,
                                    std::numeric_limits<std::int64_t>::min()};
  json& at = document[any_place()];
  switch (dice.below(4)) {
    case 0:
      if (at.is_object() && !at.empty()) {
        auto member = at.begin();
        std::advance(member, dice.below(static_cast<int>(at.size())));
        at.erase(member);
      }
      break;
    case 1:
      if (at.is_object()) at[dice.coin() ? "$comment" : "unknown"] = 1;
      break;
    case 2: {
      const json other = document[any_place()];
      at = other;
      break;
    }
    default:
      at = values[static_cast<std::size_t>(dice.below(static_cast<int>(values.size())))];
      break;
  }
}

}  // namespace

TEST_CASE("what is written is read back as it was", "[scenario]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int run = 0; run < 300; ++run) {
    const json resolved = random_sample(dice);
    Sample first;
    REQUIRE(read(resolved.dump(), first) == "");
    REQUIRE(table().write(first) == resolved);
    Sample second;
    REQUIRE(read(table().write(first).dump(2), second) == "");
    REQUIRE(table().write(second) == resolved);
  }
}

TEST_CASE("left out members have their defaults, written ones their values", "[scenario]") {
  Sample sample;
  REQUIRE(read(R"({"name": "x", "inner": {"threads": 7}, "$comment": [1], "count": 4.0})", sample) == "");
  CHECK(sample.inner.threads == 7);
  CHECK(sample.inner.cost_s == 0.25);  // as in Sample, not as in Inner
  CHECK(sample.count == 4);
  CHECK(sample.words == std::vector<std::string>{"a", "b"});
  CHECK(sample.shape.build(ShapeContext{})->area() == 4);
  CHECK(sample.other.empty());
  REQUIRE(read(R"({"name": "x", "words": [], "until_s": 5, "limit": null, "maybe": {}, "other": "square"})",
               sample) == "");
  CHECK(sample.words.empty());
  CHECK(sample.until_s == 5.0);
  CHECK_FALSE(sample.limit);
  CHECK(sample.maybe->threads == 1);
  CHECK(sample.other.name() == "square");
  REQUIRE(read(R"({"name": "x", "shape": {"type": "group", "shapes": ["square", {"type": "group", "shapes":
                  [{"type": "circle", "radius": 3}]}]}})",
               sample) == "");
  CHECK(sample.shape.build(ShapeContext{10})->area() == 130);
}

TEST_CASE("each wrong value has its line, path, reason and what is allowed", "[scenario]") {
  CHECK(errors_of("\"rate_per_s\": 0") ==
        "f.json:2: rate_per_s: 0 is out of range (a finite number > 0, records/s)\n");
  CHECK(errors_of("\"rate_per_s\": \"fast\"") ==
        "f.json:2: rate_per_s: \"fast\" is not a number (a finite number > 0, records/s)\n");
  CHECK(errors_of("\"rate_per_s\": null") ==
        "f.json:2: rate_per_s: null is not a number (a finite number > 0, records/s)\n");
  CHECK(errors_of("\"until_s\": 1001") ==
        "f.json:2: until_s: 1001 is out of range (a finite number from 0 to 1000, s)\n");
  CHECK(errors_of("\"count\": 3.5") == "f.json:2: count: 3.5 is not an integer (an integer from 0 to 9)\n");
  CHECK(errors_of("\"count\": 10") == "f.json:2: count: 10 is out of range (an integer from 0 to 9)\n");
  CHECK(errors_of("\"limit\": -2147483649") ==
        "f.json:2: limit: -2147483649 is out of range (an integer from -2147483648 to 100)\n");
  CHECK(errors_of("\"big\": 9223372036854775808") ==
        "f.json:2: big: 9223372036854775808 is out of range (an integer)\n");
  CHECK(errors_of("\"big\": 1e300") == "f.json:2: big: 1e300 is out of range (an integer)\n");
  CHECK(errors_of("\"seed\": -1") ==
        "f.json:2: seed: -1 is out of range (an integer from 0 to 9223372036854775807)\n");
  CHECK(errors_of("\"on\": 1") == "f.json:2: on: 1 is neither true nor false (true or false)\n");
  CHECK(errors_of("\"colour\": \"blu\"") ==
        "f.json:2: colour: unknown choice \"blu\" (did you mean \"blue\"? allowed: red, green, blue)\n");
  CHECK(errors_of("\"colour\": 1") ==
        "f.json:2: colour: 1 is not one of the choices (one of: red, green, blue)\n");
  CHECK(errors_of("\"rates\": [1,\n 50,\n \"x\"]") ==
        "f.json:3: rates[1]: 50 is out of range (a finite number < 50, records/s)\n"
        "f.json:4: rates[2]: \"x\" is not a number (a finite number < 50, records/s)\n");
  CHECK(errors_of("\"words\": \"a\"") ==
        "f.json:2: words: \"a\" is not an array (an array, each a text in double quotes)\n");
  CHECK(errors_of("\"inner\": 3") ==
        "f.json:2: inner: 3 is not an object (an object with: cost_s, threads)\n");
  CHECK(errors_of("\"inner\": {\"cost\": 3}") ==
        "f.json:2: inner.cost: unknown parameter of inner (did you mean \"cost_s\"? allowed: cost_s, "
        "threads)\n");
  CHECK(errors_of("\"list\": [{},\n{\"threads\":\n0}]") ==
        "f.json:4: list[1].threads: 0 is out of range (an integer from 1 to 2147483647)\n");
  CHECK(errors_of("\"map\": {\"a\": {},\n\"b c\": []}") ==
        "f.json:3: map[\"b c\"]: an array is not an object (an object with: cost_s, threads)\n");
  CHECK(errors_of("\"shape\": {\"side\": 1}") ==
        "f.json:2: shape.type: missing: which shape? (one of: circle, group, square)\n");
  CHECK(errors_of("\"shape\": \"circle\"") ==
        "f.json:2: shape.radius: missing in shape circle (a finite number > 0, m)\n");
  CHECK(errors_of("\"shape\": {\"type\": \"group\", \"shapes\": [\"square\",\n{\"type\": \"square\", "
                  "\"sde\": 2}]}") ==
        "f.json:3: shape.shapes[1].sde: unknown parameter of shape square (did you mean \"side\"? allowed: "
        "side)\n");
  CHECK(errors_of("\"shape\": null") ==
        "f.json:2: shape: null is not a shape (a name, or an object with \"type\")\n");
  CHECK(errors_of("\"tree\": {\"children\": [{\"children\": [{},\n{\"nam\": \"x\"}]}]}") ==
        "f.json:3: tree.children[0].children[1].nam: unknown parameter of tree (did you mean \"name\"? "
        "allowed: "
        "children, name)\n");
  Sample sample;
  CHECK(read("{}", sample) == "f.json:1: name: missing in sample (a text in double quotes)\n");
  CHECK(read("[]", sample)
            .starts_with("f.json:1: $: an array is not an object (an object with: big, colour, "));
  // A misspelt required parameter is one error, not two.
  CHECK(read("{\"nmae\": \"x\"}", sample)
            .starts_with("f.json:1: nmae: unknown parameter of sample (did you mean"));
}

TEST_CASE("the schema accepts exactly what the reader accepts", "[scenario]") {
  const json schema = document_schema(table().table(), "sample");
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int valid = 0;
  const int runs = 3000;
  for (int run = 0; run < runs; ++run) {
    json document = random_sample(dice);
    for (int i = dice.below(3); i > 0; --i) mutate(document, dice);
    Sample sample;
    const std::string from_reader = read(document.dump(), sample);
    const std::string from_schema = schema_error(schema, schema, document);
    INFO(document.dump());
    INFO("reader: " << from_reader);
    INFO("schema: " << from_schema);
    REQUIRE(from_reader.empty() == from_schema.empty());
    valid += from_reader.empty() ? 1 : 0;
  }
  // Both sides were exercised.
  CHECK(valid > runs / 5);
  CHECK(valid < runs * 4 / 5);
}

TEST_CASE("the schema has every parameter with help, unit, default and range", "[scenario]") {
  const json schema = document_schema(table().table(), "sample");
  CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema["required"] == json::array({"name"}));
  for (const Param& param : table().table().params()) {
    INFO(param.name);
    const json& property = schema["properties"][param.name];
    CHECK(property["description"] == param.text.help);
    CHECK(property.value("x-unit", "") == param.text.unit);
    CHECK(property.contains("default") == (param.name != "name"));
  }
  CHECK(schema["properties"]["rate_per_s"]["exclusiveMinimum"] == 0.0);
  CHECK(schema["properties"]["count"]["maximum"] == 9);
  CHECK(schema["properties"]["seed"]["maximum"] == 9223372036854775807);
  CHECK(schema["properties"]["inner"]["properties"]["cost_s"]["default"] == 0.25);
  CHECK(schema["$defs"]["shapes"]["oneOf"].size() == 4);  // bare names, and three components
  CHECK(schema["$defs"]["shapes"]["oneOf"][0]["enum"] == json::array({"group", "square"}));
  CHECK(schema["$defs"].contains("tree"));
  // Defaults are valid themselves.
  for (const auto& [key, property] : schema["properties"].items()) {
    INFO(key);
    if (property.is_object() && property.contains("default")) {
      CHECK(schema_error(property, schema, property["default"]) == "");
    }
  }
}

TEST_CASE("the reference page is written from the tables", "[scenario]") {
  const RegistryCore* registries[] = {&ShapeRegistry::core()};
  const std::string page = markdown_reference("Sample", table().table(), registries);
  CHECK(page.starts_with("# Sample\n\n| parameter | default | allowed | meaning | source |\n"));
  CHECK(page.find("| `name` | required | a text in double quotes | Name. |  |\n") != std::string::npos);
  CHECK(page.find("| `inner.cost_s` | `0.25` | a finite number >= 0, s | Cost of a record. |  |\n") !=
        std::string::npos);
  CHECK(page.find("| `list[].threads` | `1` |") != std::string::npos);
  CHECK(page.find("| `map.<name>.threads` | `1` |") != std::string::npos);
  CHECK(page.find("## shapes\n\n### `circle`\n\nOne radius.\n\n| parameter |") != std::string::npos);
  CHECK(page.find("| `radius` | required | a finite number > 0, m | Radius. | Euclid III |\n") !=
        std::string::npos);
  CHECK(page.find("A \\| in the help.") != std::string::npos);
  CHECK(page.find("### `square`\n\nFour equal sides.\n\nSource: Euclid I, 46\n") != std::string::npos);
}

TEST_CASE("a table that is wrong itself is found at once", "[scenario]") {
  ParamTable<Inner> twice;
  twice.integer("threads", &Inner::threads, {});
  CHECK_THROWS_AS(twice.integer("threads", &Inner::threads, {}), std::logic_error);
  CHECK_THROWS_AS(twice.required("thread"), std::logic_error);
  CHECK_THROWS_AS(ShapeRegistry::add<Inner>({.name = "square"}, twice, nullptr), std::logic_error);
  CHECK_THROWS_AS((ShapeRegistry::Choice::of("square", Inner{})), std::logic_error);
}

TEST_CASE("nested parameters without a default must be given", "[scenario]") {
  struct Outer {
    Inner inner;
    ShapeRegistry::Choice shape{"circle"};
  };
  ParamTable<Inner> inner;
  inner.real("cost_s", &Inner::cost_s, {});
  inner.required("cost_s");
  ParamTable<Outer> outer;
  outer.object("inner", &Outer::inner, inner, {});
  outer.component<ShapeRegistry>("shape", &Outer::shape, {});
  Errors errors;
  Outer out;
  CHECK_FALSE(outer.read(parse_document("{}", "f.json", errors)->root(), out, errors));
  CHECK(errors.text() ==
        "f.json:1: inner: missing (an object)\nf.json:1: shape: missing (a shape: circle, group, square)\n");
}
