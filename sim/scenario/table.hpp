#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/value_type.hpp"

// The part of ParamTable<T> that does not depend on T.

namespace weir {

struct ParamText {
  std::string unit = {};
  std::string help = {};
  std::string source = {};  // paper and section, or where it was measured
  bool sizes = false;       // of a workload: how many instances there are depends on it
};

struct Param {
  std::string name;
  ParamText text;
  std::size_t offset = 0;  // of the field in the struct
  ValueTypePtr type;
  bool required = false;

  const void* field(const void* object) const { return static_cast<const char*>(object) + offset; }
  void* field(void* object) const { return static_cast<char*>(object) + offset; }
};

// One line of the generated reference.
struct ReferenceRow {
  std::string path;  // `cost.per_record_s`, `phases[].rate_per_s`
  std::string allowed;
  std::string unit;
  std::string default_json;  // empty when required
  bool required = false;
  std::string help;
  std::string source;
};

class Table {
 public:
  using Check = std::function<void(const void* object, const Node& at, Errors& errors)>;

  Table(std::string title, std::shared_ptr<const void> defaults, std::shared_ptr<void> (*maker)())
      : title_(std::move(title)), defaults_(std::move(defaults)), make_(maker) {}

  void add(Param param);
  void require(std::string_view name);
  // `needs`: the members that it looks at.
  void add_check(std::vector<std::string> needs, Check check);
  void add_check_of_all(Check check);
  void add_check_of_parts(Check check);

  // Reads the members of `at` into *object. Members that are not there keep the value that *object has.
  // Checks run when what they need could be read. `what` names the reader in errors (`policy threshold`);
  // `skip` is a key that somebody else reads. A string counts as an object without members: a component by
  // its bare name.
  bool read(const Node& at, void* object, Errors& errors, std::string_view what = {},
            std::string_view skip = {}) const;
  nlohmann::json write(const void* object) const;
  // `defaults` is a struct with the values of members that are left out; nullptr: a default-constructed one.
  nlohmann::json schema(SchemaBuilder& builder, const void* defaults = nullptr) const;
  void reference(const std::string& path, const void* defaults, std::vector<ReferenceRow>& rows) const;

  // Whether all that `sizes` could be read from `at`, whatever else is wrong there.
  bool sizes_known(const Node& at, const Errors& errors) const;

  const std::string& title() const { return title_; }
  const std::vector<Param>& params() const { return params_; }
  const void* defaults() const { return defaults_.get(); }
  std::shared_ptr<void> make() const { return make_(); }  // a default-constructed struct
  bool has_required() const;

 private:
  enum class Needs { some, all, asks };  // asks: the check finds out what is sound
  struct NeedingCheck {
    Needs kind;
    std::vector<std::string> members;
    Check check;
  };

  bool is_required(const Param& param) const;
  bool may_be_null(const Param& param, const void* defaults) const;
  const Param* find(std::string_view name) const;
  std::vector<std::string> names() const;

  std::string title_;
  std::shared_ptr<const void> defaults_;
  std::shared_ptr<void> (*make_)();
  std::vector<Param> params_;
  std::vector<NeedingCheck> checks_;
};

// Ignored in every object: JSON has no comments.
inline constexpr std::string_view comment_key = "$comment";
// Ignored too, so that an editor can be told where the schema is.
inline constexpr std::string_view schema_key = "$schema";

}  // namespace weir
