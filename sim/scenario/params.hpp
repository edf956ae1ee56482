#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/table.hpp"
#include "sim/scenario/value_type.hpp"

// A ParamTable<T> says once how a struct looks in JSON: names, units, ranges, help, sources. From it come the
// reader with its errors, the resolved scenario in the manifest, the JSON schema and the reference pages.
//
//   struct CostParams { double per_record_s = 1e-6; int threads = 1; };
//
//   ParamTable<CostParams> cost_table() {
//     ParamTable<CostParams> t("cost");
//     t.real("per_record_s", &CostParams::per_record_s, {.unit = "s", .help = "CPU time."}, non_negative());
//     t.integer("threads", &CostParams::threads, {.help = "Threads."}, at_least(1));
//     t.check({"threads"}, [](const CostParams& p, const Node& at, Errors& errors) { …
//     errors.add(at.at_or_self("threads"), …) }); return t;
//   }
//
// A default is the value in a default-constructed struct. A std::optional member may be null or left out.
// Wrong input never throws; a table that is wrong itself (a name twice) is an assertion.

namespace weir {

template <class T>
class ParamTable {
 public:
  // `title` names the object in errors (`unknown parameter of cost`) and in the schema.
  explicit ParamTable(std::string title = {})
      : defaults_(std::make_shared<T>()),
        table_(std::make_shared<Table>(
            std::move(title), defaults_, +[]() -> std::shared_ptr<void> { return std::make_shared<T>(); })) {}

  void real(std::string name, double T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, real_type(range, text.unit));
  }
  void real(std::string name, std::optional<double> T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, optional_type(real_type(range, text.unit), optional_access<double>()));
  }
  void integer(std::string name, int T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, integer_type(IntegerWidth::int32, range, text.unit));
  }
  void integer(std::string name, std::int64_t T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, integer_type(IntegerWidth::int64, range, text.unit));
  }
  // 0 to 2^63 - 1.
  void integer(std::string name, std::uint64_t T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, integer_type(IntegerWidth::uint64, range, text.unit));
  }
  void integer(std::string name, std::optional<int> T::*field, ParamText text, Range range = any()) {
    auto type = integer_type(IntegerWidth::int32, range, text.unit);
    add(std::move(name), field, text, optional_type(std::move(type), optional_access<int>()));
  }
  void integer(std::string name, std::optional<std::int64_t> T::*field, ParamText text, Range range = any()) {
    auto type = integer_type(IntegerWidth::int64, range, text.unit);
    add(std::move(name), field, text, optional_type(std::move(type), optional_access<std::int64_t>()));
  }
  void boolean(std::string name, bool T::*field, ParamText text) {
    add(std::move(name), field, text, boolean_type());
  }
  void text(std::string name, std::string T::*field, ParamText text) {
    add(std::move(name), field, text, text_type());
  }
  // A text that may have several lines.
  void lines(std::string name, std::string T::*field, ParamText text) {
    add(std::move(name), field, text, text_type(true));
  }
  template <class E>
  void choice(std::string name, E T::*field, ParamText text, std::vector<std::pair<std::string, E>> choices) {
    std::vector<std::pair<std::string, std::int64_t>> erased;
    for (auto& [word, value] : choices) erased.emplace_back(word, static_cast<std::int64_t>(value));
    const ChoiceAccess access{
        [](void* e, std::int64_t v) { *static_cast<E*>(e) = static_cast<E>(v); },
        [](const void* e) { return static_cast<std::int64_t>(*static_cast<const E*>(e)); }};
    add(std::move(name), field, text, choice_type(access, std::move(erased)));
  }
  void reals(std::string name, std::vector<double> T::*field, ParamText text, Range range = any()) {
    add(std::move(name), field, text, list_type(real_type(range, text.unit), list_access<double>(), 0));
  }
  void integers(std::string name, std::vector<int> T::*field, ParamText text, Range range = any()) {
    auto item = integer_type(IntegerWidth::int32, range, text.unit);
    add(std::move(name), field, text, list_type(std::move(item), list_access<int>(), 0));
  }
  void texts(std::string name, std::vector<std::string> T::*field, ParamText text) {
    add(std::move(name), field, text, list_type(text_type(), list_access<std::string>(), 0));
  }
  // A nested struct. Instead of a table, the function that makes one may be given (`&tree_table`): then it is
  // called when it is needed, and a table may contain itself (it needs a title then).
  template <class U, class Nested>
  void object(std::string name, U T::*field, const Nested& table, ParamText text) {
    add(std::move(name), field, text, nested<U>(table));
  }
  template <class U, class Nested>
  void object(std::string name, std::optional<U> T::*field, const Nested& table, ParamText text) {
    add(std::move(name), field, text, optional_type(nested<U>(table), optional_access<U>()));
  }
  template <class U, class Nested>
  void objects(std::string name, std::vector<U> T::*field, const Nested& table, ParamText text,
               std::size_t items_min = 0) {
    add(std::move(name), field, text, list_type(nested<U>(table), list_access<U>(), items_min));
  }
  // {"name": {…}, …}
  template <class U, class Nested>
  void objects(std::string name, std::map<std::string, U> T::*field, const Nested& table, ParamText text) {
    add(std::move(name), field, text, map_type(nested<U>(table), map_access<U>()));
  }
  // A Chosen<…> of a registry: {"type": "poisson", …} or "poisson". When its default is empty it may be left
  // out.
  template <class R>
  void component(std::string name, typename R::Choice T::*field, ParamText text) {
    add(std::move(name), field, text, component_type(&R::core));
  }
  template <class R>
  void components(std::string name, std::vector<typename R::Choice> T::*field, ParamText text,
                  std::size_t items_min = 0) {
    add(std::move(name), field, text,
        list_type(component_type(&R::core), list_access<typename R::Choice>(), items_min));
  }

  void required(std::string_view name) { table_->require(name); }

  // Called when these members, which it looks at, could be read. Points at a member with
  // at.at_or_self("low").
  template <class F>
  void check(std::vector<std::string> needs, F function) {
    table_->add_check(std::move(needs), typed(std::move(function)));
  }
  // Called when all members could be read.
  template <class F>
  void check_all(F function) {
    table_->add_check_of_all(typed(std::move(function)));
  }
  // Called in any case: asks Errors::sound what it can rely on. What is not sound has its default.
  template <class F>
  void check_parts(F function) {
    table_->add_check_of_parts(typed(std::move(function)));
  }

  // Reads into `out` (what is not mentioned keeps its value); false when errors were added.
  bool read(const Node& at, T& out, Errors& errors) const { return table_->read(at, &out, errors); }
  // The resolved form, with every default; reading it gives the same struct. A template so that only callers
  // need the whole of nlohmann/json.hpp.
  template <class Json = nlohmann::json>
  Json write(const T& object) const {
    return table_->write(&object);
  }
  const Table& table() const { return *table_; }
  TablePtr shared() const { return table_; }

 private:
  template <class F>
  static Table::Check typed(F function) {
    return [function](const void* object, const Node& at, Errors& errors) {
      function(*static_cast<const T*>(object), at, errors);
    };
  }
  template <class Field>
  void add(std::string name, Field T::*field, const ParamText& text, ValueTypePtr type) {
    const T& defaults = *defaults_;
    const auto offset =
        reinterpret_cast<const char*>(&(defaults.*field)) - reinterpret_cast<const char*>(&defaults);
    table_->add(Param{.name = std::move(name),
                      .text = text,
                      .offset = static_cast<std::size_t>(offset),
                      .type = std::move(type)});
  }

  template <class U>
  static ValueTypePtr nested(const ParamTable<U>& table) {
    return object_type([shared = table.shared()] { return shared; }, false);
  }
  template <class U>
  static ValueTypePtr nested(ParamTable<U> (*make)()) {
    return object_type([make] { return make().shared(); }, true);
  }

  template <class U>
  static OptionalAccess optional_access() {
    using Optional = std::optional<U>;
    return {[](void* o) { static_cast<Optional*>(o)->reset(); },
            [](void* o) -> void* { return &static_cast<Optional*>(o)->emplace(); },
            [](const void* o) -> const void* {
              const auto& optional = *static_cast<const Optional*>(o);
              return optional ? &*optional : nullptr;
            }};
  }
  template <class U>
  static ListAccess list_access() {
    using List = std::vector<U>;
    return {[](void* l) { static_cast<List*>(l)->clear(); },
            [](void* l) -> void* { return &static_cast<List*>(l)->emplace_back(); },
            [](const void* l) { return static_cast<const List*>(l)->size(); },
            [](const void* l, std::size_t i) -> const void* { return &(*static_cast<const List*>(l))[i]; }};
  }
  template <class U>
  static MapAccess map_access() {
    using Map = std::map<std::string, U>;
    return {[](void* m) { static_cast<Map*>(m)->clear(); },
            [](void* m, std::string key) -> void* { return &(*static_cast<Map*>(m))[std::move(key)]; },
            [](const void* m) {
              std::vector<std::pair<std::string, const void*>> items;
              for (const auto& [key, value] : *static_cast<const Map*>(m)) items.emplace_back(key, &value);
              return items;
            }};
  }

  std::shared_ptr<T> defaults_;
  std::shared_ptr<Table> table_;
};

}  // namespace weir
