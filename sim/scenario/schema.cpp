#include "sim/scenario/schema.hpp"

namespace weir {

namespace {

nlohmann::json component_schema(const Component& component, SchemaBuilder& builder) {
  nlohmann::json out = component.table->schema(builder);
  out["title"] = component.info.name;
  out["description"] = component.info.help;
  if (!component.info.source.empty()) out["x-source"] = component.info.source;
  out["properties"]["type"] = {{"const", component.info.name}};
  if (!out.contains("required")) out["required"] = nlohmann::json::array();
  out["required"].insert(out["required"].begin(), "type");
  return out;
}

}  // namespace

nlohmann::json SchemaBuilder::reference(const RegistryCore& registry) {
  const std::string name(registry.kind().many);
  const RegistryCore* same = registries_.emplace(name, &registry).first->second;
  WEIR_ASSERT(same == &registry, "no two registries are called the same");
  if (!definitions_.contains(name)) {
    definitions_[name] = nullptr;  // a component may contain components of its own kind
    nlohmann::json bare = nlohmann::json::array();
    nlohmann::json alternatives = nlohmann::json::array();
    for (const Component* component : registry.list()) {
      if (!component->table->has_required()) bare.push_back(component->info.name);
      alternatives.push_back(component_schema(*component, *this));
    }
    if (!bare.empty()) {
      const nlohmann::json names = {{"type", "string"}, {"enum", bare}, {"description", "with all defaults"}};
      alternatives.insert(alternatives.begin(), names);
    }
    // With no alternative at all nothing is valid.
    definitions_[name] =
        alternatives.empty() ? nlohmann::json(false) : nlohmann::json{{"oneOf", alternatives}};
  }
  return {{"$ref", "#/$defs/" + name}};
}

nlohmann::json SchemaBuilder::reference(const Table& table) {
  WEIR_ASSERT(!table.title().empty(), "a table that is referred to has a title");
  if (!definitions_.contains(table.title())) {
    definitions_[table.title()] = nullptr;
    nlohmann::json schema = table.schema(*this);
    definitions_[table.title()] = std::move(schema);
  }
  return {{"$ref", "#/$defs/" + table.title()}};
}

nlohmann::json document_schema(const Table& root, const std::string& title) {
  SchemaBuilder builder;
  nlohmann::json out = root.schema(builder);
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = title;
  out["$defs"] = builder.definitions();
  return out;
}

}  // namespace weir
