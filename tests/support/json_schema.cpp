#include "tests/support/json_schema.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace weir::test {

namespace {

using nlohmann::json;

bool has_type(const std::string& type, const json& value) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "number") return value.is_number();
  if (type == "integer") {
    return value.is_number_integer() || (value.is_number() && std::trunc(value.get<double>()) == value);
  }
  throw std::runtime_error("unknown type " + type);
}

std::string object_error(const json& schema, const json& root, const json& value) {
  if (schema.contains("required")) {
    for (const json& key : schema["required"]) {
      if (!value.contains(key.get<std::string>())) return "missing " + key.dump();
    }
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [key, member] : value.items()) {
    std::string error;
    if (properties.contains(key)) {
      error = schema_error(properties[key], root, member);
    } else if (schema.contains("additionalProperties")) {
      error = schema_error(schema["additionalProperties"], root, member);
    }
    if (!error.empty()) return key + ": " + error;
  }
  return {};
}

std::string number_error(const json& schema, double x) {
  if (schema.contains("minimum") && x < schema["minimum"].get<double>()) return "below minimum";
  if (schema.contains("maximum") && x > schema["maximum"].get<double>()) return "above maximum";
  if (schema.contains("exclusiveMinimum") && x <= schema["exclusiveMinimum"].get<double>())
    return "not above";
  if (schema.contains("exclusiveMaximum") && x >= schema["exclusiveMaximum"].get<double>())
    return "not below";
  return {};
}

void check_keywords(const json& schema) {
  static const std::set<std::string> known = {"$schema",
                                              "$defs",
                                              "$ref",
                                              "title",
                                              "description",
                                              "default",
                                              "type",
                                              "enum",
                                              "const",
                                              "oneOf",
                                              "anyOf",
                                              "items",
                                              "minItems",
                                              "required",
                                              "minimum",
                                              "maximum",
                                              "properties",
                                              "x-unit",
                                              "additionalProperties",
                                              "x-source",
                                              "exclusiveMinimum",
                                              "exclusiveMaximum"};
  for (const auto& [key, ignored] : schema.items()) {
    if (!known.contains(key)) throw std::runtime_error("unknown keyword " + key);
  }
}

}  // namespace

std::string schema_error(const json& schema, const json& root, const json& value) {
  if (schema.is_boolean()) return schema.get<bool>() ? "" : "nothing is allowed";
  check_keywords(schema);
  if (schema.contains("$ref")) {
    const json::json_pointer at(schema["$ref"].get<std::string>().substr(1));
    const std::string error = schema_error(root.at(at), root, value);
    if (!error.empty()) return error;
  }
  if (schema.contains("type") && !has_type(schema["type"], value))
    return "not of type " + schema["type"].dump();
  if (schema.contains("const") && value != schema["const"]) return "not " + schema["const"].dump();
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return "not in enum";
  for (const char* some : {"oneOf", "anyOf"}) {
    if (!schema.contains(some)) continue;
    int valid = 0;
    for (const json& one : schema[some]) valid += schema_error(one, root, value).empty() ? 1 : 0;
    if (valid == 0 || (std::string(some) == "oneOf" && valid != 1)) return std::string(some) + " of none";
  }
  if (value.is_number()) return number_error(schema, value.get<double>());
  if (value.is_object()) return object_error(schema, root, value);
  if (value.is_array()) {
    if (value.size() < schema.value("minItems", std::size_t{0})) return "too short";
    for (const json& item : value) {
      const std::string error = schema.contains("items") ? schema_error(schema["items"], root, item) : "";
      if (!error.empty()) return error;
    }
  }
  return {};
}

}  // namespace weir::test
