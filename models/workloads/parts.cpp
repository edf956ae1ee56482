#include "models/workloads/parts.hpp"

#include <fmt/format.h>

#include "sim/scenario/node.hpp"

namespace weir {

ParamTable<StagePart> stage_table() {
  ParamTable<StagePart> t("stage");
  t.object("cost", &StagePart::cost, cost_table(),
           {.help = "What processing costs.", .source = "see the workload"});
  t.object("contention", &StagePart::contention, contention_table(),
           {.help = "How scaling falls short of linear.", .source = "chosen: none"});
  t.object("state", &StagePart::state, state_table(),
           {.help = "Keyed state, which moves when the operator is rescaled.", .source = "chosen: none"});
  t.integer("parallelism", &StagePart::parallelism,
            {.unit = "instances", .help = "Instances at the start.", .source = "chosen", .sizes = true},
            between(1, 16384));
  t.integer("min_parallelism", &StagePart::min_parallelism,
            {.unit = "instances", .help = "A policy gets no fewer.", .source = "chosen"}, between(1, 16384));
  t.integer("max_parallelism", &StagePart::max_parallelism,
            {.unit = "instances", .help = "A policy gets no more.", .source = "chosen"}, between(1, 16384));
  t.boolean("scalable", &StagePart::scalable,
            {.help = "Whether policies may change it.", .source = "chosen"});
  t.check_parts([](const StagePart& p, const Node& at, Errors& errors) {
    check_parallelism(p.parallelism, p.min_parallelism, p.max_parallelism, at, errors);
  });
  return t;
}

SourceSpec make_source(const SourcePart& part, std::string name) {
  return {.name = std::move(name),
          .arrivals = part.arrivals,
          .record_bytes = part.record_bytes,
          .cost = part.source_cost,
          .parallelism = part.source_parallelism,
          .when_blocked = part.when_blocked};
}

OperatorSpec make_operator(const StagePart& part, std::string name, OperatorRegistry::Choice logic,
                           double output_bytes) {
  return {.name = std::move(name),
          .logic = std::move(logic),
          .cost = part.cost,
          .contention = part.contention,
          .state = part.state,
          .output_bytes = output_bytes,
          .parallelism = part.parallelism,
          .min_parallelism = part.min_parallelism,
          .max_parallelism = part.max_parallelism,
          .scalable = part.scalable};
}

EdgeSpec make_edge(std::string from, std::string to, Partitioning partitioning) {
  EdgeSpec edge;
  edge.from = std::move(from);
  edge.to = std::move(to);
  edge.partitioning = partitioning;
  return edge;
}

std::vector<std::pair<std::string, Partitioning>> dealing_choices() {
  return {{"rebalance", Partitioning::rebalance}, {"shuffle", Partitioning::shuffle}};
}

}  // namespace weir
