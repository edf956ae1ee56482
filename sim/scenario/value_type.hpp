#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/errors.hpp"
#include "sim/scenario/range.hpp"

// How a value of one C++ type is read from a Node, written back and described. ParamTable composes these; the
// types are erased (a field is a void*), so that only ParamTable itself is a template.

namespace weir {

class Table;
class RegistryCore;
class SchemaBuilder;
struct ReferenceRow;

class ValueType {
 public:
  virtual ~ValueType() = default;
  // Assigns *value, or adds at least one error. What was found to be wrong keeps its default; a value that
  // the parser has reported is passed over.
  void read(const Node& at, void* value, Errors& errors) const;
  virtual nlohmann::json write(const void* value) const = 0;
  // `defaults`: the value that is there when none is given; nullptr inside lists and other things that begin
  // empty.
  virtual nlohmann::json schema(SchemaBuilder& builder, const void* defaults) const = 0;
  // `a finite number > 0, s`: what an error says is allowed, and what the reference says.
  virtual std::string allowed() const = 0;
  // JSON's null stands for empty: for a std::optional, and for a component whose default is empty.
  virtual bool accepts_null(const void* /*default_value*/) const { return false; }
  // Makes it empty, if it can be.
  virtual void clear(void* /*value*/) const {}
  // Leaving this value out would leave out something inside that has no default.
  virtual bool must_be_given(const void* /*default_value*/) const { return false; }
  // Of an object: its table.
  virtual const Table* inside() const { return nullptr; }
  // Rows of what is inside, each path beginning with `path`; none for a plain value.
  virtual void reference(const std::string& path, const void* defaults,
                         std::vector<ReferenceRow>& rows) const;

 private:
  virtual void read_known(const Node& at, void* value, Errors& errors) const = 0;
};
using ValueTypePtr = std::shared_ptr<const ValueType>;

// A table by value, or (for a table that contains itself) by the function that makes it.
using TablePtr = std::shared_ptr<const Table>;
using TableSource = std::function<TablePtr()>;

struct ListAccess {  // std::vector<U>
  void (*clear)(void* list);
  void* (*append)(void* list);  // a default-constructed element
  std::size_t (*size)(const void* list);
  const void* (*item)(const void* list, std::size_t index);
};
struct MapAccess {  // std::map<std::string, U>
  void (*clear)(void* map);
  void* (*insert)(void* map, std::string key);
  std::vector<std::pair<std::string, const void*>> (*items)(const void* map);
};
struct OptionalAccess {  // std::optional<U>
  void (*reset)(void* optional);
  void* (*emplace)(void* optional);
  const void* (*value)(const void* optional);  // nullptr when empty
};
struct ChoiceAccess {  // any enum
  void (*set)(void* choice, std::int64_t value);
  std::int64_t (*get)(const void* choice);
};
enum class IntegerWidth : std::uint8_t { int32, int64, uint64 };  // uint64: 0 to 2^63-1 in JSON

ValueTypePtr real_type(const Range& range, std::string unit);
ValueTypePtr integer_type(IntegerWidth width, const Range& range, std::string unit);
ValueTypePtr boolean_type();
ValueTypePtr text_type(bool may_have_lines = false);
ValueTypePtr choice_type(ChoiceAccess access, std::vector<std::pair<std::string, std::int64_t>> choices);
// `by_name`: the schema refers to the table by its title, as it must when a table contains itself.
ValueTypePtr object_type(TableSource table, bool by_name);
ValueTypePtr component_type(RegistryCore& (*registry)());  // the field is a ChosenCore
ValueTypePtr list_type(ValueTypePtr item, ListAccess access, std::size_t items_min);
ValueTypePtr map_type(ValueTypePtr value, MapAccess access);
ValueTypePtr optional_type(ValueTypePtr value, OptionalAccess access);

}  // namespace weir
