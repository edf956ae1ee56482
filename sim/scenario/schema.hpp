#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/registry.hpp"
#include "sim/scenario/table.hpp"

// JSON Schema (draft 2020-12) from tables. Registries and tables that contain themselves become $defs. Units
// and sources are kept as "x-unit" and "x-source", which validators ignore.

namespace weir {

class SchemaBuilder {
 public:
  // {"$ref": "#/$defs/policies"}; builds the definition when it is asked for the first time.
  nlohmann::json reference(const RegistryCore& registry);
  nlohmann::json reference(const Table& table);
  nlohmann::json definitions() const { return definitions_; }

 private:
  nlohmann::json definitions_ = nlohmann::json::object();
  std::map<std::string, const RegistryCore*> registries_;
};

// The schema of a whole document.
nlohmann::json document_schema(const Table& root, const std::string& title);

}  // namespace weir
