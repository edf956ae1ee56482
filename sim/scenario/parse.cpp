#include "sim/scenario/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

namespace {

// Where the last character that the lexer took is. The lexer takes one character more than a number has, and
// that one is never on a later line: a newline belongs to the line that it ends.
struct Position {
  int line = 1;
  int column = 0;
  bool newline = false;

  void take(char c) {
    if (newline) {
      ++line;
      column = 0;
    }
    newline = c == '\n';
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column;  // characters, not bytes
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    position_->take(*at_);
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Position* position_;
};

// nlohmann says `[json.exception…] parse error at line 1, column 5: syntax error while …`: we have our own
// place.
std::string syntax_message(const nlohmann::detail::exception& error, const std::string& last_token) {
  std::string text = error.what();
  const auto column = text.find(", column ");
  const auto colon = column == std::string::npos ? std::string::npos : text.find(": ", column);
  if (colon != std::string::npos) text.erase(0, colon + 2);
  // The token is repeated, shortened and escaped, by ourselves: it may be megabytes long, or not UTF-8.
  const auto last = text.find("; last read: ");
  if (last != std::string::npos) text.erase(last);
  const auto context = text.find(" - ");  // `syntax error while parsing value - `
  if (context != std::string::npos) text.erase(0, context + 3);
  if (text.starts_with("unexpected end of input")) return text;
  std::string token;
  for (const char c : last_token.substr(last_token.size() > 40 ? last_token.size() - 40 : 0)) {
    const auto byte = static_cast<unsigned char>(c);
    token += byte < 0x80 ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  if (!token.empty()) text += fmt::format(", last read: {}", token);
  return text;
}

std::string syntax_hint(const std::string& last_token) {
  if (last_token.ends_with("N") || last_token.ends_with("I")) return "JSON has no NaN and no Infinity";
  if (last_token.ends_with("/")) return "JSON has no comments; a member \"$comment\" is ignored everywhere";
  if (last_token.ends_with("'")) return "JSON quotes with \"";
  return "JSON as in RFC 8259, in UTF-8";
}

// Numbers beyond all doubles end nlohmann's parser, though the text is JSON and there may be more to say
// about it. So each becomes a 0 of the same length, and is known by its place among all numbers.
struct Overflows {
  std::string text;                             // with zeros; empty: there are none
  std::map<std::size_t, std::string> literals;  // by place, from 0
};

// -?digits(.digits)?([eE][+-]?digits)?, without zeros in front: what else begins like a number the parser is
// to refuse.
bool is_number(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.' && (++i, digits() == 0)) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  ++i;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  return digits() > 0 && i == text.size();
}

bool overflows(const std::string& literal) {
  constexpr std::size_t digits_max = 308;  // with fewer and no exponent it is finite
  const bool may = literal.size() > digits_max || literal.find_first_of("eE") != std::string::npos;
  return may && std::isinf(std::strtod(literal.c_str(), nullptr)) && is_number(literal);
}

Overflows find_overflows(std::string_view text) {
  Overflows found;
  std::size_t numbers = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
      continue;
    }
    if (text[i] != '-' && (text[i] < '0' || text[i] > '9')) continue;
    const std::size_t end = std::min(text.find_first_not_of("0123456789+-.eE", i), text.size());
    std::string literal(text.substr(i, end - i));
    if (overflows(literal)) {
      if (found.text.empty()) found.text = text;
      found.text.replace(i, end - i, "0" + std::string(end - i - 1, ' '));
      found.literals[numbers] = std::move(literal);
    }
    ++numbers;
    i = end - 1;
  }
  return found;
}

class TreeBuilder {
 public:
  TreeBuilder(Document& document, const Source& source, const Position& position, const Overflows& overflows,
              Errors& errors)
      : document_(document), source_(source), position_(position), overflows_(overflows), errors_(errors) {}

  Node* root() { return root_; }

  bool null() { return put(document_.make(source_, NodeKind::null, line())); }
  bool boolean(bool value) { return put(document_.make_boolean(source_, line(), value)); }
  bool number_integer(std::int64_t value) {
    return number([&]() -> Node& { return document_.make_integer(source_, line(), value); });
  }
  bool number_unsigned(std::uint64_t value) {
    if (std::in_range<std::int64_t>(value)) return number_integer(static_cast<std::int64_t>(value));
    return number_float(static_cast<double>(value), fmt::format("{}", value));
  }
  bool number_float(double value, const std::string& literal) {
    return number([&]() -> Node& { return document_.make_real(source_, line(), value, literal); });
  }
  bool string(std::string& value) { return put(document_.make_string(source_, line(), std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // JSON has none
  bool start_object(std::size_t) { return open(NodeKind::object); }
  bool start_array(std::size_t) { return open(NodeKind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& value) {
    open_.back().key = value;
    open_.back().key_line = line();
    open_.back().has_key = true;
    return true;
  }

  bool parse_error(std::size_t, const std::string& last_token, const nlohmann::detail::exception& error) {
    add(fmt::format("column {}: {}", position_.column, syntax_message(error, last_token)),
        syntax_hint(last_token));
    return false;
  }

 private:
  struct Open {
    Node* node;
    bool has_key = false;
    std::string key;
    int key_line = 0;
    std::unordered_map<std::string, int> lines;  // of the keys so far
  };

  int line() const { return position_.line; }

  template <class Make>
  bool number(Make make) {
    const auto overflow = overflows_.literals.find(numbers_++);
    if (overflow == overflows_.literals.end()) return put(make());
    add(fmt::format("{} is too large", overflow->second.substr(0, 40)), "a finite number");
    Node& node = document_.make(source_, NodeKind::unknown, line());
    put(node);
    errors_.doubt(node);
    return true;
  }

  // The path that the parser has reached.
  std::string place() const {
    std::string path;
    for (const Open& open : open_) {
      if (open.node->is_array()) {
        // What is open inside was appended when it began.
        path = item_path(path, open.node->children().size() - (&open == &open_.back() ? 0 : 1));
      } else if (open.has_key) {
        path = member_path(path, open.key);
      }
    }
    return path;
  }

  void add(std::string what, std::string allowed) {
    if (source_.from_argument()) {
      errors_.add_argument(source_.argument, place(), std::move(what), std::move(allowed));
    } else {
      errors_.add_file(source_.file, line(), place(), std::move(what), std::move(allowed));
    }
  }

  bool put(Node& node) {
    if (open_.empty()) {
      root_ = &node;
      return true;
    }
    Open& open = open_.back();
    if (open.node->is_array()) {
      document_.append(*open.node, node);
      return true;
    }
    const auto [first, is_new] = open.lines.emplace(open.key, open.key_line);
    if (!is_new) errors_.doubt(*open.node->find(open.key));  // which of the two is meant?
    if (is_new) {
      document_.append(*open.node, open.key, open.key_line, node);
    } else if (source_.from_argument()) {
      add("this key is there twice", "each key once");
    } else {
      errors_.add_file(source_.file, open.key_line, place(),
                       fmt::format("this key is there twice, first on line {}", first->second),
                       "each key once");
    }
    open.has_key = false;
    return true;
  }

  bool open(NodeKind kind) {
    if (open_.size() >= static_cast<std::size_t>(Document::depth_max)) {
      add("nested too deeply", fmt::format("at most {} levels", Document::depth_max));
      return false;
    }
    Node& node = document_.make(source_, kind, line());
    const bool keeps_key = !open_.empty() && open_.back().has_key;
    put(node);
    // Errors inside still need the way to here.
    if (keeps_key) open_.back().has_key = true;
    Open level;
    level.node = &node;
    open_.push_back(std::move(level));
    return true;
  }

  bool close() {
    open_.pop_back();
    if (!open_.empty()) open_.back().has_key = false;
    return true;
  }

  Document& document_;
  const Source& source_;
  const Position& position_;
  const Overflows& overflows_;
  std::size_t numbers_ = 0;
  Errors& errors_;
  Node* root_ = nullptr;
  std::vector<Open> open_;
};

}  // namespace

Node* parse_value(Document& document, const Source& source, std::string_view text, Errors& errors) {
  Position position;
  const Overflows overflows = find_overflows(text);
  if (!overflows.text.empty()) text = overflows.text;
  TreeBuilder builder(document, source, position, overflows, errors);
  const bool good =
      nlohmann::json::sax_parse(CountingIterator(text.data(), &position),
                                CountingIterator(text.data() + text.size(), &position), &builder);
  return good ? builder.root() : nullptr;
}

std::optional<Document> parse_document(std::string_view text, std::string file, Errors& errors) {
  Document document(std::move(file));
  if (text.size() > Document::size_bytes_max) {
    errors.add_file(document.file(), 1, {}, "the file is too large",
                    fmt::format("at most {} MiB", Document::size_bytes_max >> 20));
    return std::nullopt;
  }
  Node* root = parse_value(document, document.file_source(), text, errors);
  if (root == nullptr) return std::nullopt;
  document.set_root(*root);
  return document;
}

std::optional<Document> read_document(const std::filesystem::path& file, Errors& errors) {
  const auto fail = [&](const std::string& why) {
    errors.add_file(file.string(), 1, {}, why, "a readable JSON file");
    return std::nullopt;
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return fail("is a directory");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  // One byte more than allowed, so that a file that is too large (or never ends) is seen to be.
  std::string text;
  std::vector<char> block(1 << 16);
  while (in && text.size() <= Document::size_bytes_max) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return fail("cannot be read");
  return parse_document(text, file.string(), errors);
}

}  // namespace weir
