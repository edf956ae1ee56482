#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "sim/kernel/assert.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/value_type.hpp"

// Value types without an inside: numbers, booleans, texts, choices.

namespace weir {

namespace {

void put_range(nlohmann::json& schema, const Range& range) {
  if (std::isfinite(range.low)) schema[range.low_open ? "exclusiveMinimum" : "minimum"] = range.low;
  if (std::isfinite(range.high)) schema[range.high_open ? "exclusiveMaximum" : "maximum"] = range.high;
}

std::string with_unit(std::string text, const std::string& unit) {
  return unit.empty() ? text : text + ", " + unit;
}

class RealType final : public ValueType {
 public:
  RealType(const Range& range, std::string unit) : range_(range), unit_(std::move(unit)) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    const std::optional<double> x = at.real();
    if (!x) {
      errors.add(at, fmt::format("{} is not a number", at.shown()), allowed());
    } else if (!range_.contains(*x)) {
      errors.add(at, fmt::format("{} is out of range", at.shown()), allowed());
    } else {
      *static_cast<double*>(value) = *x;
    }
  }
  nlohmann::json write(const void* value) const override { return *static_cast<const double*>(value); }
  nlohmann::json schema(SchemaBuilder&, const void*) const override {
    nlohmann::json out = {{"type", "number"}};
    put_range(out, range_);
    return out;
  }
  std::string allowed() const override { return with_unit(range_.text("a finite number"), unit_); }

 private:
  Range range_;
  std::string unit_;
};

class IntegerType final : public ValueType {
 public:
  IntegerType(IntegerWidth width, const Range& range, std::string unit)
      : width_(width), range_(range), unit_(std::move(unit)) {
    switch (width) {
      case IntegerWidth::int32:
        low_ = std::numeric_limits<std::int32_t>::min();
        high_ = std::numeric_limits<std::int32_t>::max();
        break;
      case IntegerWidth::int64:
        low_ = std::numeric_limits<std::int64_t>::min();
        break;
      case IntegerWidth::uint64:
        low_ = 0;
        break;
    }
  }

  void read_known(const Node& at, void* value, Errors& errors) const override {
    const std::optional<std::int64_t> n = at.integer();
    const std::optional<double> x = at.real();
    if (!x || (!n && std::trunc(*x) != *x)) {
      errors.add(at, fmt::format("{} is not an integer", at.shown()), allowed());
    } else if (!n || *n < low_ || *n > high_ || !range_.contains(static_cast<double>(*n))) {
      errors.add(at, fmt::format("{} is out of range", at.shown()), allowed());
    } else {
      assign(value, *n);
    }
  }
  nlohmann::json write(const void* value) const override {
    switch (width_) {
      case IntegerWidth::int32:
        return *static_cast<const int*>(value);
      case IntegerWidth::int64:
        return *static_cast<const std::int64_t*>(value);
      case IntegerWidth::uint64:
        return *static_cast<const std::uint64_t*>(value);
    }
    return nullptr;
  }
  nlohmann::json schema(SchemaBuilder&, const void*) const override {
    nlohmann::json out = {{"type", "integer"}};
    Range range = limits();
    range.low = std::max(range.low, -two_to_63);
    if (!(range.high < two_to_63)) {
      // Said twice: the first is exact for people, the second for readers that take numbers as doubles.
      out["maximum"] = std::numeric_limits<std::int64_t>::max();
      range.high = two_to_63;
      range.high_open = true;
    }
    put_range(out, range);
    return out;
  }
  std::string allowed() const override {
    const Range range = limits();
    // Where any 64 bits might do, that only 63 do is news.
    if (width_ == IntegerWidth::uint64 && range.low == 0 && !(range.high < two_to_63)) {
      return with_unit(fmt::format("an integer from 0 to {}", std::numeric_limits<std::int64_t>::max()),
                       unit_);
    }
    // The limits of 64 bits are no news to anybody; those of 32 are, to somebody who has just crossed them.
    return with_unit(range.text("an integer"), unit_);
  }

 private:
  static constexpr double two_to_63 = 9223372036854775808.0;
  Range limits() const {
    Range out = range_;
    if (width_ == IntegerWidth::uint64 && out.low < 0) out.low = 0;
    if (width_ == IntegerWidth::int32) {
      out.low = std::max(out.low, static_cast<double>(low_));
      out.high = std::min(out.high, static_cast<double>(high_));
    }
    return out;
  }
  void assign(void* value, std::int64_t n) const {
    switch (width_) {
      case IntegerWidth::int32:
        *static_cast<int*>(value) = static_cast<int>(n);
        break;
      case IntegerWidth::int64:
        *static_cast<std::int64_t*>(value) = n;
        break;
      case IntegerWidth::uint64:
        *static_cast<std::uint64_t*>(value) = static_cast<std::uint64_t>(n);
        break;
    }
  }

  IntegerWidth width_;
  Range range_;
  std::string unit_;
  std::int64_t low_ = 0;
  std::int64_t high_ = std::numeric_limits<std::int64_t>::max();
};

class BooleanType final : public ValueType {
 public:
  void read_known(const Node& at, void* value, Errors& errors) const override {
    if (const std::optional<bool> b = at.boolean()) {
      *static_cast<bool*>(value) = *b;
    } else {
      errors.add(at, fmt::format("{} is neither true nor false", at.shown()), allowed());
    }
  }
  nlohmann::json write(const void* value) const override { return *static_cast<const bool*>(value); }
  nlohmann::json schema(SchemaBuilder&, const void*) const override { return {{"type", "boolean"}}; }
  std::string allowed() const override { return "true or false"; }
};

// What would break a line, or steer a terminal that it is printed on: C0, DEL, and C1 as UTF-8 has it.
bool has_control_characters(std::string_view text, bool may_have_lines) {
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n' && may_have_lines) {
      before = byte;
      continue;
    }
    if (byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0)) return true;
    before = byte;
  }
  return false;
}

class TextType final : public ValueType {
 public:
  explicit TextType(bool may_have_lines) : may_have_lines_(may_have_lines) {}

  void read_known(const Node& at, void* value, Errors& errors) const override {
    if (const auto text = at.text(); !text) {
      errors.add(at, fmt::format("{} is not a text", at.shown()), allowed());
    } else if (has_control_characters(*text, may_have_lines_)) {
      errors.add(at, fmt::format("{} has control characters", at.shown()),
                 may_have_lines_ ? "a text; of these only \\n, which ends a line" : "a text of one line");
    } else {
      *static_cast<std::string*>(value) = *text;
    }
  }
  nlohmann::json write(const void* value) const override { return *static_cast<const std::string*>(value); }
  nlohmann::json schema(SchemaBuilder&, const void*) const override { return {{"type", "string"}}; }
  std::string allowed() const override { return "a text in double quotes"; }

 private:
  bool may_have_lines_;
};

class ChoiceType final : public ValueType {
 public:
  ChoiceType(ChoiceAccess access, std::vector<std::pair<std::string, std::int64_t>> choices)
      : access_(access), choices_(std::move(choices)) {
    for (const auto& [word, number] : choices_) words_.push_back(word);
    WEIR_ASSERT(!words_.empty(), "there is something to choose from");
  }

  void read_known(const Node& at, void* value, Errors& errors) const override {
    for (const auto& [word, number] : choices_) {
      if (at.text() == word) {
        access_.set(value, number);
        return;
      }
    }
    if (at.is_string()) {
      errors.add(at, fmt::format("unknown choice {}", at.shown()), allowed_names(*at.text(), words_));
    } else if (std::find(words_.begin(), words_.end(), at.shown()) != words_.end()) {
      // A version, say, without its quotes.
      errors.add(at, fmt::format("{} is a number, and the choices are texts", at.shown()),
                 fmt::format("{}; in quotes: \"{}\"", allowed(), at.shown()));
    } else {
      errors.add(at, fmt::format("{} is not one of the choices", at.shown()), allowed());
    }
  }
  nlohmann::json write(const void* value) const override {
    for (const auto& [word, number] : choices_) {
      if (access_.get(value) == number) return word;
    }
    WEIR_ASSERT(false, "every value of the enum has a word in the table");
    return nullptr;
  }
  nlohmann::json schema(SchemaBuilder&, const void*) const override {
    return {{"type", "string"}, {"enum", words_}};
  }
  std::string allowed() const override { return fmt::format("one of: {}", fmt::join(words_, ", ")); }

 private:
  ChoiceAccess access_;
  std::vector<std::pair<std::string, std::int64_t>> choices_;
  std::vector<std::string> words_;
};

}  // namespace

ValueTypePtr real_type(const Range& range, std::string unit) {
  return std::make_shared<RealType>(range, std::move(unit));
}
ValueTypePtr integer_type(IntegerWidth width, const Range& range, std::string unit) {
  return std::make_shared<IntegerType>(width, range, std::move(unit));
}
ValueTypePtr boolean_type() {
  return std::make_shared<BooleanType>();
}
ValueTypePtr text_type(bool may_have_lines) {
  return std::make_shared<TextType>(may_have_lines);
}
ValueTypePtr choice_type(ChoiceAccess access, std::vector<std::pair<std::string, std::int64_t>> choices) {
  return std::make_shared<ChoiceType>(access, std::move(choices));
}

}  // namespace weir
