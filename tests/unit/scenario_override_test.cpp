#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/scenario/override.hpp"
#include "sim/scenario/parse.hpp"
#include "tests/support/scenario_sample.hpp"

using namespace weir;

namespace {

// The tree as compact JSON, in the order of the file.
std::string dump(const Node& node) {
  if (!node.is_array() && !node.is_object()) return node.shown();
  std::string out;
  for (const Node* child : node.children()) {
    out += out.empty() ? "" : ",";
    if (node.is_object()) out += child->key() + ":";
    out += dump(*child);
  }
  return node.is_array() ? "[" + out + "]" : "{" + out + "}";
}

struct Result {
  std::string tree;
  std::string errors;
};

Result set(const std::string& json, const std::vector<std::string>& arguments) {
  Errors errors;
  auto document = parse_document(json, "x.json", errors);
  REQUIRE(document);
  for (const std::string& argument : arguments) apply_override(*document, argument, errors);
  return {dump(document->root()), errors.text()};
}

const std::string jobs = R"({"jobs": [{"name": "wc", "policy": "ds2", "ops": [{"name": "map", "cost": 1}]},
                                     {"name": "a.b", "policy": {"type": "static"}}], "n": 5, "z": null})";

std::string changed(const std::string& argument) {
  const Result result = set(jobs, {argument});
  CHECK(result.errors == "");
  return result.tree;
}

std::string refused(const std::string& argument) {
  const Result result = set(jobs, {argument});
  CHECK(result.tree == set(jobs, {}).tree);
  return result.errors;
}

}  // namespace

TEST_CASE("an argument sets a value by index, by name, and makes what is missing", "[scenario]") {
  const std::string tail = R"({name:"a.b",policy:{type:"static"}}],n:5,z:null})";
  const std::string head = R"({jobs:[{name:"wc",)";
  CHECK(changed("jobs[0].ops[0].cost=2.5") == head + R"(policy:"ds2",ops:[{name:"map",cost:2.5}]},)" + tail);
  CHECK(changed("jobs.wc.ops.map.cost=2.5") == changed("jobs[0].ops[0].cost=2.5"));
  CHECK(changed("jobs.0.ops.0.cost=2.5") == changed("jobs[0].ops[0].cost=2.5"));
  CHECK(changed("jobs.wc.policy=threshold") ==
        head + R"(policy:"threshold",ops:[{name:"map",cost:1}]},)" + tail);
  CHECK(changed("jobs.wc.policy=\"threshold\"") == changed("jobs.wc.policy=threshold"));
  CHECK(changed("jobs.wc.policy.high=1") ==
        head + R"(policy:{type:"ds2",high:1},ops:[{name:"map",cost:1}]},)" + tail);
  CHECK(changed(R"(jobs["a.b"].policy.type=x)") ==
        head + R"(policy:"ds2",ops:[{name:"map",cost:1}]},{name:"a.b",policy:{type:"x"}}],n:5,z:null})");
  CHECK(set("{}", {"a.b.c=1", "a.b.d=[1,2]", "a.b.d[1]=x=y"}).tree == R"({a:{b:{c:1,d:[1,"x=y"]}}})");
  CHECK(set("{}", {R"(["a b"].c={"d":null})"}).tree == "{a b:{c:{d:null}}}");
  CHECK(set("{}", {"a=", "b=true", "c=-1e3", "d=1e999", "e=0x10"}).tree ==
        R"({a:"",b:true,c:-1e3,d:"1e999",e:"0x10"})");
  CHECK(set(jobs, {"z.a=1", "z.a=2"}).tree == set(jobs, {"z.a=2"}).tree);
  CHECK(set("[1]", {"[0]=2"}).tree == "[2]");
}

TEST_CASE("an argument that fits nowhere is an error that names it", "[scenario]") {
  CHECK(refused("jobs[2].x=1") == "--set jobs[2].x=1: jobs: there is no item [2] (0 to 1)\n");
  CHECK(refused("jobs.vc.x=1") ==
        "--set jobs.vc.x=1: jobs: there is no item with the name \"vc\" (did you mean \"wc\"? allowed: wc, "
        "a.b)\n");
  CHECK(refused("n.x=1") == "--set n.x=1: n: 5 has no member \"x\" (only objects have)\n");
  CHECK(refused("n[0]=1") == "--set n[0]=1: n: 5 has no item [0] (only arrays have)\n");
  CHECK(refused("jobs[0].policy[1]=1") ==
        "--set jobs[0].policy[1]=1: jobs[0].policy: \"ds2\" has no item [1] "
        "(only arrays have)\n");
  CHECK(refused("n={\"a\":1") ==
        "--set n={\"a\":1: n: column 6: unexpected end of input; expected '}' "
        "(JSON as in RFC 8259, in UTF-8)\n");
  CHECK(refused("n={\"a\":1,\"a\":2}") ==
        "--set n={\"a\":1,\"a\":2}: n.a: this key is there twice (each key once)\n");
  const std::string allowed = " (path.to.key=VALUE, jobs[0].key=VALUE, jobs.name.key=VALUE)\n";
  CHECK(refused("n") == "--set n: $: there is no '='" + allowed);
  CHECK(refused("=1") == "--set =1: $: character 1 of the path: the path is empty" + allowed);
  CHECK(refused("a..b=1") == "--set a..b=1: $: character 3 of the path: a part is empty" + allowed);
  CHECK(refused("jobs[x]=1") ==
        "--set jobs[x]=1: $: character 6 of the path: an index or a key in double quotes belongs here" +
            allowed);
  CHECK(refused("jobs[0=1") == "--set jobs[0=1: $: character 7 of the path: a ']' belongs here" + allowed);
  CHECK(refused("jobs[99999999999999999999]=1").find("an index") != std::string::npos);
  CHECK(refused(std::string(5000, '[') + "=1").find("--set [[") == 0);
}

TEST_CASE("what a set value causes later names the argument", "[scenario]") {
  Errors errors;
  auto document = parse_document("{\n\"name\": \"x\",\n\"count\": 12\n}", "x.json", errors);
  for (const char* argument :
       {"rate_per_s=-1", "colour=gren", "shape.side=-2", "inner.thread=2", "shape=circel"}) {
    apply_override(*document, argument, errors);
  }
  test::Sample sample;
  CHECK_FALSE(test::sample_table().read(document->root(), sample, errors));
  CHECK(
      errors.text() ==
      "x.json:3: count: 12 is out of range (an integer from 0 to 9)\n"
      "--set rate_per_s=-1: rate_per_s: -1 is out of range (a finite number > 0, records/s)\n"
      "--set colour=gren: colour: unknown choice \"gren\" (did you mean \"green\"? allowed: red, green, "
      "blue)\n"
      "--set shape=circel: shape: unknown shape \"circel\" (did you mean \"circle\"? allowed: circle, group, "
      "square)\n"
      "--set inner.thread=2: inner.thread: unknown parameter of inner (did you mean \"threads\"? allowed: "
      "cost_s, threads)\n");
}

TEST_CASE("a failed check names the arguments that changed the object", "[scenario]") {
  struct Marks {
    double low = 0.2, high = 0.8;
  };
  ParamTable<Marks> table;
  table.real("low", &Marks::low, {}, any());
  table.real("high", &Marks::high, {}, any());
  table.check_all([](const Marks& m, const Node& at, Errors& errors) {
    if (m.low >= m.high) errors.add(at, "low is not below high", "low < high");
  });
  Errors errors;
  auto document = parse_document("{\"high\": 0.5}", "x.json", errors);
  apply_override(*document, "low=0.6", errors);
  Marks marks;
  CHECK_FALSE(table.read(document->root(), marks, errors));
  CHECK(errors.text() == "x.json:1: $: low is not below high, with --set low=0.6 (low < high)\n");
}
