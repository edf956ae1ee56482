#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/scenario/node.hpp"
#include "sim/scenario/registry.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/scenario/table.hpp"
#include "sim/scenario/value_type.hpp"

// Value types with an inside: objects, components, lists, maps, optional values.

namespace weir {

void ValueType::read(const Node& at, void* value, Errors& errors) const {
  if (at.is_unknown()) {
    clear(value);
    errors.doubt(at);
  } else {
    read_known(at, value, errors);
  }
}

void ValueType::reference(const std::string&, const void*, std::vector<ReferenceRow>&) const {}

namespace {

class ObjectType final : public ValueType {
 public:
  ObjectType(TableSource source, bool by_name) : source_(std::move(source)), by_name_(by_name) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    table().read(at, value, errors);
  }
  nlohmann::json write(const void* value) const override { return table().write(value); }
  nlohmann::json schema(SchemaBuilder& builder, const void* defaults) const override {
    return by_name_ ? builder.reference(table()) : table().schema(builder, defaults);
  }
  std::string allowed() const override {
    return table().title().empty() ? "an object" : fmt::format("an object: {}", table().title());
  }
  void reference(const std::string& path, const void* defaults,
                 std::vector<ReferenceRow>& rows) const override {
    if (!by_name_) table().reference(path, defaults, rows);
  }
  bool must_be_given(const void*) const override { return table().has_required(); }
  const Table* inside() const override { return &table(); }

 private:
  const Table& table() const {
    if (!table_) table_ = source_();
    return *table_;
  }
  TableSource source_;
  bool by_name_;
  mutable TablePtr table_;
};

class ComponentType final : public ValueType {
 public:
  explicit ComponentType(RegistryCore& (*registry)()) : registry_(registry) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    static_cast<ChosenCore*>(value)->read(registry_(), at, errors);
  }
  nlohmann::json write(const void* value) const override {
    return static_cast<const ChosenCore*>(value)->write(registry_());
  }
  nlohmann::json schema(SchemaBuilder& builder, const void*) const override {
    return builder.reference(registry_());
  }
  std::string allowed() const override {
    std::vector<std::string> names = registry_().names();
    // Of the test program: no part of what is shipped.
    std::erase_if(names, [](const std::string& name) { return name.starts_with("test-"); });
    return fmt::format("{}: {}", with_article(registry_().kind().one), fmt::join(names, ", "));
  }
  bool accepts_null(const void* default_value) const override {
    return static_cast<const ChosenCore*>(default_value)->empty();
  }
  void clear(void* value) const override { *static_cast<ChosenCore*>(value) = ChosenCore(); }
  bool must_be_given(const void* default_value) const override {
    const Component* component = registry_().find(static_cast<const ChosenCore*>(default_value)->name());
    return component != nullptr && component->table->has_required();
  }

 private:
  RegistryCore& (*registry_)();
};

class ListType final : public ValueType {
 public:
  ListType(ValueTypePtr item, ListAccess access, std::size_t items_min)
      : item_(std::move(item)), access_(access), items_min_(items_min) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    if (!at.is_array()) {
      errors.add(at, fmt::format("{} is not an array", at.shown()), allowed());
      return;
    }
    if (at.items().size() < items_min_) {
      errors.add(at, fmt::format("an array of {} is too short", at.items().size()), allowed());
    }
    access_.clear(value);
    for (const Node* item : at.items()) item_->read(*item, access_.append(value), errors);
  }
  nlohmann::json write(const void* value) const override {
    nlohmann::json out = nlohmann::json::array();
    for (std::size_t i = 0; i < access_.size(value); ++i) out.push_back(item_->write(access_.item(value, i)));
    return out;
  }
  nlohmann::json schema(SchemaBuilder& builder, const void*) const override {
    nlohmann::json out = {{"type", "array"}, {"items", item_->schema(builder, nullptr)}};
    if (items_min_ > 0) out["minItems"] = items_min_;
    return out;
  }
  std::string allowed() const override {
    const std::string size = items_min_ > 0 ? fmt::format(" of at least {}", items_min_) : std::string();
    return fmt::format("an array{}, each {}", size, item_->allowed());
  }
  void reference(const std::string& path, const void*, std::vector<ReferenceRow>& rows) const override {
    item_->reference(path + "[]", nullptr, rows);
  }

 private:
  ValueTypePtr item_;
  ListAccess access_;
  std::size_t items_min_;
};

class MapType final : public ValueType {
 public:
  MapType(ValueTypePtr value, MapAccess access) : value_(std::move(value)), access_(access) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    if (!at.is_object()) {
      errors.add(at, fmt::format("{} is not an object", at.shown()), allowed());
      return;
    }
    access_.clear(value);
    for (const Node* member : at.members()) {
      if (member->key() == comment_key) continue;
      value_->read(*member, access_.insert(value, member->key()), errors);
    }
  }
  nlohmann::json write(const void* value) const override {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [key, item] : access_.items(value)) out[key] = value_->write(item);
    return out;
  }
  nlohmann::json schema(SchemaBuilder& builder, const void*) const override {
    nlohmann::json out = {{"type", "object"}, {"additionalProperties", value_->schema(builder, nullptr)}};
    out["properties"][std::string(comment_key)] = true;
    return out;
  }
  std::string allowed() const override {
    return fmt::format("an object of names, each {}", value_->allowed());
  }
  void reference(const std::string& path, const void*, std::vector<ReferenceRow>& rows) const override {
    value_->reference(path + ".<name>", nullptr, rows);
  }

 private:
  ValueTypePtr value_;
  MapAccess access_;
};

class OptionalType final : public ValueType {
 public:
  OptionalType(ValueTypePtr value, OptionalAccess access) : value_(std::move(value)), access_(access) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    value_->read(at, access_.emplace(value), errors);
  }
  nlohmann::json write(const void* value) const override {
    const void* inside = access_.value(value);
    return inside == nullptr ? nlohmann::json(nullptr) : value_->write(inside);
  }
  nlohmann::json schema(SchemaBuilder& builder, const void*) const override {
    return value_->schema(builder, nullptr);
  }
  std::string allowed() const override { return value_->allowed(); }
  bool accepts_null(const void*) const override { return true; }
  void clear(void* value) const override { access_.reset(value); }
  void reference(const std::string& path, const void*, std::vector<ReferenceRow>& rows) const override {
    value_->reference(path, nullptr, rows);
  }

 private:
  ValueTypePtr value_;
  OptionalAccess access_;
};

}  // namespace

ValueTypePtr object_type(TableSource table, bool by_name) {
  return std::make_shared<ObjectType>(std::move(table), by_name);
}
ValueTypePtr component_type(RegistryCore& (*registry)()) {
  return std::make_shared<ComponentType>(registry);
}
ValueTypePtr list_type(ValueTypePtr item, ListAccess access, std::size_t items_min) {
  return std::make_shared<ListType>(std::move(item), access, items_min);
}
ValueTypePtr map_type(ValueTypePtr value, MapAccess access) {
  return std::make_shared<MapType>(std::move(value), access);
}
ValueTypePtr optional_type(ValueTypePtr value, OptionalAccess access) {
  return std::make_shared<OptionalType>(std::move(value), access);
}

}  // namespace weir
