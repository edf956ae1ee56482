#include "tests/reference/random_scenario.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace weir::test {

namespace {

using json = nlohmann::json;

struct Node {
  std::string name;
  bool source;
  int parallelism;
  double rate_per_s = 0;  // that comes in
  double selectivity = 1;
  bool has_output = false;
  bool fixed = false;  // policies do not change it
};

class Maker {
 public:
  Maker(Dice& dice, const RandomKind& kind) : dice_(dice), kind_(kind), s_(kind.until_s, 0.1) {}

  ScenarioText make() {
    const int sources = 1 + dice_.below(2);
    for (int i = 0; i < sources; ++i) add_source(i);
    const int operators = 1 + dice_.below(4);
    for (int i = 0; i < operators; ++i) {
      if (kind_.join && dice_.coin()) add_fork(i);
      add_operator(i, i + 1 == operators);
    }
    // Whoever has no output yet is a sink; a source without one gets an edge to the last operator.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].source && !nodes_[i].has_output) connect(i, nodes_.size() - 1);
    }
    set_costs();
    if (kind_.heron) {
      set_heron();
    } else {
      set_engine();
    }
    if (kind_.rescale && dice_.below(3) > 0) add_script();
    return s_;
  }

 private:
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(dice_.below(static_cast<int>(choices.size())))];
  }

  void add_source(int i) {
    Node node{fmt::format("s{}", i), true, 1 + dice_.below(3), dice_.between(50, 400)};
    const bool poisson = kind_.random_laws && dice_.coin();
    json& source =
        s_.source(node.name, {{"type", poisson ? "poisson" : "constant"}, {"rate_per_s", node.rate_per_s}});
    source["parallelism"] = node.parallelism;
    source["when_blocked"] = dice_.coin() ? "queue" : "skip";
    nodes_.push_back(node);
  }

  void add_operator(int i, bool last) {
    Node node{fmt::format("o{}", i), false, 1 + dice_.below(4)};
    json logic = "map";
    if (last || dice_.below(5) == 0) {
      logic = last ? "sink" : "map";
    } else if (dice_.coin()) {
      node.selectivity = one_of<double>({0.25, 1.0 / 3, 0.7, 1.5, 2.5});
      logic = {{"type", "flat-map"}, {"selectivity", node.selectivity}, {"law", "deterministic"}};
    }
    s_.op(node.name, logic, json::object(), node.parallelism);
    nodes_.push_back(node);
    const std::size_t to = nodes_.size() - 1;
    // One input or more, from anybody before; a chain is as likely as all else together.
    std::vector<bool> taken(to, false);
    if (join_to_feed_ > 0) {
      connect(join_to_feed_, to);
      taken[join_to_feed_] = true;
      join_to_feed_ = 0;
    }
    const int inputs = 1 + (dice_.coin() ? 0 : dice_.below(2));
    for (int k = 0; k < inputs; ++k) {
      const auto from =
          k == 0 && dice_.coin() ? to - 1 : static_cast<std::size_t>(dice_.below(static_cast<int>(to)));
      if (taken[from]) continue;
      taken[from] = true;
      connect(from, to);
    }
  }

  // Two or three ways from somebody before, and what joins them.
  void add_fork(int i) {
    const auto from = static_cast<std::size_t>(dice_.below(static_cast<int>(nodes_.size())));
    std::vector<std::size_t> ways;
    for (int k = 2 + dice_.below(2); k > 0; --k) {
      Node node{fmt::format("f{}{}", i, k), false, 1 + dice_.below(3)};
      json logic = "map";
      if (dice_.below(3) == 0) {
        node.selectivity = one_of<double>({0.7, 1.5});
        logic = {{"type", "flat-map"}, {"selectivity", node.selectivity}, {"law", "deterministic"}};
      }
      s_.op(node.name, logic, json::object(), node.parallelism);
      nodes_.push_back(node);
      ways.push_back(nodes_.size() - 1);
      connect(from, ways.back());
    }
    Node join{fmt::format("j{}", i), false, 1};
    join.selectivity = 1 / static_cast<double>(ways.size());
    join.fixed = true;
    s_.op(join.name, "join", json::object())["scalable"] = false;
    nodes_.push_back(join);
    for (const std::size_t way : ways) connect(way, nodes_.size() - 1);
    // It is no sink: the next operator takes from it.
    join_to_feed_ = nodes_.size() - 1;
  }

  void connect(std::size_t from, std::size_t to) {
    Node& a = nodes_[from];
    Node& b = nodes_[to];
    std::vector<std::string> ways = {"rebalance", "key", "broadcast", "global", "weighted"};
    if (kind_.random_laws) ways.push_back("shuffle");
    if (a.parallelism == b.parallelism) ways.push_back("forward");
    if (kind_.pull) ways.insert(ways.end(), 3, "pull");
    std::string way = one_of(ways);
    const bool weighted = way == "weighted";
    json& edge = s_.edge(a.name, b.name, weighted ? "key" : way);
    if (weighted) {
      edge["keys"] = {
          {"law", "zipf"}, {"count", 50}, {"exponent", 0.8}, {"random", kind_.random_laws && dice_.coin()}};
    }
    a.has_output = true;
    b.rate_per_s += a.rate_per_s * a.selectivity * (way == "broadcast" ? b.parallelism : 1);
  }

  // Loads from nearly nothing to too much.
  void set_costs() {
    const std::vector<double> loads = {0, 0.3, 0.7, 0.95, 1.3};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      json cost = json::object();
      const double load = one_of<double>(kind_.heron ? std::vector<double>{0, 0.5, 0.8, 1.1, 1.5} : loads);
      double rate = std::max(node.rate_per_s, 1.0) / node.parallelism;
      if (load > 0 && (!node.source || dice_.below(3) == 0)) {
        cost["per_record_us"] = std::round(1e9 * load / rate) / 1e3;
        if (kind_.random_laws) cost["law"] = one_of<std::string>({"deterministic", "exponential", "gamma"});
        if (dice_.below(4) == 0) cost["per_batch_us"] = 3.125;
        if (dice_.below(4) == 0) cost["per_byte_ns"] = 7;
      }
      json& list = s_.dataflow()[node.source ? "sources" : "operators"];
      for (json& entry : list) {
        if (entry["name"] != node.name) continue;
        entry["cost"] = cost;
        if (!node.source && dice_.below(4) == 0) entry["contention"] = {{"sigma", 0.25}, {"kappa", 0.125}};
      }
    }
  }

  void set_engine() {
    s_.engine()["channel_capacity_records"] = one_of<int>({0, 1, 2, 5, 20});
    s_.engine()["on_stop"] = dice_.coin() ? "drain" : "drop";
    s_.engine()["savepoint_s"] = one_of<double>({0, 0.05, 0.137});
    s_.engine()["restart_s"] = one_of<double>({0, 0.1});
    s_.engine()["restart_per_instance_s"] = one_of<double>({0, 0.001});
    if (!kind_.hosts || dice_.below(3) > 0) return;
    s_.hosts()[0]["count"] = 2 + dice_.below(2);
    s_.all["cluster"]["network"] = {{"latency_us", one_of<double>({50, 1000})}};
    for (json& source : s_.dataflow()["sources"]) source["record_bytes"] = 0;
    for (json& op : s_.dataflow()["operators"]) op["output_bytes"] = 0;
  }

  // Records of whole bytes. Over several hosts they are so small and links so fast that a tuple set takes no
  // time but latency, even that of spouts which catch up on two seconds: at 10^6 Gbit/s it takes 0.5 ns from
  // 60 kB on.
  void set_heron() {
    const bool spread = kind_.hosts && dice_.below(3) > 0;
    const int most_bytes = spread ? 8 : 320;
    json& engine = s_.engine();
    engine.erase("channel_capacity_records");
    engine["type"] = "heron";
    engine["instances_per_container"] = 1 + dice_.below(5);
    engine["drain_ms"] = one_of<double>({0.37, 1, 10, 10, 10, 25});
    const double high_mib = dice_.between(1, 20) * most_bytes / 1048576;
    engine["high_water_mib"] = high_mib;
    engine["low_water_mib"] = high_mib * one_of<double>({0, 0.3, 0.5, 0.5, 0.95});
    engine["backpressure_sightings"] = one_of<int>({1, 2, 3, 3});
    engine["backpressure_delay_ms"] = one_of<double>({0, 0, 0.5, 40, 150});
    engine["restart_s"] = one_of<double>({0, 0.004, 0.1});
    engine["restart_per_instance_s"] = one_of<double>({0, 0.001});
    engine["restart_cv"] = kind_.random_laws ? one_of<double>({0, 0.5}) : 0;
    for (json& source : s_.dataflow()["sources"]) source["record_bytes"] = 1 + dice_.below(most_bytes);
    for (json& op : s_.dataflow()["operators"]) op["output_bytes"] = 1 + dice_.below(most_bytes);
    if (!spread) return;
    s_.hosts()[0]["count"] = 2 + dice_.below(2);
    s_.hosts()[0]["nic_gbit_per_s"] = 1e6;
    s_.all["cluster"]["network"] = {{"latency_us", one_of<double>({50, 1000, 7000})}};
  }

  void add_script() {
    json steps = json::array();
    const int actions = 1 + dice_.below(3);
    double time_s = 0;
    for (int i = 0; i < actions; ++i) {
      time_s += dice_.between(0.05, 0.8);
      for (std::size_t op = 0; op < nodes_.size(); ++op) {
        if (nodes_[op].source || nodes_[op].fixed || dice_.coin()) continue;
        steps.push_back({{"time_s", time_s}, {"operator_id", op}, {"parallelism", 1 + dice_.below(5)}});
      }
    }
    s_.job()["policy"] = {{"type", "test-scripted"}, {"interval_s", 0.1}, {"steps", steps}};
  }

  Dice& dice_;
  const RandomKind& kind_;
  ScenarioText s_;
  std::vector<Node> nodes_;
  std::size_t join_to_feed_ = 0;
};

}  // namespace

ScenarioText random_scenario(Dice& dice, const RandomKind& kind) {
  return Maker(dice, kind).make();
}

void crowd_cores(ScenarioText& s, Dice& dice) {
  s.hosts()[0]["cores"] = 1 + dice.below(3);
  s.hosts()[0]["slots"] = 64;
}

// About as much as the sources send.
void contend_links(ScenarioText& s, Dice& dice) {
  s.hosts()[0]["count"] = 3;
  s.hosts()[0]["nic_gbit_per_s"] = dice.between(0.0005, 0.005);
  s.all["cluster"]["network"] = {{"latency_us", 100}};
}

void convert_records(ScenarioText& s, Dice& dice) {
  for (const char* list : {"sources", "operators"}) {
    for (json& op : s.dataflow()[list]) {
      if (dice.coin()) op["cost"]["deserialization_per_record_us"] = dice.below(200);
      if (dice.coin()) op["cost"]["serialization_per_record_us"] = dice.below(200);
      if (dice.coin()) op["cost"]["serialization_per_byte_ns"] = dice.below(300);
    }
  }
}

void make_batches(ScenarioText& s, Dice& dice) {
  s.all["fidelity"] = {{"batch_records", 2 + dice.below(dice.coin() ? 8 : 1000)},
                       {"batch_span_ms", dice.between(0.5, 100)}};
  if (dice.coin()) s.engine()["channel_capacity_records"] = 100 + dice.below(1000);
}

}  // namespace weir::test
