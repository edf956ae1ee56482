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
  t.check([](const CostSpec& p, const Node& at, Errors& errors) {
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
  t.check([](const OperatorSpec& p, const Node& at, Errors& errors) {
    if (p.min_parallelism > p.max_parallelism) {
      errors.add(at.at_or_self("min_parallelism"), "min_parallelism is above max_parallelism",
                 "at most " + std::to_string(p.max_parallelism));
    } else if (p.parallelism < p.min_parallelism || p.parallelism > p.max_parallelism) {
      errors.add(at.at_or_self("parallelism"), std::to_string(p.parallelism) + " is not between its limits",
                 std::to_string(p.min_parallelism) + " to " + std::to_string(p.max_parallelism));
    }
  });
  return t;
}

ParamTable<KeySpec> key_table() {
  ParamTable<KeySpec> t("keys");
  t.choice("law", &KeySpec::law,
           {.help = "Weights of the keys. `even`: every receiving instance gets the same share."},
           {{"even", KeyLaw::even},
            {"tilted", KeyLaw::tilted},
            {"uniform", KeyLaw::uniform},
            {"zipf", KeyLaw::zipf},
            {"hot", KeyLaw::hot},
            {"weights", KeyLaw::weights}});
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
  t.check([](const KeySpec& p, const Node& at, Errors& errors) {
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

// Any instance may take a record from a queue: what belongs to a key would be scattered.
void check_pull(const OperatorSpec& op, const EdgeSpec& edge, const Node& at, Errors& errors) {
  OperatorContext context{0, op.name};
  const bool keyed_logic = op.logic.build(context)->keyed();
  if (!keyed_logic && op.state.keys == 0) return;
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

// The parts of an origin have to meet: in one instance, from the same sources, on two edges or more.
void check_join(const DataflowSpec& spec, const OperatorSpec& op, const Node& at, Errors& errors) {
  OperatorContext context{0, op.name};
  if (!op.logic.build(context)->joins()) return;
  const std::string what = "\"" + op.name + "\" joins the parts of each source record";
  if (op.parallelism != 1 || (op.scalable && op.max_parallelism != 1)) {
    errors.add(at.at_or_self("parallelism"), what + ", which must come to one instance",
               "\"parallelism\": 1, \"scalable\": false");
  }
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

void check_driver(const DataflowSpec& spec, const OperatorSpec& op, const Node& at, Errors& errors) {
  OperatorContext context{0, op.name};
  const auto logic = op.logic.build(context);
  if (dynamic_cast<const SchedulesOthers*>(logic.get()) == nullptr) return;
  const std::string what = "\"" + op.name + "\" schedules the tasks of each batch";
  if (op.parallelism != 1 || (op.scalable && op.max_parallelism != 1)) {
    errors.add(at.at_or_self("parallelism"), what + ", whose reports must come to one instance",
               "\"parallelism\": 1, \"scalable\": false");
  }
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
  return per_record_us + cost.per_batch_us >= 1e-3 || cost.per_byte_ns > 0;
}

// A loop in which nothing takes time has no end: records would go round in it within one instant.
void check_loops(const DataflowSpec& spec, const Node& at, Errors& errors) {
  std::set<std::string> instant;
  for (const OperatorSpec& op : spec.operators)
    if (!takes_time(op)) instant.insert(op.name);
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

void check_graph(const DataflowSpec& spec, const Node& at, Errors& errors) {
  std::set<std::string> names;
  const auto take_name = [&](const std::string& name, const Node& node) {
    if (name.empty()) {
      errors.add(node.at_or_self("name"), "an empty name", "a name");
    } else if (!names.insert(name).second) {
      errors.add(node.at_or_self("name"), "the name \"" + name + "\" is taken", "unique names in a dataflow");
    }
  };
  for (std::size_t i = 0; i < spec.sources.size(); ++i)
    take_name(spec.sources[i].name, item(at, "sources", i));
  for (std::size_t i = 0; i < spec.operators.size(); ++i) {
    take_name(spec.operators[i].name, item(at, "operators", i));
  }
  if (spec.sources.empty()) errors.add(at.at_or_self("sources"), "there is no source", "at least one");
  if (spec.operators.empty()) errors.add(at.at_or_self("operators"), "there is no operator", "at least one");

  std::set<std::string> source_names, operator_names;
  for (const auto& source : spec.sources) source_names.insert(source.name);
  for (const auto& op : spec.operators) operator_names.insert(op.name);
  std::map<std::string, int> parallelism;
  for (const auto& source : spec.sources) parallelism[source.name] = source.parallelism;
  for (const auto& op : spec.operators) parallelism[op.name] = op.parallelism;
  bool known = true;
  std::set<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const EdgeSpec& edge = spec.edges[i];
    const Node& node = item(at, "edges", i);
    const bool from_known = names.contains(edge.from);
    const bool to_known = operator_names.contains(edge.to);
    if (!from_known) {
      add_unknown(errors, node.at_or_self("from"), edge.from, names);
    }
    if (!to_known && source_names.contains(edge.to)) {
      errors.add(node.at_or_self("to"), "\"" + edge.to + "\" is a source, which takes no input",
                 quoted_list(operator_names));
    } else if (!to_known) {
      add_unknown(errors, node.at_or_self("to"), edge.to, operator_names);
    }
    known = known && from_known && to_known;
    if (!pairs.insert({edge.from, edge.to}).second) {
      errors.add(node, "a second edge from " + edge.from + " to " + edge.to,
                 "one edge between two operators");
    }
    // A resolved scenario has the default keys at every edge.
    if (edge.partitioning != Partitioning::key &&
        keys_table().write(edge.keys) != keys_table().write(KeySpec())) {
      errors.add(node.at_or_self("keys"), "keys are given, but the edge is not partitioned by key",
                 "\"partitioning\": \"key\"");
    }
    if (edge.partitioning == Partitioning::pull && to_known) {
      const auto op = std::find_if(spec.operators.begin(), spec.operators.end(),
                                   [&](const OperatorSpec& o) { return o.name == edge.to; });
      check_pull(*op, edge, node, errors);
    }
    if (edge.partitioning == Partitioning::forward && from_known && to_known &&
        parallelism[edge.from] != parallelism[edge.to]) {
      errors.add(node.at_or_self("partitioning"),
                 "a forward edge between parallelism " + std::to_string(parallelism[edge.from]) + " and " +
                     std::to_string(parallelism[edge.to]),
                 "equal parallelism, or another partitioning");
    }
  }
  if (!known || names.size() != spec.sources.size() + spec.operators.size()) return;

  // Unreachable operators: nothing ever arrives there.
  std::set<std::string> reached = source_names;
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
  for (std::size_t i = 0; i < spec.operators.size(); ++i) {
    check_join(spec, spec.operators[i], item(at, "operators", i), errors);
    check_driver(spec, spec.operators[i], item(at, "operators", i), errors);
  }
  check_loops(spec, at, errors);
  // Undeclared cycles: what is left when nodes without undeclared input are taken away again and again.
  std::map<std::string, int> missing;
  for (const EdgeSpec& edge : spec.edges) missing[edge.to] += edge.feedback ? 0 : 1;
  std::set<std::string> left = names;
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

ParamTable<DataflowSpec> make_dataflow_table() {
  ParamTable<DataflowSpec> t("dataflow");
  t.objects("sources", &DataflowSpec::sources, make_source_table(), {.help = "Where records come from."});
  t.objects("operators", &DataflowSpec::operators, make_operator_table(),
            {.help = "What is done with them. An operator without an outgoing edge is a sink."});
  t.objects("edges", &DataflowSpec::edges, make_edge_table(), {.help = "Which output goes where."});
  t.required("sources");
  t.required("operators");
  t.required("edges");
  t.check(check_graph);
  return t;
}

}  // namespace

const ParamTable<DataflowSpec>& dataflow_table() {
  static const ParamTable<DataflowSpec> table = make_dataflow_table();
  return table;
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
