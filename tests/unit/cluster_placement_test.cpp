#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/scenario/parse.hpp"

using namespace weir;

namespace {

// Three hosts with 2, 3 and 4 slots.
struct PlacementRig {
  PlacementRig() : cluster(spec(), calendar, "") { graph.operators.resize(2); }
  static ClusterSpec spec() {
    ClusterSpec cluster;
    for (int host = 0; host < 3; ++host) {
      HostGroupSpec group;
      group.name = "host-" + std::to_string(host);
      group.cores = 2 + host;
      cluster.hosts.push_back(group);
    }
    return cluster;
  }
  std::unique_ptr<Placement> make(const std::string& json) {
    Errors errors;
    const auto document = parse_document(json, "f", errors);
    PlacementRegistry::Choice choice;
    choice.read(document->root(), errors);
    REQUIRE(errors.text() == "");
    return choice.build({1, "job", cluster, graph});
  }
  Calendar calendar;
  Cluster cluster;
  LogicalGraph graph;
};

std::vector<InstanceToPlace> instances(const std::vector<int>& parallelism) {
  std::vector<InstanceToPlace> wanted;
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    for (int i = 0; i < parallelism[op]; ++i) wanted.push_back({static_cast<int>(op), i});
  }
  return wanted;
}

std::vector<PlacedInstance> placed(const std::vector<InstanceToPlace>& wanted,
                                   const std::vector<int>& hosts) {
  std::vector<PlacedInstance> result;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    result.push_back({wanted[i].operator_id, wanted[i].index, hosts[i]});
  return result;
}

}  // namespace

TEST_CASE("placements put instances where they say", "[placement]") {
  PlacementRig rig;
  const auto wanted = instances({2, 3});
  using Hosts = std::vector<int>;
  CHECK(*rig.make(R"("round-robin")")->place(wanted, {}, {}) == Hosts{0, 1, 2, 0, 1});
  CHECK(*rig.make(R"("packed")")->place(wanted, {}, {}) == Hosts{0, 0, 1, 1, 1});
  CHECK(*rig.make(R"("spread-by-operator")")->place(wanted, {}, {}) == Hosts{2, 1, 2, 0, 1});
  CHECK(*rig.make(R"("round-robin")")->place(wanted, {}, {0, 1, 4}) == Hosts{1, 2, 2, 2, 2});
  CHECK_FALSE(rig.make(R"("packed")")->place(wanted, {}, {0, 1, 3}));
  CHECK_FALSE(rig.make(R"("packed")")->place(instances({10}), {}, {}));
  CHECK(rig.make(R"("packed")")->place(instances({9}), {}, {}).has_value());
}

TEST_CASE("every placement respects slots and keeps what can be kept", "[placement]") {
  PlacementRig rig;
  for (const char* type : {R"("round-robin")", R"("packed")", R"("spread-by-operator")", R"("random")",
                           R"({"type": "explicit", "operators": {}})", R"("first-fit")", R"("best-fit")",
                           R"("next-fit")", R"("worst-fit")", R"("first-fit-decreasing")",
                           R"({"type": "heron-first-fit-decreasing", "cores": 0, "memory_gib": 0})",
                           R"({"type": "resource-compliant-round-robin", "cores": 0, "memory_gib": 0})"}) {
    INFO(type);
    const auto placement = rig.make(type);
    const auto small = instances({2, 2});
    const auto large = instances({4, 5});
    const auto first = placement->place(small, {}, {});
    REQUIRE(first);
    const auto second = placement->place(large, placed(small, *first), {});
    REQUIRE(second);
    std::vector<int> used(3);
    for (const int host : *second) ++used[static_cast<std::size_t>(host)];
    CHECK(used == std::vector<int>{2, 3, 4});
    CHECK((*second)[0] == (*first)[0]);
    CHECK((*second)[1] == (*first)[1]);
    CHECK((*second)[4] == (*first)[2]);
    CHECK((*second)[5] == (*first)[3]);
    // One that stood where there is no room any more moves.
    const auto moved = placement->place(small, placed(small, {0, 0, 0, 0}), {1, 3, 4});
    REQUIRE(moved);
    CHECK(std::count(moved->begin(), moved->end(), 0) <= 1);
    CHECK((*moved)[0] == 0);
  }
}

TEST_CASE("explicit placement goes by operator", "[placement]") {
  PlacementRig rig;
  rig.graph.operators[0].name = std::string("source");
  rig.graph.operators[1].name = std::string("map");
  const auto placement =
      rig.make(R"({"type": "explicit", "operators": {"map": {"hosts": ["host-2", "host-1"]}}})");
  const auto wanted = instances({2, 4});
  CHECK(*placement->place(wanted, {}, {}) == std::vector<int>{0, 1, 2, 1, 2, 1});
  CHECK(placement->place(wanted, placed(wanted, {0, 0, 0, 0, 0, 0}), {}).value()[2] != 0);
  CHECK_THROWS_WITH(rig.make(R"({"type": "explicit", "operators": {"mop": {"hosts": []}}})"),
                    Catch::Contains("mop"));
  CHECK_THROWS_WITH(rig.make(R"({"type": "explicit", "operators": {"map": {"hosts": ["host-9"]}}})"),
                    Catch::Contains("host-9"));
}
