// Applications of a few services each, as in BARRE's evaluation: every service is one of a small catalogue,
// and has components on several nodes. Operators are called application-service, so that a placement can tell
// (by-service).
//
//   app1 ─▶ app1-s03 ─▶ app1-s07 ─▶ … ─▶ app1-out
//   app2 ─▶ app2-s01 ─▶ …

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/workloads/parts.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace {

struct SharedServicesParams : SourcePart {
  SharedServicesParams() { source_cost = {}; }
  int applications = 4;
  int bursting = 0;
  ArrivalRegistry::Choice burst_arrivals = ArrivalRegistry::Choice("constant");
  int services = 10;
  int services_min = 4;
  int services_max = 6;
  int components = 4;
  double cost_us_min = 1000;
  double cost_us_max = 5000;
  int structure_seed = 1;
};

ParamTable<SharedServicesParams> table() {
  using P = SharedServicesParams;
  ParamTable<P> t("shared-services");
  const char* evaluation = "the evaluation of BARRE (IPDPS 2009)";
  add_source_params(t, {.unit = "B", .help = "Size of a unit.", .source = "chosen"});
  t.integer("applications", &P::applications,
            {.help = "How many there are.", .source = "2 to 12 in the evaluation of BARRE", .sizes = true},
            between(1, 100));
  t.integer("bursting", &P::bursting,
            {.help = "So many of them, the first ones, have burst_arrivals instead.", .source = "chosen"},
            between(0, 100));
  t.component<ArrivalRegistry>("burst_arrivals", &P::burst_arrivals,
                               {.help = "When units arrive at applications that burst.", .source = "chosen"});
  t.integer("services", &P::services, {.help = "The catalogue of services.", .source = evaluation},
            between(1, 1000));
  t.integer("services_min", &P::services_min,
            {.help = "An application has at least so many of them, each once, in random order.",
             .source = evaluation,
             .sizes = true},
            between(1, 1000));
  t.integer("services_max", &P::services_max,
            {.help = "And at most so many.", .source = evaluation, .sizes = true}, between(1, 1000));
  t.integer("components", &P::components,
            {.help = "Of each service of an application.", .source = "not published", .sizes = true},
            between(1, 1000));
  t.real("cost_us_min", &P::cost_us_min,
         {.unit = "us",
          .help = "What a unit costs a service is drawn evenly from here …",
          .source = "not published"},
         positive());
  t.real("cost_us_max", &P::cost_us_max, {.unit = "us", .help = "… to there.", .source = "not published"},
         positive());
  t.integer("structure_seed", &P::structure_seed,
            {.help = "Draws services and costs; the seed of a run does not change them.", .source = "chosen"},
            between(0, 1e9));
  t.check({"services", "services_min", "services_max"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.services_min > p.services_max || p.services_max > p.services)
      errors.add(at.at_or_self("services_max"),
                 fmt::format("{} to {} services of {}", p.services_min, p.services_max, p.services),
                 "services_min <= services_max <= services");
  });
  t.check({"cost_us_min", "cost_us_max"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.cost_us_min > p.cost_us_max)
      errors.add(at.at_or_self("cost_us_max"), "is less than cost_us_min", "cost_us_min or more");
  });
  t.check({"bursting", "applications"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.bursting > p.applications)
      errors.add(at.at_or_self("bursting"), fmt::format("{} of {} applications", p.bursting, p.applications),
                 fmt::format("0 to {}", p.applications));
  });
  return t;
}

// The first `count` of the catalogue in random order.
std::vector<int> draw_services(RandomStream& random, int catalogue, int count) {
  std::vector<int> all(static_cast<std::size_t>(catalogue));
  std::iota(all.begin(), all.end(), 0);
  for (int i = 0; i < count; ++i) {
    const int other = i + static_cast<int>(random.uniform01() * (catalogue - i));
    std::swap(all[static_cast<std::size_t>(i)],
              all[static_cast<std::size_t>(std::min(other, catalogue - 1))]);
  }
  all.resize(static_cast<std::size_t>(count));
  return all;
}

DataflowSpec make(const SharedServicesParams& p) {
  const auto seed = static_cast<std::uint64_t>(p.structure_seed);
  RandomStream costs(seed, "services", "costs");
  std::vector<double> cost_us;
  for (int service = 0; service < p.services; ++service)
    cost_us.push_back(p.cost_us_min + costs.uniform01() * (p.cost_us_max - p.cost_us_min));
  DataflowSpec d;
  for (int q = 1; q <= p.applications; ++q) {
    const std::string application = fmt::format("app{}", q);
    SourcePart source = p;
    if (q <= p.bursting) source.arrivals = p.burst_arrivals;
    d.sources.push_back(make_source(source, application));
    RandomStream random(seed, application, "services");
    const int count = p.services_min +
                      std::min(p.services_max - p.services_min,
                               static_cast<int>(random.uniform01() * (p.services_max - p.services_min + 1)));
    std::string before = application;
    for (const int service : draw_services(random, p.services, count)) {
      StagePart stage;
      stage.cost.per_record_us = cost_us[static_cast<std::size_t>(service)];
      stage.parallelism = p.components;
      const std::string name = fmt::format("{}-s{:02}", application, service + 1);
      d.operators.push_back(make_operator(stage, name, OperatorRegistry::Choice("map"), p.record_bytes));
      d.edges.push_back(make_edge(before, name));
      before = name;
    }
    d.operators.push_back(make_operator({}, application + "-out", OperatorRegistry::Choice("sink"), 0));
    d.edges.push_back(make_edge(before, application + "-out"));
  }
  return d;
}

const auto registered = WorkloadRegistry::add<SharedServicesParams>(
    {.name = "shared-services",
     .help = "Applications that are chains of services from one catalogue.",
     .source = "the evaluation of BARRE: Drougas and Kalogeraki, IPDPS 2009"},
    table(), [](const SharedServicesParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir
