#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// A JSON value that remembers where it was written. A Document owns all its nodes; nodes have stable
// addresses and know their parents, so that an error found much later can still say file, line and path.
//
//   file --parse_document--> Document --apply_override (--set)--> Document --ParamTable::read--> struct

namespace weir {

// unknown: a value that the parser has already reported; readers pass over it.
enum class NodeKind : std::uint8_t { unknown, null, boolean, integer, real, string, array, object };

// Where a value was written: in a file, or in an argument of the command line.
struct Source {
  std::string file;
  std::string argument;
  bool from_argument() const { return !argument.empty(); }
};

class Node {
 public:
  Node(const Source& source, NodeKind kind, int line) : source_(&source), kind_(kind), line_(line) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  NodeKind kind() const { return kind_; }
  bool is_unknown() const { return kind_ == NodeKind::unknown; }
  bool is_null() const { return kind_ == NodeKind::null; }
  bool is_object() const { return kind_ == NodeKind::object; }
  bool is_array() const { return kind_ == NodeKind::array; }
  bool is_string() const { return kind_ == NodeKind::string; }
  const Source& source() const { return *source_; }
  int line() const { return line_; }          // of the value's first character
  int key_line() const { return key_line_; }  // of the key; of the value in an array and at the root
  const Node* parent() const { return parent_; }
  const std::string& key() const { return key_; }  // in an object; empty elsewhere

  // Members of an object or items of an array, in the order of the file; empty for anything else.
  std::span<Node* const> children() const { return children_; }
  std::span<Node* const> members() const { return is_object() ? children() : std::span<Node* const>{}; }
  std::span<Node* const> items() const { return is_array() ? children() : std::span<Node* const>{}; }
  const Node* find(std::string_view key) const;  // nullptr when there is no such member
  Node* find(std::string_view key);
  // The member when there is one, else this node: what a check should point at.
  const Node& at_or_self(std::string_view key) const;

  // Empty when the value is of another kind. 3.0 is an integer; 3.5 and 1e30 are not.
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<double> real() const;  // finite
  std::optional<std::string_view> text() const;

  // `jobs[0].policy.high`, `operators["a b"]`; empty for the root. Can be pasted into --set.
  std::string path() const;
  // The value in an error: `-1`, `"abc"` (shortened), `an object`.
  std::string shown() const;

 private:
  friend class Document;
  const Source* source_;
  Node* parent_ = nullptr;
  NodeKind kind_;
  bool boolean_ = false;
  int line_;
  int key_line_ = 0;
  std::size_t index_ = 0;  // in an array
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string key_;
  std::string text_;  // of a string; of a real number the literal as written
  std::vector<Node*> children_;
};

// `a.b` and `a["b c"]`: the path of a member that need not exist.
std::string member_path(const std::string& parent, std::string_view key);
std::string item_path(const std::string& parent, std::size_t index);

class Document {
 public:
  static constexpr int depth_max = 64;
  static constexpr std::size_t size_bytes_max = 16u << 20;

  explicit Document(std::string file) { sources_.push_back({std::move(file), {}}); }
  Document(Document&&) = default;
  Document& operator=(Document&&) = default;

  const std::string& file() const { return sources_.front().file; }
  const Source& file_source() const { return sources_.front(); }
  const Source& add_argument(std::string argument);

  const Node& root() const { return *root_; }
  Node& root() { return *root_; }
  bool has_root() const { return root_ != nullptr; }

  // Building, for the parser and for overrides. The nodes belong to the document.
  Node& make(const Source& source, NodeKind kind, int line) {
    return nodes_.emplace_back(source, kind, line);
  }
  Node& make_boolean(const Source& source, int line, bool value);
  Node& make_integer(const Source& source, int line, std::int64_t value);
  Node& make_real(const Source& source, int line, double value, std::string literal);
  Node& make_string(const Source& source, int line, std::string value);
  void set_root(Node& node) { root_ = &node; }
  void append(Node& array, Node& item);
  void append(Node& object, std::string key, int key_line, Node& member);
  // Puts `value` where `old` is (a member, an item or the root).
  void replace(Node& old, Node& value);

 private:
  std::deque<Source> sources_;  // deques: addresses stay
  std::deque<Node> nodes_;
  Node* root_ = nullptr;
};

}  // namespace weir
