#include "sim/scenario/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "sim/scenario/parse.hpp"
#include "sim/scenario/utf8.hpp"

namespace weir {

namespace {

struct Part {
  std::string key;
  std::optional<std::size_t> index;  // `[3]`, or a key that is a number
  bool bracketed = false;            // `[3]`: cannot be a member
};

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads parts one after the other; stops at '=' (or the end) in front of the value.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  // False when the path is wrong: `problem` says how.
  bool read(std::vector<Part>& parts, std::string& problem) {
    while (!at_end()) {
      Part part;
      if (text_[at_] == '[') {
        if (!read_bracket(part, problem)) return false;
      } else {
        if (!parts.empty()) {
          if (text_[at_] != '.') return fail(problem, "a '.' or '[' belongs here");
          ++at_;
        }
        const std::size_t start = at_;
        while (!at_end() && text_[at_] != '.' && text_[at_] != '[') ++at_;
        part.key = text_.substr(start, at_ - start);
        part.index = number(part.key);
        if (part.key.empty()) return fail(problem, "a part is empty");
      }
      parts.push_back(std::move(part));
      if (parts.size() > static_cast<std::size_t>(Document::depth_max))
        return fail(problem, "too many parts");
    }
    return !parts.empty() || fail(problem, "the path is empty");
  }
  std::size_t position() const { return at_; }

 private:
  bool at_end() const { return at_ == text_.size() || text_[at_] == '='; }
  bool fail(std::string& problem, const char* why) const {
    problem = fmt::format("character {} of the path: {}", at_ + 1, why);
    return false;
  }
  bool read_bracket(Part& part, std::string& problem) {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        part.key += text_[at_];
      }
      if (at_ == text_.size()) return fail(problem, "the quote is not closed");
      ++at_;
    } else {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      part.index = number(text_.substr(start, at_ - start));
      part.bracketed = true;
      if (!part.index) return fail(problem, "an index or a key in double quotes belongs here");
    }
    if (at_ == text_.size() || text_[at_] != ']') return fail(problem, "a ']' belongs here");
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Setter {
 public:
  Setter(Document& document, const Source& source, Errors& errors)
      : document_(document), source_(source), errors_(errors) {}

  void set(std::string_view path, const std::vector<Part>& parts, std::string_view text) {
    Node* value = read_value(path, text);
    if (value == nullptr) return;
    Node* at = &document_.root();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      at = prepared(*at, parts[i]);
      if (at == nullptr) return;
      Node* next = at->is_array() ? item(*at, parts[i]) : at->find(parts[i].key);
      if (at->is_array() && next == nullptr) return;  // was reported
      if (last) {
        if (next != nullptr) {
          document_.replace(*next, *value);
        } else {
          document_.append(*at, parts[i].key, 0, *value);
        }
        return;
      }
      if (next == nullptr) {
        next = &document_.make(source_, NodeKind::object, 0);
        document_.append(*at, parts[i].key, 0, *next);
      }
      at = next;
    }
  }

 private:
  // What looks like JSON must be JSON; anything else that is not JSON is a text: no quotes are needed in a
  // shell.
  Node* read_value(std::string_view path, std::string_view text) {
    Errors problems;
    Node* value = parse_value(document_, source_, text, problems);
    const auto first = text.find_first_not_of(" \t");
    const bool is_json = first != std::string_view::npos &&
                         std::string_view("{[\"").find(text[first]) != std::string_view::npos;
    if ((value == nullptr || value->is_unknown()) && !is_json)
      return &document_.make_string(source_, 0, std::string(text));
    for (InputError& error : problems.sorted()) {
      const bool dot = !error.path.empty() && error.path.front() != '[';
      error.path = fmt::format("{}{}{}", path, dot ? "." : "", error.path);
      errors_.add(std::move(error));
    }
    return problems.empty() ? value : nullptr;
  }

  // `at` as something that `part` can be looked up in; nullptr after an error.
  Node* prepared(Node& at, const Part& part) {
    if (at.is_unknown()) return nullptr;  // and reported
    if (at.is_array()) return &at;
    if (part.bracketed)
      return fail(at, fmt::format("{} has no item [{}]", at.shown(), *part.index), "only arrays have");
    if (at.is_object()) return &at;
    if (!at.is_string() && !at.is_null()) {
      return fail(at, fmt::format("{} has no member {}", at.shown(), weir::quoted(part.key)),
                  "only objects have");
    }
    Node& object = document_.make(source_, NodeKind::object, 0);
    if (at.is_string()) {
      document_.append(object, "type", 0,
                       document_.make_string(at.source(), at.line(), std::string(*at.text())));
    }
    document_.replace(at, object);
    return &object;
  }

  Node* item(Node& array, const Part& part) {
    const auto items = array.items();
    std::vector<std::string> names;
    for (Node* item : items) {
      const Node* name = item->find("name");
      if (name == nullptr || !name->is_string()) continue;
      if (!part.bracketed && *name->text() == part.key) return item;
      names.emplace_back(*name->text());
    }
    if (part.index) {
      if (*part.index < items.size()) return items[*part.index];
      const std::string range = items.empty() ? "it is empty" : fmt::format("0 to {}", items.size() - 1);
      return fail(array, fmt::format("there is no item [{}]", *part.index), range);
    }
    const std::string allowed =
        names.empty() ? "its items have no names: use [index]" : allowed_names(part.key, names);
    return fail(array, fmt::format("there is no item with the name {}", weir::quoted(part.key)), allowed);
  }

  Node* fail(const Node& at, std::string what, std::string allowed) {
    errors_.add_argument(source_.argument, at.path(), std::move(what), std::move(allowed));
    return nullptr;
  }

  Document& document_;
  const Source& source_;
  Errors& errors_;
};

}  // namespace

void set_value(Document& document, std::string_view path, std::string_view value, std::string label,
               Errors& errors) {
  if (!is_utf8(path) || !is_utf8(value)) {
    errors.add_argument(std::move(label), {}, "not UTF-8", "text in UTF-8");
    return;
  }
  std::vector<Part> parts;
  std::string problem;
  PathReader reader(path);
  if (!reader.read(parts, problem) || reader.position() != path.size()) {
    if (problem.empty()) problem = "'=' in a path";
    errors.add_argument(std::move(label), {}, problem, "path.to.key, jobs[0].key, jobs.name.key");
    return;
  }
  Setter(document, document.add_argument(std::move(label)), errors).set(path, parts, value);
}

void apply_override(Document& document, std::string_view argument, Errors& errors) {
  std::vector<Part> parts;
  std::string problem;
  PathReader reader(argument);
  const bool good = reader.read(parts, problem);
  std::string label = fmt::format("--set {}", argument);
  if (good && reader.position() == argument.size()) problem = "there is no '='";
  if (!problem.empty()) {
    errors.add_argument(std::move(label), {}, problem,
                        "path.to.key=VALUE, jobs[0].key=VALUE, jobs.name.key=VALUE");
    return;
  }
  set_value(document, argument.substr(0, reader.position()), argument.substr(reader.position() + 1),
            std::move(label), errors);
}

}  // namespace weir
