#include "sim/scenario/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "sim/scenario/node.hpp"
#include "sim/scenario/utf8.hpp"

namespace weir {

namespace {

// Escapes what would break a line, a terminal or a JSON writer; UTF-8 stays as it is.
std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte > 0x7f && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

// A check of an object that fails may be the fault of an argument which changed one of its members.
std::string named_arguments(const Node& at) {
  std::string out;
  if (at.source().from_argument()) return out;
  for (const Node* child : at.children()) {
    if (child->source().from_argument()) out += fmt::format(", with {}", child->source().argument);
  }
  return out;
}

InputError located(const Node& at, int line, std::string path, std::string what, std::string allowed) {
  InputError error;
  if (at.source().from_argument()) {
    error.argument = at.source().argument;
  } else {
    error.file = at.source().file;
    error.line = line;
  }
  error.path = std::move(path);
  error.what = std::move(what);
  error.allowed = std::move(allowed);
  return error;
}

std::size_t distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: three rows are enough.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string InputError::text() const {
  std::string out = argument.empty() ? fmt::format("{}:{}", file, line) : argument;
  out += fmt::format(": {}: {}", path.empty() ? "$" : path, what);
  if (!allowed.empty()) out += fmt::format(" ({})", allowed);
  return one_line(out);
}

void Errors::add(InputError error) {
  ++count_;
  if (errors_.size() < kept_max) errors_.push_back(std::move(error));
}

bool Errors::sound(const Node& at, std::string_view key) const {
  if (const Node* member = at.find(key)) return sound(*member);
  return !absent_.contains({&at, std::string(key)});
}

bool Errors::sound_except(const Node& at, std::span<const std::string_view> keys) const {
  if (wrong_.contains(&at)) return false;
  const auto aside = [&](std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (auto it = absent_.lower_bound({&at, {}}); it != absent_.end() && it->first == &at; ++it) {
    if (!aside(it->second)) return false;
  }
  return std::all_of(at.children().begin(), at.children().end(),
                     [&](const Node* child) { return aside(child->key()) || sound_except(*child, keys); });
}

void Errors::doubt(const Node& at) {
  wrong_.insert(&at);
}

void Errors::doubt(const Node& at, std::string_view key) {
  absent_.emplace(&at, key);
}

void Errors::doubt_as(const Errors& others) {
  wrong_.insert(others.wrong_.begin(), others.wrong_.end());
  absent_.insert(others.absent_.begin(), others.absent_.end());
}

void Errors::add(const Node& at, std::string what, std::string allowed) {
  doubt(at);
  what += named_arguments(at);
  add(located(at, at.line(), at.path(), std::move(what), std::move(allowed)));
}

void Errors::add_key(const Node& at, std::string what, std::string allowed) {
  add(located(at, at.key_line(), at.path(), std::move(what), std::move(allowed)));
}

void Errors::add_member(const Node& at, std::string_view key, std::string what, std::string allowed) {
  doubt(at, key);
  add(located(at, at.line(), member_path(at.path(), key), std::move(what), std::move(allowed)));
}

void Errors::add_file(std::string file, int line, std::string path, std::string what, std::string allowed) {
  add(InputError{.file = std::move(file),
                 .line = line,
                 .argument = {},
                 .path = std::move(path),
                 .what = std::move(what),
                 .allowed = std::move(allowed)});
}

void Errors::add_argument(std::string argument, std::string path, std::string what, std::string allowed) {
  add(InputError{.file = {},
                 .line = 0,
                 .argument = std::move(argument),
                 .path = std::move(path),
                 .what = std::move(what),
                 .allowed = std::move(allowed)});
}

std::vector<InputError> Errors::sorted() const {
  std::vector<std::string> files;
  for (const InputError& error : errors_) {
    if (std::find(files.begin(), files.end(), error.file) == files.end()) files.push_back(error.file);
  }
  const auto rank = [&](const InputError& error) {
    const auto file = std::find(files.begin(), files.end(), error.file) - files.begin();
    return std::tuple{!error.argument.empty(), file, error.line};
  };
  std::vector<InputError> out = errors_;
  std::stable_sort(out.begin(), out.end(),
                   [&](const InputError& a, const InputError& b) { return rank(a) < rank(b); });
  return out;
}

std::string Errors::text() const {
  std::string out;
  for (const InputError& error : sorted()) out += error.text() + '\n';
  if (count_ > errors_.size()) out += fmt::format("and {} more errors\n", count_ - errors_.size());
  return out;
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  // A third of the letters may be wrong. Very long words are not typing errors, and the distance is
  // quadratic.
  constexpr std::size_t word_max = 100;
  if (word.empty() || word.size() > word_max) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word_max) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  if (!best.empty()) return best;
  // The unit, or the end of a long name, was left out.
  for (const std::string& candidate : candidates) {
    if (word.size() >= 3 && candidate.size() > word.size() && candidate.starts_with(word) &&
        (candidate[word.size()] == '_' || candidate[word.size()] == '-')) {
      return candidate;
    }
  }
  return {};
}

std::string allowed_names(std::string_view word, std::span<const std::string> candidates) {
  const std::string near = closest(word, candidates);
  const std::string list = candidates.empty() ? std::string("nothing is allowed here")
                                              : fmt::format("allowed: {}", fmt::join(candidates, ", "));
  return near.empty() ? list : fmt::format("did you mean {}? {}", weir::quoted(near), list);
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("aeio").find(noun.front()) != std::string_view::npos;
  return fmt::format("{} {}", vowel ? "an" : "a", noun);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  std::string out = "\"";
  std::size_t shown = 0;
  for (; shown < text.size(); ++shown) {
    const auto byte = static_cast<unsigned char>(text[shown]);
    if (shown >= shown_max && (byte & 0xc0) != 0x80) break;  // never in the middle of a character
    if (byte == '"' || byte == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out + (shown < text.size() ? "…\"" : "\"");
}

}  // namespace weir
