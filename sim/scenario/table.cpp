#include "sim/scenario/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/kernel/assert.hpp"
#include "sim/scenario/node.hpp"

namespace weir {

void Table::add(Param param) {
  WEIR_ASSERT(!param.name.empty(), "a parameter has a name");
  WEIR_ASSERT(find(param.name) == nullptr, "a parameter is there once");
  params_.push_back(std::move(param));
}

void Table::require(std::string_view name) {
  for (Param& param : params_) {
    if (param.name == name) {
      param.required = true;
      return;
    }
  }
  WEIR_ASSERT(false, "a required parameter is in the table");
}

void Table::add_check(std::vector<std::string> needs, Check check) {
  for (const std::string& name : needs) WEIR_ASSERT(find(name) != nullptr, "a check needs what is there");
  checks_.push_back({Needs::some, std::move(needs), std::move(check)});
}

void Table::add_check_of_all(Check check) {
  checks_.push_back({Needs::all, {}, std::move(check)});
}

void Table::add_check_of_parts(Check check) {
  checks_.push_back({Needs::asks, {}, std::move(check)});
}

bool Table::has_required() const {
  return std::any_of(params_.begin(), params_.end(),
                     [this](const Param& param) { return is_required(param); });
}

bool Table::may_be_null(const Param& param, const void* defaults) const {
  return !is_required(param) && param.type->accepts_null(param.field(defaults));
}

bool Table::is_required(const Param& param) const {
  return param.required || param.type->must_be_given(param.field(defaults()));
}

const Param* Table::find(std::string_view name) const {
  for (const Param& param : params_) {
    if (param.name == name) return &param;
  }
  return nullptr;
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> out;
  for (const Param& param : params_) out.push_back(param.name);
  std::sort(out.begin(), out.end());
  return out;
}

bool Table::read(const Node& at, void* object, Errors& errors, std::string_view what,
                 std::string_view skip) const {
  const std::size_t errors_before = errors.count();
  if (what.empty()) what = title_;
  if (at.is_unknown()) return false;
  if (!at.is_object() && !(at.is_string() && !skip.empty())) {
    errors.add(at, fmt::format("{} is not an object", at.shown()),
               fmt::format("an object with: {}", fmt::join(names(), ", ")));
    return false;
  }
  std::vector<bool> seen(params_.size(), false);
  std::vector<std::string> all;
  for (const Node* child : at.members()) {
    const std::string& key = child->key();
    if (key == comment_key || key == schema_key || (!skip.empty() && key == skip)) continue;
    const Param* param = find(key);
    if (param == nullptr) {
      if (all.empty()) all = names();
      errors.add_key(*child,
                     what.empty() ? "unknown parameter" : fmt::format("unknown parameter of {}", what),
                     allowed_names(key, all));
      // A misspelt parameter is not reported as missing, too.
      const std::string near = closest(key, all);
      if (!near.empty()) {
        seen[static_cast<std::size_t>(find(near) - params_.data())] = true;
        errors.doubt(at, near);
      }
      continue;
    }
    seen[static_cast<std::size_t>(param - params_.data())] = true;
    if (child->is_null() && may_be_null(*param, defaults())) {
      param->type->clear(param->field(object));
      continue;
    }
    param->type->read(*child, param->field(object), errors);
  }
  for (std::size_t i = 0; i < params_.size(); ++i) {
    const Param& param = params_[i];
    if (!seen[i] && is_required(param)) {
      errors.add_member(at, param.name, what.empty() ? "missing" : fmt::format("missing in {}", what),
                        param.type->allowed());
    }
  }
  const bool all_read = errors.count() == errors_before && errors.sound(at);
  for (const NeedingCheck& needing : checks_) {
    const bool ready = needing.kind == Needs::asks || (needing.kind == Needs::all && all_read) ||
                       (needing.kind == Needs::some &&
                        std::all_of(needing.members.begin(), needing.members.end(),
                                    [&](const std::string& name) { return errors.sound(at, name); }));
    if (ready) needing.check(object, at, errors);
  }
  return errors.sound(at) && errors.count() == errors_before;
}

bool Table::sizes_known(const Node& at, const Errors& errors) const {
  return std::all_of(params_.begin(), params_.end(), [&](const Param& param) {
    if (errors.sound(at, param.name)) return true;
    const Table* inside = param.type->inside();
    if (inside == nullptr) return !param.text.sizes;
    const Node* member = at.find(param.name);
    return member != nullptr && member->is_object() && inside->sizes_known(*member, errors);
  });
}

nlohmann::json Table::write(const void* object) const {
  nlohmann::json out = nlohmann::json::object();
  for (const Param& param : params_) out[param.name] = param.type->write(param.field(object));
  return out;
}

nlohmann::json Table::schema(SchemaBuilder& builder, const void* defaults) const {
  if (defaults == nullptr) defaults = defaults_.get();
  nlohmann::json properties = nlohmann::json::object();
  nlohmann::json required = nlohmann::json::array();
  for (const Param& param : params_) {
    nlohmann::json schema = param.type->schema(builder, param.field(defaults));
    if (may_be_null(param, defaults)) {
      schema = {{"anyOf", nlohmann::json::array({std::move(schema), {{"type", "null"}}})}};
    }
    if (!param.text.help.empty()) schema["description"] = param.text.help;
    if (!param.text.unit.empty()) schema["x-unit"] = param.text.unit;
    if (!param.text.source.empty()) schema["x-source"] = param.text.source;
    if (is_required(param)) {
      required.push_back(param.name);
    } else {
      schema["default"] = param.type->write(param.field(defaults));
    }
    properties[param.name] = std::move(schema);
  }
  properties[comment_key] = true;
  properties[schema_key] = true;
  nlohmann::json out = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  if (!title_.empty()) out["title"] = title_;
  return out;
}

void Table::reference(const std::string& path, const void* defaults, std::vector<ReferenceRow>& rows) const {
  if (defaults == nullptr) defaults = defaults_.get();
  for (const Param& param : params_) {
    const void* field = param.field(defaults);
    const std::string name = path.empty() ? param.name : path + "." + param.name;
    ReferenceRow row;
    row.path = name;
    row.allowed = param.type->allowed() + (may_be_null(param, defaults) ? ", or null" : "");
    row.unit = param.text.unit;
    row.help = param.text.help;
    row.source = param.text.source;
    row.required = is_required(param);
    if (!row.required) row.default_json = param.type->write(field).dump();
    rows.push_back(std::move(row));
    param.type->reference(name, field, rows);
  }
}

}  // namespace weir
