#include "sim/scenario/registry.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/scenario/node.hpp"

namespace weir {

void RegistryCore::add(std::unique_ptr<const Component> component) {
  const std::string name = component->info.name;
  WEIR_ASSERT(!name.empty(), "a component has a name");
  for (const Param& param : component->table->params()) {
    WEIR_ASSERT(param.name != "type", "\"type\" is the component's name");
  }
  const bool is_new = components_.emplace(name, std::move(component)).second;
  WEIR_ASSERT(is_new, "a component is registered once");
}

const Component* RegistryCore::find(std::string_view name) const {
  const auto found = components_.find(name);
  return found == components_.end() ? nullptr : found->second.get();
}

std::vector<std::string> RegistryCore::names() const {
  std::vector<std::string> out;
  for (const auto& [name, component] : components_) out.push_back(name);
  return out;
}

std::vector<const Component*> RegistryCore::list() const {
  std::vector<const Component*> out;
  for (const auto& [name, component] : components_) out.push_back(component.get());
  return out;
}

void ChosenCore::set(const Component& component, std::shared_ptr<const void> params) {
  name_ = component.info.name;
  component_ = &component;
  params_ = std::move(params);
}

std::pair<const Component*, std::shared_ptr<const void>> ChosenCore::resolve(
    const RegistryCore& registry) const {
  if (component_ != nullptr) return {component_, params_};
  const Component* component = registry.find(name_);
  WEIR_ASSERT(component != nullptr, "a default component is registered");
  return {component, component->table->make()};
}

void ChosenCore::read(const RegistryCore& registry, const Node& at, Errors& errors) {
  *this = ChosenCore();
  const std::string_view one = registry.kind().one;
  const std::vector<std::string> names = registry.names();
  if (!at.is_string() && !at.is_object()) {
    errors.add(at, fmt::format("{} is not {}", at.shown(), with_article(one)),
               "a name, or an object with \"type\"");
    return;
  }
  const Node* type = at.is_string() ? &at : at.find("type");
  if (type == nullptr) {
    errors.add_member(at, "type", fmt::format("missing: which {}?", one),
                      fmt::format("one of: {}", fmt::join(names, ", ")));
    return;
  }
  if (type->is_unknown()) return;
  if (!type->is_string()) {
    errors.add(*type, fmt::format("{} is not the name of {}", type->shown(), with_article(one)),
               fmt::format("one of: {}", fmt::join(names, ", ")));
    return;
  }
  const Component* component = registry.find(*type->text());
  if (component == nullptr) {
    errors.add(*type, fmt::format("unknown {} {}", one, type->shown()), allowed_names(*type->text(), names));
    return;
  }
  const std::shared_ptr<void> params = component->table->make();
  const std::string what = fmt::format("{} {}", one, component->info.name);
  component->table->read(at, params.get(), errors, what, "type");
  set(*component, params);
}

nlohmann::json ChosenCore::write(const RegistryCore& registry) const {
  if (empty()) return nullptr;
  const auto [component, params] = resolve(registry);
  nlohmann::json out = component->table->write(params.get());
  out["type"] = component->info.name;
  return out;
}

}  // namespace weir
