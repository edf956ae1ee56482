#include "sim/cli/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/allocation/polygon.hpp"

namespace weir {

namespace {

using allocation::PlanIndex;
using json = nlohmann::ordered_json;  // applications, nodes and points in their order
using Clock = std::chrono::steady_clock;

constexpr int look_ups_to_time = 1000;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What a solver leaves of a zero.
double without_dust(double rate_per_s) {
  return std::abs(rate_per_s) < 1e-9 ? 0 : rate_per_s;
}

bool hosts_components(const SharedNodes& nodes, std::size_t node) {
  return std::any_of(nodes.network.components.begin(), nodes.network.components.end(),
                     [&](const allocation::Component& c) { return c.node == static_cast<int>(node); });
}

json named(const std::vector<std::string>& names, const std::vector<double>& values) {
  json result = json::object();
  for (std::size_t i = 0; i < names.size(); ++i) result[names[i]] = without_dust(values[i]);
  return result;
}

// By operator: the rates of its instances, in their order.
json plan_json(const SharedNodes& nodes, const allocation::ComponentRates& plan) {
  json result = json::object();
  for (std::size_t s = 0; s < nodes.network.services.size(); ++s) {
    json rates = json::object();
    for (std::size_t c = 0; c < plan.size(); ++c) {
      const allocation::Component& component = nodes.network.components[c];
      if (component.service != static_cast<int>(s)) continue;
      const std::string& node = nodes.network.nodes[static_cast<std::size_t>(component.node)].name;
      rates[node] = without_dust(rates.value(node, 0.0) + plan[c]);
    }
    result[nodes.network.services[s].name] = std::move(rates);
  }
  return result;
}

json used_json(const SharedNodes& nodes, const allocation::ComponentRates& plan) {
  const auto used = allocation::utilization(nodes.network, plan);
  json result = json::object();
  for (std::size_t n = 0; n < used.size(); ++n)
    if (hosts_components(nodes, n))
      result[nodes.network.nodes[n].name] = named(nodes.network.resources, used[n]);
  return result;
}

const char* way_name(PlanIndex::Way way) {
  switch (way) {
    case PlanIndex::Way::point:
      return "index point";
    case PlanIndex::Way::side:
      return "side at the nearest index point";
    case PlanIndex::Way::program:
      return "all index points";
  }
  return "";
}

json look_up_json(const SharedNodes& nodes, const allocation::Region& region, const PlanIndex& plans,
                  const allocation::Rates& p) {
  const PlanIndex::Answer answer = plans.at(p);
  json weights = json::object();
  for (const auto& [point, weight] : answer.weights) weights[std::to_string(point + 1)] = weight;
  std::vector<double> alone;
  for (int q = 0; q < region.applications(); ++q) {
    allocation::Rates direction(p.size(), 0);
    direction[static_cast<std::size_t>(q)] = 1;
    const auto ray = region.along(p, direction);
    alone.push_back(ray && region.contains(p) ? ray->t : 0);
  }
  return {{"at_per_s", named(nodes.network.applications, p)},
          {"planned_for_per_s", named(nodes.network.applications, answer.rates)},
          {"headroom_per_s", answer.headroom},
          {"headroom_max_per_s", region.headroom(p)},
          {"headroom_alone_per_s", named(nodes.network.applications, alone)},
          {"weights", std::move(weights)},
          {"by", way_name(answer.way)},
          {"sides_looked_at", answer.sides_looked_at},
          {"plan_per_s", plan_json(nodes, answer.plan)},
          {"used", used_json(nodes, answer.plan)}};
}

// In the mean; over points from none of the rates to all that is feasible.
double look_up_s(const PlanIndex& plans, const allocation::Rates& p) {
  const auto begin = Clock::now();
  double sum = 0;  // used, so that nothing is left out
  for (int i = 0; i < look_ups_to_time; ++i) {
    allocation::Rates at = p;
    for (std::size_t q = 0; q < at.size(); ++q)
      at[q] *= 0.5 + 0.5 * static_cast<double>((i * (static_cast<int>(q) + 3)) % 17) / 17;
    sum += plans.at(at).headroom;
  }
  const double mean_s = seconds_since(begin) / look_ups_to_time;
  return sum == sum ? mean_s : 0;
}

}  // namespace

json plan_report(const SharedNodes& nodes, const PlanRequest& request) {
  const allocation::Network& network = nodes.network;
  const allocation::Region region(network);
  std::vector<double> alone;
  for (int q = 0; q < region.applications(); ++q) alone.push_back(region.rate_max(q));
  const bool exact = allocation::searches_exactly(request.search, region.applications());
  const std::int64_t programs_before = region.programs();
  const auto begin = Clock::now();
  const PlanIndex plans(
      allocation::index_points(region, request.search, request.tolerance, request.rounds_max));
  const double search_s = seconds_since(begin);
  const std::int64_t programs = region.programs() - programs_before;
  std::size_t node_count = 0;
  for (std::size_t n = 0; n < network.nodes.size(); ++n) node_count += hosts_components(nodes, n);

  json points = json::array();
  for (const allocation::PlannedPoint& point : plans.index().points) {
    points.push_back({{"rates_per_s", named(network.applications, point.rates)},
                      {"plan_per_s", plan_json(nodes, point.plan)},
                      {"used", used_json(nodes, point.plan)}});
  }
  const allocation::Rates p = request.at_per_s.empty() ? nodes.declared_per_s : request.at_per_s;
  json report = {{"applications", network.applications},
                 {"resources", network.resources},
                 {"nodes", node_count},
                 {"components", network.components.size()},
                 {"search", exact ? "exact" : "midpoint"},
                 {"rate_max_alone_per_s", named(network.applications, alone)},
                 {"index_points", std::move(points)},
                 {"sides", plans.index().sides.size()},
                 {"linear_programs", programs},
                 {"look_up", look_up_json(nodes, region, plans, p)}};
  if (!exact) report["tolerance_per_s"] = request.tolerance * allocation::greatest_rate(region);
  if (region.applications() == 2) {
    const allocation::Polygon found = allocation::region_below(plans.index());
    const allocation::Polygon whole =
        exact ? found : allocation::region_below(allocation::exact_index_points(region));
    report["region"] = whole;
    report["area"] = allocation::area(whole);
    report["area_below_index_points"] = allocation::area(found);
  }
  if (request.timed) {
    report["search_s"] = search_s;
    report["look_up_s"] = look_up_s(plans, p);
  }
  return report;
}

namespace {

std::string pairs_text(const json& object, const char* form = "{} {:.6g}/s") {
  std::string text;
  for (const auto& [name, value] : object.items())
    text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(form), name, value.get<double>());
  return text;
}

std::string plan_lines(const json& plan) {
  std::string text;
  for (const auto& [service, rates] : plan.items())
    text += fmt::format("      {:<14} {}\n", service, pairs_text(rates));
  return text;
}

}  // namespace

std::string plan_text(const json& report) {
  std::string text =
      fmt::format("{} applications, {} components on {} nodes with {}\n", report["applications"].size(),
                  report["components"].get<std::size_t>(), report["nodes"].get<std::size_t>(),
                  fmt::join(report["resources"].get<std::vector<std::string>>(), ", "));
  text += fmt::format("greatest rates alone: {}\n", pairs_text(report["rate_max_alone_per_s"]));
  if (report.contains("region")) {
    text += "feasible region:";
    for (const json& corner : report["region"])
      text += fmt::format(" ({:.6g}, {:.6g})", corner[0].get<double>(), corner[1].get<double>());
    text += fmt::format("; of its area {:.5g} % below index points\n",
                        100 * report["area_below_index_points"].get<double>() / report["area"].get<double>());
  }
  text += fmt::format("{} index points and {} sides, by the {} search{}: {} linear programs\n",
                      report["index_points"].size(), report["sides"].get<std::size_t>(),
                      report["search"].get<std::string>(),
                      report.contains("tolerance_per_s")
                          ? fmt::format(" to {:.3g}/s", report["tolerance_per_s"].get<double>())
                          : std::string(),
                      report["linear_programs"].get<std::int64_t>());
  int number = 0;
  for (const json& point : report["index_points"]) {
    text += fmt::format("  {:>3}  {}\n", ++number, pairs_text(point["rates_per_s"]));
    text += plan_lines(point["plan_per_s"]);
  }
  const json& look_up = report["look_up"];
  text += fmt::format("look-up at {}\n", pairs_text(look_up["at_per_s"]));
  text += fmt::format("  planned for {}, by {} ({}); {} of {} sides looked at\n",
                      pairs_text(look_up["planned_for_per_s"]), look_up["by"].get<std::string>(),
                      pairs_text(look_up["weights"], "{}: {:.4g}"), look_up["sides_looked_at"].get<int>(),
                      report["sides"].get<std::size_t>());
  text += fmt::format("  every rate may grow by {:.6g}/s (at most {:.6g}/s); alone: {}\n",
                      look_up["headroom_per_s"].get<double>(), look_up["headroom_max_per_s"].get<double>(),
                      pairs_text(look_up["headroom_alone_per_s"]));
  text += plan_lines(look_up["plan_per_s"]);
  if (report.contains("search_s"))
    text += fmt::format("search {:.3g} ms, a look-up {:.3g} us\n", 1e3 * report["search_s"].get<double>(),
                        1e6 * report["look_up_s"].get<double>());
  return text;
}

}  // namespace weir
