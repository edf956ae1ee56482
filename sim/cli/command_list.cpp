// weir list: what can be named in a scenario.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "sim/cli/home.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {
namespace {

struct Kind {
  std::string name;
  std::function<std::vector<ComponentInfo>()> list;
};

template <class R>
std::vector<ComponentInfo> registered_in() {
  std::vector<ComponentInfo> list;
  for (const Component* component : R::list()) list.push_back(component->info);
  return list;
}

std::vector<ComponentInfo> scenarios() {
  std::vector<ComponentInfo> list;
  for (const ShippedFile& file : shipped_scenarios()) list.push_back({file.name, file.help, file.source});
  return list;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"policies", registered_in<PolicyRegistry>},
                                        {"engines", registered_in<EngineRegistry>},
                                        {"workloads", registered_in<WorkloadRegistry>},
                                        {"operators", registered_in<OperatorRegistry>},
                                        {"placements", registered_in<PlacementRegistry>},
                                        {"arrivals", registered_in<ArrivalRegistry>},
                                        {"migrations", [] { return std::vector<ComponentInfo>(); }},
                                        {"scenarios", scenarios}};
  return all;
}

std::string as_json(const std::vector<ComponentInfo>& list) {
  auto json = nlohmann::ordered_json::array();
  for (const ComponentInfo& info : list)
    json.push_back({{"name", info.name}, {"help", info.help}, {"source", info.source}});
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string as_text(const std::vector<ComponentInfo>& list) {
  std::size_t width = 0;
  for (const ComponentInfo& info : list) width = std::max(width, info.name.size());
  std::string text;
  for (const ComponentInfo& info : list) {
    text += fmt::format("{:<{}}  {}\n", info.name, width, info.help);
    if (!info.source.empty()) text += fmt::format("{:<{}}  [{}]\n", "", width, info.source);
  }
  return text;
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("list"), "KIND");
  options.flag("json", "an array of {name, help, source}");
  if (!options.parse(context.arguments)) return ExitCode::good;
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  if (options.positional().size() != 1)
    throw UsageError(fmt::format("list takes one kind ({})", fmt::join(names, ", ")));
  const std::string& name = options.positional()[0];
  const auto kind =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& k) { return k.name == name; });
  if (kind == kinds().end())
    throw UsageError(fmt::format("unknown kind {} ({})", weir::quoted(name), allowed_names(name, names)));
  const auto list = kind->list();
  write_out(options.has("json") ? as_json(list) : as_text(list));
  return ExitCode::good;
}

const auto registered = add_command(
    {.name = "list",
     .usage = "policies|engines|workloads|operators|placements|arrivals|migrations|scenarios [--json]",
     .help = "what can be named in a scenario, and the scenarios that come with weir",
     .order = 40,
     .run = run});

}  // namespace
}  // namespace weir
