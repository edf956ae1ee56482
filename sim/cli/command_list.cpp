// weir list: what can be named in a scenario, and which parameters it takes.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/cli/home.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {
namespace {

struct Kind {
  std::string name;
  const RegistryCore* registry = nullptr;  // null: not components, or none of that kind yet
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"policies", &PolicyRegistry::core()},
                                        {"engines", &EngineRegistry::core()},
                                        {"workloads", &WorkloadRegistry::core()},
                                        {"operators", &OperatorRegistry::core()},
                                        {"placements", &PlacementRegistry::core()},
                                        {"arrivals", &ArrivalRegistry::core()},
                                        {"brokers", &BrokerRegistry::core()},
                                        {"migrations"},
                                        {"scenarios"}};
  return all;
}

std::vector<ComponentInfo> list_of(const Kind& kind) {
  std::vector<ComponentInfo> list;
  if (kind.registry != nullptr) {
    for (const Component* component : kind.registry->list()) list.push_back(component->info);
  } else if (kind.name == "scenarios") {
    for (const ShippedFile& file : shipped_scenarios()) list.push_back({file.name, file.help, file.source});
  }
  return list;
}

std::string as_json(const std::vector<ComponentInfo>& list) {
  auto json = nlohmann::ordered_json::array();
  for (const ComponentInfo& info : list)
    json.push_back({{"name", info.name}, {"help", info.help}, {"source", info.source}});
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Its lines, all but the first after `width` blanks.
std::string indented(std::string text, std::size_t width) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, width, ' ');
  }
  return text;
}

std::string as_text(const std::vector<ComponentInfo>& list) {
  std::size_t width = 0;
  for (const ComponentInfo& info : list) width = std::max(width, info.name.size());
  std::string text;
  for (const ComponentInfo& info : list) {
    text += fmt::format("{:<{}}  {}\n", info.name, width, indented(info.help, width + 2));
    if (!info.source.empty()) text += fmt::format("{:<{}}  [{}]\n", "", width, info.source);
  }
  return text;
}

// Everything about one component.
std::string parameters_of(const Component& component) {
  std::string text = as_text({component.info}) + "\n";
  std::vector<ReferenceRow> rows;
  component.table->reference("", component.table->defaults(), rows);
  if (rows.empty()) text += "It has no parameters.\n";
  for (const ReferenceRow& row : rows) {
    const std::string standard = row.default_json.empty() ? "required" : "default " + row.default_json;
    text += fmt::format("{}{}  ({}; {})\n", row.path, row.unit.empty() ? "" : " [" + row.unit + "]", standard,
                        row.allowed);
    if (!row.help.empty()) text += fmt::format("    {}\n", row.help);
    if (!row.source.empty()) text += fmt::format("    [{}]\n", row.source);
  }
  return text;
}

ExitCode run(const CommandContext& context) {
  Options options(*find_command("list"), "KIND [NAME]");
  options.flag("json", "an array of {name, help, source}");
  if (!options.parse(context.arguments)) return ExitCode::good;
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.push_back(kind.name);
  const auto& words = options.positional();
  if (words.empty() || words.size() > 2)
    throw UsageError(fmt::format("list takes one kind ({})", fmt::join(names, ", ")));
  const std::string& name = words[0];
  const auto kind =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& k) { return k.name == name; });
  if (kind == kinds().end())
    throw UsageError(fmt::format("unknown kind {} ({})", weir::quoted(name), allowed_names(name, names)));
  if (words.size() == 2) {
    const std::vector<std::string> known =
        kind->registry == nullptr ? std::vector<std::string>() : kind->registry->names();
    const Component* component = kind->registry == nullptr ? nullptr : kind->registry->find(words[1]);
    if (component == nullptr)
      throw UsageError(fmt::format("unknown name {} among {} ({})", weir::quoted(words[1]), name,
                                   allowed_names(words[1], known)));
    write_out(parameters_of(*component));
    return ExitCode::good;
  }
  const auto list = list_of(*kind);
  write_out(options.has("json") ? as_json(list) : as_text(list));
  return ExitCode::good;
}

const auto registered = add_command({.name = "list",
                                     .usage = "policies|engines|brokers|workloads|operators|placements|"
                                              "arrivals|migrations|scenarios [NAME] [--json]",
                                     .help = "what can be named in a scenario, and with which parameters",
                                     .order = 40,
                                     .run = run});

}  // namespace
}  // namespace weir
