#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/schedules.hpp"
#include "sim/scenario/errors.hpp"
#include "sim/scenario/node.hpp"

// How a dataflow looks in JSON, and everything that can be wrong with one.

namespace weir {

namespace {

// Eleven days a record: what a batch of them takes still fits the clock.
Range cost_range() {
  return between(0, 1e12);
}

ParamTable<CostSpec> make_cost_table() {
  ParamTable<CostSpec> t("cost");
  t.real("per_record_us", &CostSpec::per_record_us,
         {.unit = "us", .help = "Time on a reference core for each record: the mean of the law."},
         cost_range());
  t.real("per_byte_ns", &CostSpec::per_byte_ns,
         {.unit = "ns", .help = "Time for each byte of input (deserialization)."}, cost_range());
  t.real("deserialization_per_record_us", &CostSpec::deserialization_per_record_us,
         {.unit = "us", .help = "Time to deserialize a record that comes in, besides its bytes."},
         cost_range());
  t.real("serialization_per_record_us", &CostSpec::serialization_per_record_us,
         {.unit = "us", .help = "Time to serialize a record that goes out, however many receive it."},
         cost_range());
  t.real("serialization_per_byte_ns", &CostSpec::serialization_per_byte_ns,
         {.unit = "ns", .help = "Time to serialize each byte that goes out."}, cost_range());
  t.real("per_batch_us", &CostSpec::per_batch_us,
         {.unit = "us", .help = "Time for each batch that is pulled: what an engine pays per buffer."},
         cost_range());
  t.choice("law", &CostSpec::law, {.help = "Distribution of the per-record time."},
           {{"deterministic", CostLaw::deterministic},
            {"exponential", CostLaw::exponential},
            {"gamma", CostLaw::gamma},
            {"lognormal", CostLaw::lognormal},
            {"empirical", CostLaw::empirical}});
  t.real("cv", &CostSpec::cv,
         {.unit = "", .help = "Coefficient of variation of the per-record time (gamma, lognormal)."},
         Range{.low = 0, .high = 100, .low_open = true});
  t.reals("values_us", &CostSpec::values_us,
          {.unit = "us", .help = "Measured per-record times (empirical); their mean replaces per_record_us."},
          cost_range());
  t.check({"law", "values_us"}, [](const CostSpec& p, const Node& at, Errors& errors) {
    const bool empirical = p.law == CostLaw::empirical;
    if (empirical && std::none_of(p.values_us.begin(), p.values_us.end(), [](double v) { return v > 0; })) {
      errors.add(at.at_or_self("values_us"), "an empirical law has no positive value",
                 "measured times, in us");
    }
    if (!empirical && !p.values_us.empty()) {
      errors.add(at.at_or_self("values_us"), "only the empirical law has values", "\"law\": \"empirical\"");
    }
  });
  return t;
}

ParamTable<SourceSpec> make_source_table() {
  ParamTable<SourceSpec> t("source");
  t.text("name", &SourceSpec::name, {.help = "Its name, unique in the dataflow."});
  t.component<ArrivalRegistry>("arrivals", &SourceSpec::arrivals,
                               {.help = "When its records arrive, all instances together."});
  t.real("record_bytes", &SourceSpec::record_bytes, {.unit = "B", .help = "Size of a record."},
         Range{.low = 0, .high = 1e12});
  t.object("cost", &SourceSpec::cost, make_cost_table(), {.help = "What emitting a record costs."});
  t.integer("parallelism", &SourceSpec::parallelism,
            {.unit = "instances", .help = "Source instances; policies do not change it."}, between(1, 16384));
  t.choice("when_blocked", &SourceSpec::when_blocked,
           {.help = "Records that arrive while it may not emit: `queue` outside (a log), or `skip`: they are "
                    "never made (a rate-limited generator)."},
           {{"queue", WhenBlocked::queue}, {"skip", WhenBlocked::skip}});
  t.required("name");
  t.required("arrivals");
  return t;
}

ParamTable<ContentionSpec> make_contention_table() {
  ParamTable<ContentionSpec> t("contention");
  t.real("sigma", &ContentionSpec::sigma,
         {.unit = "",
          .help = "Each of p instances is slower by 1 + sigma (p-1) + kappa p (p-1).",
          .source = "Gunther 1993; 0.0045 to 0.03 fitted to published Flink jobs"},
         between(0, 1));
  t.real("kappa", &ContentionSpec::kappa, {.unit = "", .help = "Coherence part of the same law."},
         between(0, 1));
  return t;
}

ParamTable<StateSpec> make_state_table() {
  ParamTable<StateSpec> t("state");
  t.real("keys", &StateSpec::keys, {.unit = "keys", .help = "Keys that state is kept for."},
         between(0, 1e15));
  t.real("bytes_per_key", &StateSpec::bytes_per_key, {.unit = "B", .help = "State of one key."},
         between(0, 1e12));
  return t;
}

ParamTable<OperatorSpec> make_operator_table() {
  ParamTable<OperatorSpec> t("operator");
  t.text("name", &OperatorSpec::name, {.help = "Its name, unique in the dataflow."});
  t.component<OperatorRegistry>("logic", &OperatorSpec::logic, {.help = "What it does with its records."});
  t.object("cost", &OperatorSpec::cost, make_cost_table(), {.help = "What processing costs."});
  t.object("contention", &OperatorSpec::contention, contention_table(),
           {.help = "How scaling falls short of linear."});
  t.object("state", &OperatorSpec::state, state_table(),
           {.help = "Keyed state, which moves when it is rescaled."});
  t.real("output_bytes", &OperatorSpec::output_bytes, {.unit = "B", .help = "Size of an output record."},
         Range{.low = 0, .high = 1e12});
  t.integer("parallelism", &OperatorSpec::parallelism,
            {.unit = "instances", .help = "Instances at the start."}, between(1, 16384));
  t.integer("min_parallelism", &OperatorSpec::min_parallelism,
            {.unit = "instances", .help = "A policy gets no fewer."}, between(1, 16384));
  t.integer("max_parallelism", &OperatorSpec::max_parallelism,
            {.unit = "instances", .help = "A policy gets no more."}, between(1, 16384));
  t.boolean("scalable", &OperatorSpec::scalable, {.help = "Whether policies may change it."});
  t.required("name");
  t.required("logic");
  t.check_parts([](const OperatorSpec& p, const Node& at, Errors& errors) {
    check_parallelism(p.parallelism, p.min_parallelism, p.max_parallelism, at, errors);
  });
  return t;
}

ParamTable<KeySpec> key_table() {
  ParamTable<KeySpec> t("keys");
  t.choice(
      "law", &KeySpec::law,
      {.help = "Weights of the keys. `even`: every receiving instance gets the same share. `sender`: the "
               "operator that sends knows the keys of its records (those of Nexmark); others deal in turn."},
      {{"even", KeyLaw::even},
       {"tilted", KeyLaw::tilted},
       {"uniform", KeyLaw::uniform},
       {"zipf", KeyLaw::zipf},
       {"hot", KeyLaw::hot},
       {"weights", KeyLaw::weights},
       {"sender", KeyLaw::sender}});
  t.integer("count", &KeySpec::count, {.unit = "keys", .help = "How many keys (uniform, zipf, hot)."},
            between(2, 10'000'000));
  t.real("exponent", &KeySpec::exponent, {.unit = "", .help = "zipf: the k-th key has weight k^-exponent."},
         between(0, 10));
  t.real("hot_share", &KeySpec::hot_share, {.unit = "share of records", .help = "hot: of the one hot key."},
         between(0, 1));
  t.reals("weights", &KeySpec::weights, {.unit = "", .help = "weights: of each key."}, non_negative());
  t.real("tilt", &KeySpec::tilt,
         {.unit = "",
          .help = "tilted: the shares of the receiving instances rise linearly with their index, from "
                  "1 - tilt to 1 + tilt times the even share: a mild skew at any parallelism."},
         between(0, 1));
  t.boolean("random", &KeySpec::random,
            {.help = "Draw the key of each record; false: meet the shares by carried remainders."});
  t.check({"law", "weights"}, [](const KeySpec& p, const Node& at, Errors& errors) {
    const bool weighted = p.law == KeyLaw::weights;
    if (weighted && std::none_of(p.weights.begin(), p.weights.end(), [](double w) { return w > 0; })) {
      errors.add(at.at_or_self("weights"), "no key has a positive weight", "one weight for each key");
    }
    if (!weighted && !p.weights.empty()) {
      errors.add(at.at_or_self("weights"), "weights are given, but the law is another",
                 "\"law\": \"weights\"");
    }
  });
  return t;
}

ParamTable<EdgeSpec> make_edge_table() {
  ParamTable<EdgeSpec> t("edge");
  t.text("from", &EdgeSpec::from, {.help = "Name of the sending source or operator."});
  t.text("to", &EdgeSpec::to, {.help = "Name of the receiving operator."});
  t.choice(
      "partitioning", &EdgeSpec::partitioning,
      {.help = "Which instance a record goes to: the one of the same index, all in turn, a random one, by "
               "hash of its key, a copy to each, all to the first, or `pull`: one queue in order of arrival, "
               "each batch goes to the first instance that is free, of several the one idle longest."},
      {{"forward", Partitioning::forward},
       {"rebalance", Partitioning::rebalance},
       {"shuffle", Partitioning::shuffle},
       {"key", Partitioning::key},
       {"broadcast", Partitioning::broadcast},
       {"global", Partitioning::global},
       {"pull", Partitioning::pull}});
  t.object("keys", &EdgeSpec::keys, key_table(), {.help = "Keys of a key-partitioned edge."});
  t.boolean("feedback", &EdgeSpec::feedback, {.help = "Declares that this edge closes a loop."});
  t.required("from");
  t.required("to");
  return t;
}

// ---------------------------------------------------------------- the graph as a whole

std::string quoted_list(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void add_unknown(Errors& errors, const Node& at, const std::string& name,
                 const std::set<std::string>& known) {
  errors.add(at, "unknown operator \"" + name + "\"",
             allowed_names(name, std::vector<std::string>(known.begin(), known.end())));
}

const Node& item(const Node& at, const char* list, std::size_t index) {
  const Node* node = at.find(list);
  return node != nullptr && index < node->items().size() ? *node->items()[index] : at;
}

// What of a dataflow is known, when some of it may be wrong: its lists, and in each of their items the
// members that a check is about to look at.
class Known {
 public:
  Known(const Node& at, const Errors& errors) : at_(at), errors_(errors) {}

  // Whether it is known how many items there are.
  bool list(const char* name) const {
    const Node* node = at_.find(name);
    return node != nullptr ? node->is_array() : errors_.sound(at_, name);
  }
  bool item(const char* list, std::size_t index, std::initializer_list<const char*> members) const {
    const Node& node = weir::item(at_, list, index);
    if (&node == &at_) return true;  // not written by a user
    if (!node.is_object()) return false;
    return std::all_of(members.begin(), members.end(),
                       [&](const char* member) { return errors_.sound(node, member); });
  }
  template <class T>
  bool items(const char* name, const std::vector<T>& all, std::initializer_list<const char*> members) const {
    if (!list(name)) return false;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!item(name, i, members)) return false;
    return true;
  }
  // Its kind is, though perhaps not each of its parameters.
  bool logic(std::size_t index, const OperatorSpec& op) const {
    const Node& node = weir::item(at_, "operators", index);
    return !op.logic.empty() && (node.find("logic") != nullptr || errors_.sound(node, "logic"));
  }

 private:
  const Node& at_;
  const Errors& errors_;
};

// Any instance may take a record from a queue: what belongs to a key would be scattered.
void check_pull(const OperatorSpec& op, bool logic_known, bool state_known, const EdgeSpec& edge,
                const Node& at, Errors& errors) {
  OperatorContext context{0, op.name};
  const bool keyed_logic = logic_known && op.logic.build(context)->keyed();
  if (!keyed_logic && (!state_known || op.state.keys == 0)) return;
  errors.add(at.at_or_self("partitioning"),
             "a pull edge to \"" + edge.to + "\", which keeps " +
                 (keyed_logic ? "results (" + op.logic.name() + ")" : std::string("state")) +
                 " by key: any of its instances would get a record of a key",
             "\"key\", or an operator without keys");
}

// The names of the sources whose records can come by `edge`.
std::set<std::string> sources_of(const DataflowSpec& spec, const EdgeSpec& edge) {
  std::set<std::string> before = {edge.from};
  for (bool grew = true; grew;) {
    grew = false;
    for (const EdgeSpec& e : spec.edges) {
      if (before.contains(e.to)) grew = before.insert(e.from).second || grew;
    }
  }
  std::set<std::string> sources;
  for (const SourceSpec& source : spec.sources) {
    if (before.contains(source.name)) sources.insert(source.name);
  }
  return sources;
}

// Whether there are several instances of it, or a policy may make several.
bool may_be_several(const OperatorSpec& op, std::size_t index, const Known& known) {
  return (known.item("operators", index, {"parallelism"}) && op.parallelism != 1) ||
         (known.item("operators", index, {"scalable", "max_parallelism"}) && op.scalable &&
          op.max_parallelism != 1);
}

// The parts of an origin have to meet: in one instance, from the same sources, on two edges or more.
void check_join(const DataflowSpec& spec, std::size_t index, const Known& known, bool edges_known,
                const Node& at, Errors& errors) {
  const OperatorSpec& op = spec.operators[index];
  OperatorContext context{0, op.name};
  if (!known.logic(index, op) || !op.logic.build(context)->joins()) return;
  const std::string what = "\"" + op.name + "\" joins the parts of each source record";
  if (may_be_several(op, index, known)) {
    errors.add(at.at_or_self("parallelism"), what + ", which must come to one instance",
               "\"parallelism\": 1, \"scalable\": false");
  }
  if (!edges_known || !known.item("operators", index, {"name"})) return;
  std::vector<const EdgeSpec*> inputs;
  bool has_output = false;
  for (const EdgeSpec& edge : spec.edges) {
    has_output = has_output || edge.from == op.name;
    if (edge.to != op.name) continue;
    inputs.push_back(&edge);
    if (edge.feedback)
      errors.add(at, what + ", and has a feedback edge as input", "inputs that do not wait for it");
  }
  if (inputs.size() < 2) {
    errors.add(at, what + ", but has " + std::to_string(inputs.size()) + " input",
               "two edges or more that lead to it");
  }
  if (!has_output) errors.add(at, what + ", but has no output", "an edge from it, for example to a sink");
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (sources_of(spec, *inputs[i]) == sources_of(spec, *inputs[0])) continue;
    errors.add(at,
               what + ", but its inputs from \"" + inputs[0]->from + "\" and \"" + inputs[i]->from +
                   "\" stem from different sources",
               "inputs that fork from one operator");
  }
}

void check_driver(const DataflowSpec& spec, std::size_t index, const Known& known, bool edges_known,
                  const Node& at, Errors& errors) {
  const OperatorSpec& op = spec.operators[index];
  OperatorContext context{0, op.name};
  if (!known.logic(index, op)) return;
  const auto logic = op.logic.build(context);
  if (dynamic_cast<const SchedulesOthers*>(logic.get()) == nullptr) return;
  const std::string what = "\"" + op.name + "\" schedules the tasks of each batch";
  if (may_be_several(op, index, known)) {
    errors.add(at.at_or_self("parallelism"), what + ", whose reports must come to one instance",
               "\"parallelism\": 1, \"scalable\": false");
  }
  if (!edges_known || !known.item("operators", index, {"name"})) return;
  int batches = 0, reports = 0, tasks = 0;
  for (const EdgeSpec& edge : spec.edges) {
    tasks += edge.from == op.name ? 1 : 0;
    if (edge.to == op.name) ++(edge.feedback ? reports : batches);
  }
  if (batches != 1 || reports != 1 || tasks != 1) {
    errors.add(at,
               what + ", and has " + std::to_string(batches) + " edges to it, " + std::to_string(reports) +
                   " with \"feedback\", and " + std::to_string(tasks) + " from it",
               "batches by one edge, reports by one with \"feedback\": true, tasks by one");
  }
}

// Whether what passes the operator loses time there: a nanosecond a record or a batch, which is the clock's
// step.
bool takes_time(const OperatorSpec& op) {
  const CostSpec& cost = op.cost;
  double per_record_us = cost.per_record_us;
  for (const double value : cost.values_us) per_record_us = std::max(per_record_us, value);
  per_record_us += cost.deserialization_per_record_us + cost.per_batch_us;
  return per_record_us >= 1e-3 || cost.per_byte_ns > 0;
}

// A loop in which nothing takes time has no end: records would go round in it within one instant.
void check_loops(const DataflowSpec& spec, const Known& known, const Node& at, Errors& errors) {
  std::set<std::string> instant;
  for (std::size_t i = 0; i < spec.operators.size(); ++i) {
    if (known.item("operators", i, {"cost"}) && !takes_time(spec.operators[i]))
      instant.insert(spec.operators[i].name);
  }
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const EdgeSpec& closing = spec.edges[i];
    if (!closing.feedback || !instant.contains(closing.from) || !instant.contains(closing.to)) continue;
    // The way back, by operators without a cost alone.
    std::map<std::string, std::string> reached_from = {{closing.to, {}}};
    for (bool grew = true; grew;) {
      grew = false;
      for (const EdgeSpec& edge : spec.edges) {
        if (!reached_from.contains(edge.from) || !instant.contains(edge.to)) continue;
        grew = reached_from.insert({edge.to, edge.from}).second || grew;
      }
    }
    if (!reached_from.contains(closing.from)) continue;
    std::string loop = closing.to;
    for (std::string name = closing.from; !name.empty(); name = reached_from[name]) {
      loop.insert(0, name + " -> ");
    }
    errors.add(item(at, "edges", i), "the loop " + loop + " takes no time: no operator in it has a cost",
               "\"cost\": {\"per_record_us\": 0.001} or more in one of its operators");
  }
}

// Names that are there twice or empty. Returns whether all are known.
bool check_names(const DataflowSpec& spec, const Known& known, const Node& at, Errors& errors) {
  std::set<std::string> names;
  bool good = known.list("sources") && known.list("operators");
  const auto take = [&](const std::string& name, const char* list, std::size_t index) {
    const Node& node = item(at, list, index);
    if (!known.item(list, index, {"name"})) {
      good = false;
    } else if (name.empty()) {
      errors.add(node.at_or_self("name"), "an empty name", "a name");
      good = false;
    } else if (!names.insert(name).second) {
      errors.add(node.at_or_self("name"), "the name \"" + name + "\" is taken", "unique names in a dataflow");
      good = false;
    }
  };
  for (std::size_t i = 0; i < spec.sources.size(); ++i) take(spec.sources[i].name, "sources", i);
  for (std::size_t i = 0; i < spec.operators.size(); ++i) take(spec.operators[i].name, "operators", i);
  if (known.list("sources") && spec.sources.empty())
    errors.add(at.at_or_self("sources"), "there is no source", "at least one");
  if (known.list("operators") && spec.operators.empty())
    errors.add(at.at_or_self("operators"), "there is no operator", "at least one");
  return good;
}

// The nodes of a dataflow that have a name, and what else the checks of an edge look at.
struct NamedNodes {
  NamedNodes(const DataflowSpec& spec, const Known& known) {
    const auto add = [&](const std::string& name, int p, const char* list, std::size_t i) {
      if (name.empty() || !known.item(list, i, {"name"})) return false;
      all.insert(name);
      if (known.item(list, i, {"parallelism"})) parallelism.emplace(name, p);
      return true;
    };
    for (std::size_t i = 0; i < spec.sources.size(); ++i)
      if (add(spec.sources[i].name, spec.sources[i].parallelism, "sources", i))
        sources.insert(spec.sources[i].name);
    for (std::size_t i = 0; i < spec.operators.size(); ++i)
      if (add(spec.operators[i].name, spec.operators[i].parallelism, "operators", i))
        operators.emplace(spec.operators[i].name, i);
  }
  std::set<std::string> operator_names() const {
    std::set<std::string> names;
    for (const auto& [name, index] : operators) names.insert(name);
    return names;
  }
  std::set<std::string> all, sources;
  std::map<std::string, std::size_t> operators;  // the first of that name
  std::map<std::string, int> parallelism;        // where it is known
};

// Returns whether both of its ends are known.
bool check_edge_ends(const EdgeSpec& edge, const NamedNodes& nodes, bool names_known, bool from_read,
                     bool to_read, const Node& at, Errors& errors) {
  const bool from_known = from_read && nodes.all.contains(edge.from);
  const bool to_known = to_read && nodes.operators.contains(edge.to);
  // A name that no node has may be that of one whose own name is wrong.
  if (from_read && !from_known && (names_known || edge.from.empty())) {
    add_unknown(errors, at.at_or_self("from"), edge.from, nodes.all);
  }
  if (to_read && !to_known && nodes.sources.contains(edge.to)) {
    errors.add(at.at_or_self("to"), "\"" + edge.to + "\" is a source, which takes no input",
               quoted_list(nodes.operator_names()));
  } else if (to_read && !to_known && (names_known || edge.to.empty())) {
    add_unknown(errors, at.at_or_self("to"), edge.to, nodes.operator_names());
  }
  return from_known && to_known;
}

void check_partitioning(const DataflowSpec& spec, const EdgeSpec& edge, const NamedNodes& nodes,
                        const Known& known, bool ends_known, const Node& at, Errors& errors) {
  // A resolved scenario has the default keys at every edge.
  if (errors.sound(at, "keys") && edge.partitioning != Partitioning::key &&
      keys_table().write(edge.keys) != keys_table().write(KeySpec())) {
    errors.add(at.at_or_self("keys"), "keys are given, but the edge is not partitioned by key",
               "\"partitioning\": \"key\"");
  }
  const auto op = nodes.operators.find(edge.to);
  if (edge.partitioning == Partitioning::pull && op != nodes.operators.end()) {
    check_pull(spec.operators[op->second], known.logic(op->second, spec.operators[op->second]),
               known.item("operators", op->second, {"state"}), edge, at, errors);
  }
  if (edge.partitioning != Partitioning::forward || !ends_known) return;
  const auto from = nodes.parallelism.find(edge.from), to = nodes.parallelism.find(edge.to);
  if (from == nodes.parallelism.end() || to == nodes.parallelism.end() || from->second == to->second) return;
  errors.add(at.at_or_self("partitioning"),
             "a forward edge between parallelism " + std::to_string(from->second) + " and " +
                 std::to_string(to->second),
             "equal parallelism, or another partitioning");
}

// Returns whether it is known which nodes each edge joins.
bool check_edges(const DataflowSpec& spec, const Known& known, bool names_known, const Node& at,
                 Errors& errors) {
  const NamedNodes nodes(spec, known);
  bool good = known.list("edges");
  std::set<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const EdgeSpec& edge = spec.edges[i];
    const Node& node = item(at, "edges", i);
    const bool from_read = known.item("edges", i, {"from"}), to_read = known.item("edges", i, {"to"});
    const bool partitioning_read = known.item("edges", i, {"partitioning"});
    const bool ends_known = check_edge_ends(edge, nodes, names_known, from_read, to_read, node, errors);
    good = good && ends_known;
    if (from_read && to_read && !pairs.insert({edge.from, edge.to}).second) {
      errors.add(node, "a second edge from " + edge.from + " to " + edge.to,
                 "one edge between two operators");
    }
    if (partitioning_read) check_partitioning(spec, edge, nodes, known, ends_known, node, errors);
  }
  return good;
}

// What is behind a sink would never get anything, and all that reaches the sink would count as filtered.
void check_sink(const DataflowSpec& spec, std::size_t index, const Known& known, const Node& at,
                Errors& errors) {
  const OperatorSpec& op = spec.operators[index];
  OperatorContext context{0, op.name};
  if (!known.logic(index, op) || !known.item("operators", index, {"name"})) return;
  if (!op.logic.build(context)->ends()) return;
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    if (!known.item("edges", i, {"from"}) || spec.edges[i].from != op.name) continue;
    errors.add(item(at, "edges", i).at_or_self("from"),
               "\"" + op.name + "\" is a sink, which sends nothing on",
               "an edge from another operator, or another logic such as \"map\" at \"" + op.name + "\"");
  }
}

// Unreachable operators, to which nothing ever comes, and sources that lead nowhere.
void check_reached(const DataflowSpec& spec, const Node& at, Errors& errors) {
  std::set<std::string> reached;
  for (const SourceSpec& source : spec.sources) reached.insert(source.name);
  for (bool grew = true; grew;) {
    grew = false;
    for (const EdgeSpec& edge : spec.edges) {
      if (reached.contains(edge.from)) grew = reached.insert(edge.to).second || grew;
    }
  }
  for (std::size_t i = 0; i < spec.operators.size(); ++i) {
    if (!reached.contains(spec.operators[i].name)) {
      errors.add(item(at, "operators", i),
                 "operator \"" + spec.operators[i].name + "\" cannot be reached from any source",
                 "an edge to it");
    }
  }
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    const auto& name = spec.sources[i].name;
    if (std::none_of(spec.edges.begin(), spec.edges.end(), [&](const auto& e) { return e.from == name; })) {
      errors.add(item(at, "sources", i), "source \"" + name + "\" has no edge", "an edge from it");
    }
  }
}

// The nodes on undeclared cycles, and behind them: what is left when nodes without undeclared input are taken
// away again and again.
std::set<std::string> left_by_order(const DataflowSpec& spec) {
  std::set<std::string> left;
  for (const SourceSpec& source : spec.sources) left.insert(source.name);
  for (const OperatorSpec& op : spec.operators) left.insert(op.name);
  std::map<std::string, int> missing;
  for (const EdgeSpec& edge : spec.edges) missing[edge.to] += edge.feedback ? 0 : 1;
  for (bool shrank = true; shrank;) {
    shrank = false;
    for (auto it = left.begin(); it != left.end();) {
      if (missing[*it] > 0) {
        ++it;
        continue;
      }
      for (const EdgeSpec& edge : spec.edges) missing[edge.to] -= edge.from == *it && !edge.feedback ? 1 : 0;
      it = left.erase(it);
      shrank = true;
    }
  }
  return left;
}

void check_cycles(const DataflowSpec& spec, const Node& at, Errors& errors) {
  const std::set<std::string> left = left_by_order(spec);
  // Only report edges that lie on the cycle: between two nodes that reach each other.
  const auto reaches = [&](const std::string& from, const std::string& to) {
    std::set<std::string> seen = {from};
    for (bool grew = true; grew;) {
      grew = false;
      for (const EdgeSpec& edge : spec.edges) {
        if (!edge.feedback && seen.contains(edge.from)) grew = seen.insert(edge.to).second || grew;
      }
    }
    return seen.contains(to);
  };
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const EdgeSpec& edge = spec.edges[i];
    if (edge.feedback || !left.contains(edge.from) || !left.contains(edge.to)) continue;
    if (reaches(edge.to, edge.from)) {
      errors.add(item(at, "edges", i),
                 "the edge from " + edge.from + " to " + edge.to + " is part of a cycle",
                 "declare the edge that closes the loop with \"feedback\": true");
      break;
    }
  }
}

// Each check goes as far as what it looks at is known (sim/scenario/errors.hpp).
void check_graph(const DataflowSpec& spec, const Node& at, Errors& errors) {
  const Known known(at, errors);
  const bool names_known = check_names(spec, known, at, errors);
  const bool edges_known = check_edges(spec, known, names_known, at, errors) && names_known;
  // Is an edge declared to close a loop? Whether operators are reached does not depend on it.
  const bool loops_known = edges_known && known.items("edges", spec.edges, {"feedback"});
  if (edges_known) check_reached(spec, at, errors);
  for (std::size_t i = 0; i < spec.operators.size(); ++i) {
    check_join(spec, i, known, loops_known, item(at, "operators", i), errors);
    check_driver(spec, i, known, loops_known, item(at, "operators", i), errors);
    check_sink(spec, i, known, at, errors);
  }
  if (!loops_known) return;
  check_loops(spec, known, at, errors);
  check_cycles(spec, at, errors);
}

ParamTable<DataflowSpec> make_dataflow_table() {
  ParamTable<DataflowSpec> t("dataflow");
  t.objects("sources", &DataflowSpec::sources, make_source_table(), {.help = "Where records come from."});
  t.objects("operators", &DataflowSpec::operators, make_operator_table(),
            {.help = "What is done with them. An operator without an outgoing edge is a sink."});
  t.objects("edges", &DataflowSpec::edges, make_edge_table(), {.help = "Which output goes where."});
  t.required("sources");
  t.required("operators");
  t.required("edges");
  t.check_parts(check_graph);
  return t;
}

}  // namespace

bool can_resolve(const DataflowSpec& spec) {
  std::set<std::string> names, receivers;
  bool good = !spec.sources.empty() && !spec.operators.empty();
  const auto take = [&](const std::string& name) {
    good = good && !name.empty() && names.insert(name).second;
  };
  for (const SourceSpec& source : spec.sources) take(source.name);
  for (const OperatorSpec& op : spec.operators) {
    take(op.name);
    receivers.insert(op.name);
  }
  return good && left_by_order(spec).empty() &&
         std::all_of(spec.edges.begin(), spec.edges.end(), [&](const EdgeSpec& edge) {
           return names.contains(edge.from) && receivers.contains(edge.to);
         });
}

const ParamTable<DataflowSpec>& dataflow_table() {
  static const ParamTable<DataflowSpec> table = make_dataflow_table();
  return table;
}

void check_parallelism(int parallelism, int parallelism_min, int parallelism_max, const Node& at,
                       Errors& errors) {
  const bool min_known = errors.sound(at, "min_parallelism"), max_known = errors.sound(at, "max_parallelism");
  if (min_known && max_known && parallelism_min > parallelism_max) {
    errors.add(at.at_or_self("min_parallelism"), "min_parallelism is above max_parallelism",
               "at most " + std::to_string(parallelism_max));
    return;
  }
  if (!errors.sound(at, "parallelism") || !min_known || !max_known) return;
  if (parallelism < parallelism_min || parallelism > parallelism_max) {
    errors.add(at.at_or_self("parallelism"), std::to_string(parallelism) + " is not between its limits",
               std::to_string(parallelism_min) + " to " + std::to_string(parallelism_max));
  }
}

const ParamTable<CostSpec>& cost_table() {
  static const ParamTable<CostSpec> table = make_cost_table();
  return table;
}

const ParamTable<KeySpec>& keys_table() {
  static const ParamTable<KeySpec> table = key_table();
  return table;
}

const ParamTable<ContentionSpec>& contention_table() {
  static const ParamTable<ContentionSpec> table = make_contention_table();
  return table;
}

const ParamTable<StateSpec>& state_table() {
  static const ParamTable<StateSpec> table = make_state_table();
  return table;
}

}  // namespace weir
