// `weir plan` from outside, and what is said to those who ask for what cannot be planned.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/support/figures.hpp"
#include "tests/support/worked_example.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

const std::string home = std::string("WEIR_HOME=") + WEIR_SOURCE_DIR;

Outcome plan(const std::vector<std::string>& options, const TemporaryFolder& folder) {
  std::vector<std::string> words{"plan", "papers/barre/worked-example"};
  words.insert(words.end(), options.begin(), options.end());
  return run_weir(words, {folder.path(), {home}});
}

json report(const std::vector<std::string>& options) {
  const TemporaryFolder folder;
  std::vector<std::string> words{"--json"};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome outcome = plan(words, folder);
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(folder.files().empty());
  return json::parse(outcome.out);
}

constexpr double exactly = 1e-6;  // of records/s, where the oracle has 1e-9 ADU/ms

void check_refused(const json& scenario, const std::string& says) {
  const TemporaryFolder folder;
  folder.write("wrong.json", scenario.dump(1));
  for (const char* command : {"plan", "run"}) {
    const Outcome outcome = run_weir({command, "wrong.json"}, {folder.path()});
    CAPTURE(command, outcome.out);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(says));
    CHECK_THAT(outcome.err, Catch::Contains("wrong.json:"));
  }
  CHECK(folder.files().size() == 1);
}

}  // namespace

TEST_CASE("weir plan: the worked example's region, index points and plans", "[cli][barre]") {
  const json found = report({"--at", "150,100"});
  const std::vector<std::pair<double, double>> corners{{0, 0}, {250, 0}, {250, 100}, {100, 200}, {0, 200}};
  REQUIRE(found["region"].size() == corners.size());
  for (std::size_t i = 0; i < corners.size(); ++i) {
    CHECK(found["region"][i][0].get<double>() == Approx(corners[i].first).margin(exactly));
    CHECK(found["region"][i][1].get<double>() == Approx(corners[i].second).margin(exactly));
  }
  CHECK(found["area"].get<double>() == Approx(42500).margin(1e-3));
  CHECK(found["rate_max_alone_per_s"]["app1"].get<double>() == Approx(250).margin(exactly));
  CHECK(found["rate_max_alone_per_s"]["app2"].get<double>() == Approx(200).margin(exactly));
  REQUIRE(found["index_points"].size() == 2);
  for (const json& point : found["index_points"]) {
    CHECK(point["used"]["A"]["cpu"].get<double>() == Approx(1).margin(1e-9));
    CHECK(point["used"]["B"]["cpu"].get<double>() == Approx(1).margin(1e-9));
    if (point["rates_per_s"]["app1"] > 200) {
      CHECK(point["plan_per_s"]["c1"]["A"].get<double>() == Approx(250).margin(exactly));
      CHECK(point["plan_per_s"]["c2"]["B"].get<double>() == Approx(100).margin(exactly));
    }
  }
  const json& look_up = found["look_up"];
  CHECK(look_up["headroom_per_s"].get<double>() == Approx(40).margin(exactly));
  CHECK(look_up["headroom_max_per_s"].get<double>() == Approx(40).margin(exactly));
  CHECK(look_up["headroom_alone_per_s"]["app1"].get<double>() == Approx(100).margin(exactly));
  CHECK(look_up["headroom_alone_per_s"]["app2"].get<double>() == Approx(200.0 / 3).margin(exactly));
  CHECK(look_up["planned_for_per_s"]["app1"].get<double>() == Approx(190).margin(exactly));
  CHECK(look_up["plan_per_s"]["c2"]["A"].get<double>() == Approx(40).margin(exactly));
}

TEST_CASE("weir plan: the published search", "[cli][barre]") {
  const json found = report({"--search", "midpoint", "--tolerance", "0.02", "--time"});
  CHECK(found["index_points"].size() == 3);
  CHECK(found["area_below_index_points"].get<double>() / found["area"].get<double>() ==
        Approx(0.99361).margin(5e-6));
  CHECK(found["search_s"].get<double>() > 0);
  CHECK(found["look_up_s"].get<double>() > 0);
  CHECK(report({"--search", "midpoint", "--tolerance", "0.0004"})["index_points"].size() == 15);
  CHECK(report({"--search", "midpoint", "--tolerance", "0.0004", "--rounds", "1"})["index_points"].size() ==
        3);
}

TEST_CASE("weir plan: what a search costs, in linear programs", "[cli][barre]") {
  // Two for each application: its greatest rate, for the tolerance and as the first points. Then one for each
  // middle: of the first side, which moves by 0.0696 ADU/ms; of the two that it is divided into, which move
  // by 0.0236 and 0.0461; of the four that these become, of which two stand along an axis and have none.
  const auto programs = [](const char* tolerance) {
    return report({"--search", "midpoint", "--tolerance", tolerance})["linear_programs"].get<int>();
  };
  CHECK(programs("1") == 4 + 1);
  CHECK(programs("0.2") == 4 + 1 + 2);
  CHECK(programs("0.02") == 4 + 1 + 2 + 2);
  const TemporaryFolder folder;
  CHECK_THAT(plan({"--search", "midpoint"}, folder).out,
             Catch::Contains("to 5/s: 9 linear programs\n") && Catch::Contains("of 2 sides looked at\n"));
  // Where middles move the cost grows exponentially with the applications, as published: the evaluation's
  // first network, at 1 %.
  int before = 0;
  for (int applications = 2; applications <= 7; ++applications) {
    const Outcome outcome =
        run_weir({"plan", "papers/barre/evaluation", "--search", "midpoint", "--tolerance", "0.01", "--json",
                  "--set", fmt::format("jobs[0].workload.applications={}", applications), "--set",
                  "jobs[0].workload.bursting=0", "--set", "jobs[0].workload.structure_seed=1", "--set",
                  "jobs[0].placement.seed=1"},
                 {folder.path(), {home}});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const int now = json::parse(outcome.out)["linear_programs"];
    CAPTURE(applications, before, now);
    // At two and three applications nothing moves.
    if (applications <= 3) CHECK(now == 2 * applications + 1);
    if (applications > 3) CHECK(now > 2 * before);
    before = now;
  }
}

TEST_CASE("weir plan says it for people, and draws the region", "[cli][barre][figure]") {
  const TemporaryFolder folder;
  const Outcome text = plan({}, folder);
  CHECK(text.code == 0);
  CHECK_THAT(text.out, Catch::Contains("feasible region: (0, 0) (250, 0) (250, 100) (100, 200) (0, 200)"));
  CHECK_THAT(text.out, Catch::Contains("2 index points"));
  CHECK_THAT(text.out, Catch::Contains("every rate may grow by 71.1111/s"));
  if (!can_draw()) return;
  const Outcome drawn = plan({"--draw", "region"}, folder);
  INFO(drawn.out << drawn.err);
  REQUIRE(drawn.code == 0);
  check_picture(folder.path() / "region", "plan-region",
                {"weir,exact,region,", "weir,published,index point,"});
  // One search alone is drawn as what it is.
  const Outcome one = plan({"--search=midpoint", "--draw", "one"}, folder);
  INFO(one.out << one.err);
  REQUIRE(one.code == 0);
  check_picture(folder.path() / "one", "plan-region",
                {"weir,published,region,", "weir,published,index point,"});
  CHECK_THAT(read_file(folder.path() / "one/plan-region.csv"), !Catch::Contains("exact"));
}

TEST_CASE("weir plan: wrong options are told", "[cli][barre]") {
  const TemporaryFolder folder;
  struct Wrong {
    std::vector<std::string> options;
    std::string says;
  };
  for (const Wrong& wrong :
       std::vector<Wrong>{{{"--search", "exat"}, "did you mean \"exact\"?"},
                          {{"--at", "1,x"}, "rates from 0 to 1e9 with commas between"},
                          {{"--at", "1,-2"}, "rates from 0 to 1e9 with commas between"},
                          {{"--at", "1,2,3"}, "--at has 3 rates, and there are 2 applications: app1, app2"},
                          {{"--at", "1e308,0"}, "rates from 0 to 1e9 with commas between"},
                          {{"--rounds", "101"}, "0 to 100"},
                          {{"--draw", "d", "--json"}, "--json is JSON alone"},
                          {{"--tolerance", "0"}, "a finite number > 0"},
                          {{"--tolerance", "5"}, "a part of the greatest rate: 1 at most"},
                          {{"--tolerance", "0.1"}, "--tolerance is of the published search"},
                          {{"--search", "exact", "--rounds", "3"}, "--rounds is of the published search"},
                          {{"--job", "aplications"}, "did you mean \"applications\"?"}}) {
    const Outcome outcome = plan(wrong.options, folder);
    CAPTURE(outcome.out);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
  }
  const Outcome none = run_weir({"plan", "word-count"}, {folder.path(), {home}});
  CHECK(none.code == 2);
  CHECK_THAT(none.err, Catch::Contains("no job of this scenario shares nodes"));
  CHECK(folder.files().empty());
}

TEST_CASE("rates of any size are planned for: the region is that of the worked example, scaled",
          "[cli][barre]") {
  for (const double cost : {1e-7, 1e-5, 2e-5, 1.0, 1e5}) {
    json scenario = shipped_worked_example(WEIR_SOURCE_DIR);
    for (json& op : scenario["jobs"][0]["workload"]["operators"])
      op["cost"]["per_record_us"] = cost * op["cost"]["per_record_us"].get<double>();
    scenario["until_s"] = 1;
    const TemporaryFolder folder;
    folder.write("scaled.json", scenario.dump(1));
    const std::string at = fmt::format("{},{}", std::min(150 / cost, 1e9), std::min(100 / cost, 1e9 / 1.5));
    const double at_1 = std::min(150 / cost, 1e9) * cost, at_2 = std::min(100 / cost, 1e9 / 1.5) * cost;
    for (const char* search : {"exact", "midpoint"}) {
      const Outcome outcome = run_weir({"plan", "scaled.json", "--search", search, "--at", at, "--json"},
                                       {folder.path(), {home}});
      CAPTURE(cost, search, outcome.err);
      REQUIRE(outcome.code == 0);
      const json found = json::parse(outcome.out);
      CHECK(found["area"].get<double>() * cost * cost == Approx(42500).epsilon(1e-7));
      CHECK(found["index_points"].size() == (std::string(search) == "exact" ? 2 : 3));
      // The border that counts: 2 app1 + 3 app2 = 800, or app1 = 250.
      const double room = std::min((800 - 2 * at_1 - 3 * at_2) / 5, 250 - at_1);
      CHECK(found["look_up"]["headroom_max_per_s"].get<double>() * cost == Approx(room).epsilon(1e-6));
    }
    for (const char* policy :
         {"barre", "static-reservation", "dynamic-adaptation", "adaptation-with-reservation"}) {
      const Outcome outcome =
          run_weir({"run", "scaled.json", "--policy", policy, "-o", policy}, {folder.path(), {home}});
      CAPTURE(cost, policy, outcome.err);
      CHECK(outcome.code == 0);
      CHECK_THAT(outcome.out,
                 Catch::Contains(std::string(policy) + " changed how rates are split once, at 0 s."));
      CHECK_THAT(outcome.out, !Catch::Contains("changed nothing"));
    }
  }
}

TEST_CASE("applications come in their order, not in that of letters", "[cli][barre]") {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_weir({"plan", "papers/barre/evaluation", "--set", "jobs[0].workload.applications=11", "--set",
                "jobs[0].workload.bursting=0"},
               {folder.path(), {home}});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const auto second = outcome.out.find("app2 "), tenth = outcome.out.find("app10 ");
  REQUIRE(second != std::string::npos);
  REQUIRE(tenth != std::string::npos);
  CHECK(second < tenth);
}

TEST_CASE("what synergy cannot run is told", "[cli][barre]") {
  const json good = shipped_worked_example(WEIR_SOURCE_DIR);
  json wrong = good;
  json* engine = &wrong["jobs"][0]["engine"];
  const auto again = [&] {
    wrong = good;
    engine = &wrong["jobs"][0]["engine"];
  };
  (*engine)["shares"]["c3"] = {{"by_instance", {1}}};
  check_refused(wrong, "jobs[0].engine.shares.c3: there is no operator \"c3\" besides the sources");
  again();
  (*engine)["shares"]["c1"]["by_instance"] = {1};
  check_refused(wrong, "jobs[0].engine.shares.c1.by_instance: 1 values (one for each of 2 instances)");
  again();
  (*engine)["shares"]["c1"]["by_instance"] = {0.5, 0.6};
  check_refused(wrong, "the shares of \"c1\" add up to 1.1 (1)");
  again();
  (*engine)["cost_factors"]["c1"]["by_instance"] = {1, 1, 1};
  check_refused(wrong, "jobs[0].engine.cost_factors.c1.by_instance: 3 values (one for each of 2 instances)");
  again();
  (*engine)["resources"] = {{{"name", "cpu"}}};
  check_refused(wrong, "jobs[0].engine.resources[0].name: there is another resource \"cpu\"");
  again();
  (*engine)["resources"] = {{{"name", ""}}};
  check_refused(wrong, "jobs[0].engine.resources[0].name: is empty (a name)");
  again();
  (*engine)["resources"] = {{{"name", "memory"}, {"nodes", {{"C", {{"per_s", 1}}}}}}};
  check_refused(wrong, "jobs[0].engine.resources[0].nodes.C: there is no host \"C\"");
  again();
  (*engine)["resources"] = {{{"name", "memory"}, {"uses", {{"c9", {{"per_record", 1}}}}}}};
  check_refused(wrong,
                "jobs[0].engine.resources[0].uses.c9: there is no operator \"c9\" besides the sources");
  again();
  // Both at once, each where it is.
  (*engine)["resources"] = {{{"name", "memory"}, {"nodes", {{"C", {{"per_s", 1}}}}}}};
  (*engine)["shares"]["c3"] = {{"by_instance", {1}}};
  check_refused(wrong, "resources[0].nodes.C: there is no host");
  check_refused(wrong, "shares.c3: there is no operator");
  again();
  (*engine)["resources"] = {{{"name", "memory"}, {"per_s", 1e-300}, {"uses", {{"c1", {{"per_record", 1}}}}}}};
  check_refused(wrong, "jobs[0].engine: the linear program has no proven optimum: costs and capacities");
  again();
  wrong["cluster"]["hosts"][0]["cores"] = 2;
  check_refused(wrong, "host A has 2 cores: a node's processor is one");
  again();
  wrong["jobs"][0]["workload"]["edges"][1] = {{"from", "app1"}, {"to", "c2"}};
  wrong["jobs"][0]["workload"]["edges"].push_back({{"from", "app2"}, {"to", "c2"}});
  check_refused(wrong, "operator \"c2\" gets records of several sources, and an application has one");
  again();
  wrong["jobs"][0]["workload"]["edges"][2]["partitioning"] = "broadcast";
  check_refused(wrong, "edge c1 -> d1: rates are split among instances by shares");
  again();
  for (const char* op : {"c1", "d1"})
    for (json& spec : wrong["jobs"][0]["workload"]["operators"])
      if (spec["name"] == op) spec["cost"]["per_record_us"] = 0;
  check_refused(wrong, "application \"app1\" uses no resource of any node");
}

TEST_CASE("what by-service and shared-services cannot place is told where it is written", "[cli][barre]") {
  const json good =
      json::parse(read_file(std::string(WEIR_SOURCE_DIR) + "/scenarios/papers/barre/evaluation.json"));
  const auto with = [&](const char* part, const char* key, const json& value) {
    json wrong = good;
    wrong["jobs"][0][part][key] = value;
    return wrong;
  };
  check_refused(
      with("placement", "services_per_node", 1),
      "jobs[0].placement.services_per_node: 1 services a node on 8 nodes, and there are 9 services");
  check_refused(with("placement", "services_per_node", 50),
                "jobs[0].placement.services_per_node: 50 services");
  check_refused(with("placement", "outside", json::array({"outsid"})),
                "jobs[0].placement.outside: there is no host \"outsid\" (did you mean \"outside\"?");
  check_refused(with("placement", "outside", json::array()), "jobs[0].placement.outside: is empty");
  check_refused(with("workload", "bursting", 5), "jobs[0].workload.bursting: 5 of 4 applications");
  check_refused(with("workload", "applications", 17), "17 sources, and there may be 16 applications at most");
}

TEST_CASE("several jobs that share nodes: one has to be named", "[cli][barre]") {
  const TemporaryFolder folder;
  json two = shipped_worked_example(WEIR_SOURCE_DIR);
  for (json& host : two["cluster"]["hosts"]) host["slots"] = 8;
  two["jobs"].push_back(two["jobs"][0]);
  two["jobs"][1]["name"] = "others";
  folder.write("two.json", two.dump());
  const Outcome none = run_weir({"plan", "two.json"}, {folder.path()});
  CHECK(none.code == 2);
  CHECK_THAT(none.err, Catch::Contains("several jobs share nodes: --job applications | others"));
  const Outcome one = run_weir({"plan", "two.json", "--job", "others"}, {folder.path()});
  INFO(one.err);
  CHECK(one.code == 0);
}

TEST_CASE("weir plan: --draw is for two applications", "[cli][barre]") {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_weir({"plan", "papers/barre/evaluation", "--draw", "d"}, {folder.path(), {home}});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Catch::Contains("--draw is for two applications, and there are 4"));
  CHECK(folder.files().empty());
}

namespace {

// A search whose sides grow without a useful end.
const std::vector<std::string> endless{"run",   "papers/barre/evaluation",
                                       "-o",    "out",
                                       "--set", "jobs[0].workload.bursting=0",
                                       "--set", "jobs[0].workload.applications=12",
                                       "--set", R"(jobs[0].policy={"type":"barre","tolerance":0.0001})"};

}  // namespace

TEST_CASE("a search inside a run is given up at Ctrl-C, and the result says that it is not all",
          "[cli][barre][run]") {
  const TemporaryFolder folder;
  const Outcome outcome = run_weir(endless, {folder.path(), {home}, 2000});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Catch::Contains("incomplete"));
  const json summary = json::parse(read_file(folder.path() / "out/summary.json"));
  CHECK(summary["complete"] == false);
  CHECK_FALSE(summary.contains("policy_state"));  // no index points
}

TEST_CASE("a search inside a run that meets too many sides is an error, and leaves nothing",
          "[cli][barre][run]") {
  const TemporaryFolder folder;
  const Outcome outcome = run_weir(endless, {folder.path(), {home}});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err,
             Catch::Contains("cannot plan: more than 50000 sides, too many for the midpoint search") &&
                 Catch::Contains("a larger tolerance, or fewer rounds"));
  CHECK(folder.files().empty());
}

TEST_CASE("run.h5: table splits has the shares that summary.json has", "[cli][barre][run]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = run_weir(
      {"run", "papers/barre/worked-example", "-o", "out", "--quiet", "--until", "60", "--set",
       R"(jobs[0].workload.sources[1].arrivals={"type":"phases","phases":[{"duration_s":30,"rate_per_s":80},{"duration_s":30,"rate_per_s":190}]})"},
      {folder.path(), {home}});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const char* const program = R"(
import h5py, json
with h5py.File("out/run.h5") as f:
    t = {c: f["splits"][c][:] for c in f["splits"]}
    names = {int(i): n.decode() for i, n in zip(f["operators"]["operator_id"][:], f["operators"]["name"][:])}
actions = {}
for k in range(len(t["action_id"])):
    a = actions.setdefault(int(t["action_id"][k]), {"decision_id": int(t["decision_id"][k]), "time_s": float(t["requested_s"][k]),
                           "ended_s": float(t["ended_s"][k]), "status": t["status"][k].decode(), "shares": {}})
    of = a["shares"].setdefault(names[int(t["operator_id"][k])], [])
    assert int(t["instance"][k]) == len(of), "instances come in their order"
    of.append(float(t["share"][k]))
print(json.dumps([actions[a] for a in sorted(actions)]))
)";
  const char* chosen = std::getenv("WEIR_PYTHON");
  const std::string python = chosen != nullptr && *chosen != 0 ? chosen : "/usr/bin/python3";
  const Outcome read = run_program({python, "-c", program}, {.folder = folder.path()});
  INFO(read.err);
  REQUIRE(read.code == 0);
  const json table = json::parse(read.out);
  const json written = json::parse(read_file(folder.path() / "out/summary.json"))["scaling"]["splits"];
  REQUIRE(written.size() >= 2);  // at the start, and at the burst
  REQUIRE(table.size() == written.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(i);
    for (const char* key : {"decision_id", "status", "shares"}) CHECK(table[i][key] == written[i][key]);
    for (const char* key : {"time_s", "ended_s"})
      CHECK(table[i][key].get<double>() == Approx(written[i][key].get<double>()).margin(1e-6));
    for (const auto& [name, shares] : table[i]["shares"].items()) {
      double sum = 0;
      for (const json& share : shares) sum += share.get<double>();
      CHECK(sum == 1);
    }
  }
}

TEST_CASE("policies that split rates need an engine that does", "[cli][barre]") {
  const TemporaryFolder folder;
  for (const char* policy :
       {"barre", "static-reservation", "dynamic-adaptation", "adaptation-with-reservation"}) {
    const Outcome outcome = run_weir({"run", "word-count", "--policy", policy}, {folder.path(), {home}});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Catch::Contains("splits rates among instances, which the engine") &&
                                Catch::Contains("the engine \"synergy\""));
  }
  CHECK(folder.files().empty());
}
