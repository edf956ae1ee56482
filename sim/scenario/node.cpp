#include "sim/scenario/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/kernel/assert.hpp"
#include "sim/scenario/errors.hpp"

namespace weir {

namespace {

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$';
  });
}

}  // namespace

std::string member_path(const std::string& parent, std::string_view key) {
  if (!is_plain_key(key)) return fmt::format("{}[{}]", parent, weir::quoted(key));
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string item_path(const std::string& parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

const Node* Node::find(std::string_view key) const {
  for (const Node* child : members()) {
    if (child->key_ == key) return child;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Node& Node::at_or_self(std::string_view key) const {
  const Node* child = find(key);
  return child != nullptr ? *child : *this;
}

std::optional<bool> Node::boolean() const {
  if (kind_ != NodeKind::boolean) return std::nullopt;
  return boolean_;
}

std::optional<std::int64_t> Node::integer() const {
  if (kind_ == NodeKind::integer) return integer_;
  // 2^63 itself does not fit, and is exact as a double.
  constexpr double limit = 9223372036854775808.0;
  if (kind_ == NodeKind::real && real_ >= -limit && real_ < limit && std::trunc(real_) == real_) {
    return static_cast<std::int64_t>(real_);
  }
  return std::nullopt;
}

std::optional<double> Node::real() const {
  if (kind_ == NodeKind::integer) return static_cast<double>(integer_);
  if (kind_ == NodeKind::real) return real_;
  return std::nullopt;
}

std::optional<std::string_view> Node::text() const {
  if (kind_ != NodeKind::string) return std::nullopt;
  return text_;
}

std::string Node::path() const {
  if (parent_ == nullptr) return {};
  const std::string above = parent_->path();
  return parent_->is_array() ? item_path(above, index_) : member_path(above, key_);
}

std::string Node::shown() const {
  switch (kind_) {
    case NodeKind::unknown:
      return "an unknown value";
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return boolean_ ? "true" : "false";
    case NodeKind::integer:
      return fmt::format("{}", integer_);
    case NodeKind::real:
      return text_.size() <= 40 ? text_ : fmt::format("{}", real_);
    case NodeKind::string:
      return weir::quoted(text_);
    case NodeKind::array:
      return "an array";
    case NodeKind::object:
      return "an object";
  }
  return {};
}

const Source& Document::add_argument(std::string argument) {
  WEIR_ASSERT(!argument.empty(), "an argument has a text");
  return sources_.emplace_back(Source{{}, std::move(argument)});
}

Node& Document::make_boolean(const Source& source, int line, bool value) {
  Node& node = make(source, NodeKind::boolean, line);
  node.boolean_ = value;
  return node;
}

Node& Document::make_integer(const Source& source, int line, std::int64_t value) {
  Node& node = make(source, NodeKind::integer, line);
  node.integer_ = value;
  return node;
}

Node& Document::make_real(const Source& source, int line, double value, std::string literal) {
  WEIR_ASSERT(std::isfinite(value), "a number in a document is finite");
  Node& node = make(source, NodeKind::real, line);
  node.real_ = value;
  node.text_ = std::move(literal);
  return node;
}

Node& Document::make_string(const Source& source, int line, std::string value) {
  Node& node = make(source, NodeKind::string, line);
  node.text_ = std::move(value);
  return node;
}

void Document::append(Node& array, Node& item) {
  WEIR_ASSERT(array.is_array() && item.parent_ == nullptr, "a new item goes into an array");
  item.parent_ = &array;
  item.index_ = array.children_.size();
  item.key_line_ = item.line_;
  array.children_.push_back(&item);
}

void Document::append(Node& object, std::string key, int key_line, Node& member) {
  WEIR_ASSERT(object.is_object() && member.parent_ == nullptr, "a new member goes into an object");
  member.parent_ = &object;
  member.key_ = std::move(key);
  member.key_line_ = key_line;
  object.children_.push_back(&member);
}

void Document::replace(Node& old, Node& value) {
  WEIR_ASSERT(value.parent_ == nullptr && &old != &value, "only a new node replaces another");
  value.parent_ = old.parent_;
  value.key_ = old.key_;
  value.key_line_ = value.line_;
  value.index_ = old.index_;
  if (old.parent_ == nullptr) {
    root_ = &value;
  } else {
    std::replace(old.parent_->children_.begin(), old.parent_->children_.end(), &old, &value);
  }
  old.parent_ = nullptr;
}

}  // namespace weir
