// Where the placements that pack put instances: against every assignment there is, and against their own
// definitions.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/scenario/parse.hpp"
#include "tests/support/dice.hpp"

using namespace weir;
using nlohmann::json;
using weir::test::Dice;
using weir::test::test_seed;

namespace {

// In a slot, a quarter of a core, half a GiB.
struct Size {
  int slots = 1, quarters = 0, halves = 0;
  bool within(const Size& room) const {
    return slots <= room.slots && quarters <= room.quarters && halves <= room.halves;
  }
  void take(const Size& size) {
    slots -= size.slots;
    quarters -= size.quarters;
    halves -= size.halves;
  }
};

// The largest of each are powers of two, so that shares of them are exact.
const std::vector<Size> hosts = {{2, 8, 32}, {4, 16, 16}, {3, 12, 64}, {4, 8, 64}};

struct Rig {
  Rig() : cluster(spec(), calendar, "") {
    for (const char* name : {"source", "map", "count"}) {
      graph.operators.emplace_back();
      graph.operators.back().name = std::string(name);
    }
  }
  static ClusterSpec spec() {
    ClusterSpec cluster;
    for (const Size& host : hosts) {
      HostGroupSpec group;
      group.name = "host-" + std::to_string(cluster.hosts.size());
      group.cores = host.quarters / 4;
      group.slots = host.slots;
      group.memory_gib = host.halves / 2.0;
      cluster.hosts.push_back(group);
    }
    return cluster;
  }
  std::unique_ptr<Placement> make(const json& description, bool shared = false) {
    Errors errors;
    const auto document = parse_document(description.dump(), "f", errors);
    PlacementRegistry::Choice choice;
    choice.read(document->root(), errors);
    REQUIRE(errors.text() == "");
    return choice.build({1, "job", cluster, graph, shared});
  }
  Calendar calendar;
  Cluster cluster;
  LogicalGraph graph;
};

json description(const std::string& type, const std::vector<Size>& sizes) {
  json operators;
  const char* names[] = {"source", "map", "count"};
  for (std::size_t op = 0; op < 3; ++op)
    operators[names[op]] = {{"cores", sizes[op].quarters / 4.0}, {"memory_gib", sizes[op].halves / 2.0}};
  return {{"type", type}, {"operators", operators}};
}

struct Room {
  Size size;
  bool open = false;
};

// A share of the largest host; what no instance takes does not count.
double share(const Size& size, bool cores, bool memory) {
  return size.slots / 4.0 + (cores ? size.quarters / 16.0 : 0) + (memory ? size.halves / 64.0 : 0);
}

int choose(const std::string& rule, const std::vector<Room>& rooms, int last, const Size& size, bool cores,
           bool memory) {
  std::vector<int> fitting, open;
  for (int host = 0; host < static_cast<int>(rooms.size()); ++host) {
    if (!size.within(rooms[static_cast<std::size_t>(host)].size)) continue;
    fitting.push_back(host);
    if (rooms[static_cast<std::size_t>(host)].open) open.push_back(host);
  }
  if (rule == "next-fit") {
    const auto at = std::find_if(fitting.begin(), fitting.end(), [&](int host) { return host >= last; });
    return at == fitting.end() ? -1 : *at;
  }
  const auto room = [&](int host) {
    return share(rooms[static_cast<std::size_t>(host)].size, cores, memory);
  };
  if (!open.empty() && rule == "best-fit")
    return *std::min_element(open.begin(), open.end(), [&](int a, int b) { return room(a) < room(b); });
  if (!open.empty() && rule == "worst-fit")
    return *std::max_element(open.begin(), open.end(), [&](int a, int b) { return room(a) < room(b); });
  return fitting.empty() ? -1 : fitting.front();
}

std::optional<std::vector<int>> by_definition(const std::string& rule, const std::vector<Size>& sizes,
                                              const std::vector<InstanceToPlace>& wanted,
                                              const std::vector<int>& free_slots, bool cores, bool memory) {
  std::vector<Room> rooms;
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    rooms.push_back({hosts[host], false});
    rooms.back().size.slots = free_slots[host];
  }
  const auto size_of = [&](std::size_t i) { return sizes[static_cast<std::size_t>(wanted[i].operator_id)]; };
  std::vector<std::size_t> order(wanted.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (rule == "first-fit-decreasing")
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return share(size_of(a), cores, memory) > share(size_of(b), cores, memory);
    });
  std::vector<int> placed(wanted.size());
  int last = 0;
  for (const std::size_t i : order) {
    const int host = choose(rule, rooms, last, size_of(i), cores, memory);
    if (host < 0) return std::nullopt;
    rooms[static_cast<std::size_t>(host)].size.take(size_of(i));
    rooms[static_cast<std::size_t>(host)].open = true;
    last = placed[i] = host;
  }
  return placed;
}

// The fewest hosts in any assignment that fits; 0: there is none.
int fewest_hosts(const std::vector<Size>& items, std::size_t at, std::vector<Size>& rooms, unsigned used) {
  if (at == items.size()) return __builtin_popcount(used);
  int fewest = 0;
  for (std::size_t host = 0; host < rooms.size(); ++host) {
    if (!items[at].within(rooms[host])) continue;
    const Size before = rooms[host];
    rooms[host].take(items[at]);
    const int with = fewest_hosts(items, at + 1, rooms, used | 1u << host);
    rooms[host] = before;
    if (with > 0 && (fewest == 0 || with < fewest)) fewest = with;
  }
  return fewest;
}

}  // namespace

TEST_CASE("placements that pack go where their definitions say, and nowhere that does not fit",
          "[property][placement][packing]") {
  Rig rig;
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int refused = 0, refused_though_possible = 0, more_hosts_than_needed = 0;
  for (int round = 0; round < 2000; ++round) {
    const bool cores = dice.below(4) > 0, memory = dice.below(4) > 0;
    std::vector<Size> sizes;
    for (int op = 0; op < 3; ++op)
      sizes.push_back({1, cores ? 1 + dice.below(8) : 0, memory ? 1 + dice.below(16) : 0});
    std::vector<int> free_slots;
    for (const Size& host : hosts) free_slots.push_back(dice.below(host.slots + 1));
    std::vector<InstanceToPlace> wanted;
    for (int op = 0; op < 3; ++op)
      for (int i = dice.below(3); i >= 0; --i) wanted.push_back({op, i});

    std::vector<Size> items, rooms = hosts;
    for (const InstanceToPlace& w : wanted) items.push_back(sizes[static_cast<std::size_t>(w.operator_id)]);
    for (std::size_t host = 0; host < hosts.size(); ++host) rooms[host].slots = free_slots[host];
    const int fewest = fewest_hosts(items, 0, rooms, 0);

    for (const char* rule : {"first-fit", "best-fit", "next-fit", "worst-fit", "first-fit-decreasing"}) {
      INFO("round " << round << ", " << rule);
      const auto placement = rig.make(description(rule, sizes));
      const auto placed = placement->place(wanted, {}, free_slots);
      REQUIRE(placed == by_definition(rule, sizes, wanted, free_slots, cores, memory));
      CHECK(placement->refusal().empty() == placed.has_value());
      refused += !placed;
      if (!placed) {
        refused_though_possible += fewest > 0;
        continue;
      }
      REQUIRE(fewest > 0);
      std::vector<Size> left = rooms;
      for (std::size_t i = 0; i < items.size(); ++i) {
        const auto host = static_cast<std::size_t>((*placed)[i]);
        REQUIRE(items[i].within(left[host]));
        left[host].take(items[i]);
      }
      const int used = static_cast<int>(std::set<int>(placed->begin(), placed->end()).size());
      CHECK(used >= fewest);
      more_hosts_than_needed += used > fewest;
    }
  }
  // Each happened, so that each was looked at.
  CHECK(refused > 0);
  CHECK(refused_though_possible > 0);
  CHECK(more_hosts_than_needed > 0);
}

TEST_CASE("at a rescale what fits stays, and only the others are packed", "[placement][packing]") {
  Rig rig;
  using Hosts = std::vector<int>;
  const auto placement = rig.make(description("first-fit", {{1, 4, 0}, {1, 8, 0}, {1, 4, 0}}));
  // Cores of the hosts: 2, 4, 3, 2. The map (2 cores) stands on host 3, the source (1) on host 2.
  const std::vector<PlacedInstance> before = {{0, 0, 2}, {1, 0, 3}};
  CHECK(*placement->place({{0, 0}, {1, 0}, {1, 1}, {2, 0}}, before, {}) == Hosts{2, 3, 0, 1});
  // On the one slot that is left at host 2 the count stays; the source, that was there before it, does so
  // first.
  CHECK(*placement->place({{0, 0}, {2, 0}}, {{2, 0, 2}, {0, 0, 2}}, {2, 4, 1, 4}) == Hosts{2, 0});
  // Two maps on host 0 were more than its cores are: the second moves.
  CHECK(*placement->place({{1, 0}, {1, 1}}, {{1, 0, 0}, {1, 1, 0}}, {}) == Hosts{0, 1});
}

TEST_CASE("a shared slot is as large as an instance of every operator", "[placement][packing]") {
  Rig rig;
  // 0.5 + 1 + 0.5 cores: one slot on a host of 2 cores, two on one of 4, one on one of 3.
  const auto placement = rig.make(description("first-fit", {{1, 2, 0}, {1, 4, 0}, {1, 2, 0}}), true);
  CHECK(*placement->place(slots_wanted({1, 4, 2}, true), {}, {}) == std::vector<int>{0, 1, 1, 2});
  CHECK_FALSE(placement->place(slots_wanted({1, 6, 2}, true), {}, {}));
  CHECK_THAT(placement->refusal(), Catch::Contains("a slot with an instance of every operator"));
}

TEST_CASE("Heron's first-fit-decreasing sorts by RAM, then cores, and leaves padding",
          "[oracle][placement][packing]") {
  Rig rig;
  using Hosts = std::vector<int>;
  // Less 1 core and max(1 GiB, 10 %): containers of 1, 3, 2, 1 cores and 14.4, 7, 28.8, 28.8 GiB.
  const std::vector<InstanceToPlace> wanted = {{0, 0}, {1, 0}, {1, 1}, {2, 0}};
  const auto equal_memory =
      rig.make({{"type", "heron-first-fit-decreasing"}, {"operators", {{"map", {{"cores", 2}}}}}});
  // The maps first, by their cores: host 1 has three, host 2 two. Then the source and the count.
  CHECK(*equal_memory->place(wanted, {}, {}) == Hosts{0, 1, 2, 1});
  const auto by_memory = rig.make({{"type", "heron-first-fit-decreasing"},
                                   {"operators", {{"map", {{"cores", 2}}}, {"count", {{"memory_gib", 7}}}}}});
  // RAM comes before cores: the count first, to host 0, though a map is the larger share of a host.
  CHECK(*by_memory->place(wanted, {}, {}) == Hosts{1, 1, 2, 0});
  // 14.4 GiB fit exactly in host 0, and a little more does not.
  const auto exact = [&](double gib) {
    return rig.make({{"type", "heron-first-fit-decreasing"}, {"cores", 0}, {"memory_gib", gib}})
        ->place({{0, 0}}, {}, {})
        ->at(0);
  };
  CHECK(exact(14.4) == 0);
  CHECK(exact(14.41) == 2);
  const auto dense = rig.make(
      {{"type", "heron-first-fit-decreasing"}, {"cores", 0}, {"memory_gib", 0}, {"instances_max", 1}});
  CHECK(*dense->place(wanted, {}, {}) == Hosts{0, 1, 2, 3});
  CHECK_FALSE(dense->place(slots_wanted({1, 2, 2}, false), {}, {}));
}

TEST_CASE("resource-compliant round-robin is strict at first and begins anew with a container more",
          "[oracle][placement][packing]") {
  Rig rig;
  using Hosts = std::vector<int>;
  const auto make = [&](json more) {
    more["type"] = "resource-compliant-round-robin";
    return rig.make(more);
  };
  const std::vector<InstanceToPlace> wanted = {{0, 0}, {1, 0}, {1, 1}, {2, 0}};
  // Containers of 1, 3, 2, 1 cores. With 1: the second does not fit. With 2: the third, in host 0. With 3:
  // the fourth, in host 0. With 4: one each.
  CHECK(*make({})->place(wanted, {}, {}) == Hosts{0, 1, 2, 3});
  // All four fit in 2 when they need half a core; more containers than instances are not begun.
  CHECK(*make({{"cores", 0.5}})->place(wanted, {}, {}) == Hosts{0, 1, 0, 1});
  CHECK(*make({{"cores", 0.5}, {"containers", 3}})->place(wanted, {}, {}) == Hosts{0, 1, 2, 0});
  CHECK(*make({{"cores", 0.5}, {"containers", 9}})->place({{0, 0}, {1, 0}}, {}, {}) == Hosts{0, 1});
  // Strict: host 1 and 2 have room for the fifth, but it is host 0's turn.
  const auto strict = make({});
  CHECK_FALSE(strict->place(slots_wanted({1, 3, 1}, false), {}, {}));
  CHECK_THAT(strict->refusal(), Catch::Contains("\"count\""));

  // An update is flexible. Two containers; the two new maps are no whole container of 3 cores: both go to
  // host 1, since host 0 is full.
  const auto flexible = make({{"containers", 2}});
  const std::vector<PlacedInstance> before = {{0, 0, 0}, {2, 0, 1}};
  CHECK(*flexible->place(slots_wanted({1, 2, 1}, false), before, {}) == Hosts{0, 1, 1, 1});
  // Three new ones are a container, so host 2 is there from the start, and in turn: 1, 2, 1.
  CHECK(*flexible->place(slots_wanted({1, 3, 1}, false), before, {}) == Hosts{0, 1, 2, 1, 1});
  // 6 more are two containers: hosts 0 to 3, which have room for 5 more.
  CHECK(*flexible->place(slots_wanted({1, 5, 1}, false), before, {}) == Hosts{0, 1, 2, 3, 1, 2, 1});
  CHECK_FALSE(flexible->place(slots_wanted({1, 6, 1}, false), before, {}));
}
