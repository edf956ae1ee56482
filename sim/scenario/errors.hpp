#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

// Input errors are collected, never thrown: whoever runs a scenario sees everything that is wrong with it at
// once. One error is one line, `file:line: json.path: what is wrong (what is allowed)`; an error in a value
// that came from the command line names the argument instead of file and line.
//
// A value that is wrong is unknown to the checks that come after it. They go on with what is sound, and ask
// here what that is, so that one mistake hides no other and is not told twice:
//
//   if (errors.sound(at, "low") && errors.sound(at, "high") && p.low >= p.high) errors.add(…);

namespace weir {

class Node;

struct InputError {
  std::string file;      // empty when the value came from an argument
  int line = 0;          // 1 is the first line
  std::string argument;  // as typed, with its option: `--set jobs[0].policy.high=2`
  std::string path;      // `jobs[0].policy.high`; `$` is the whole document
  std::string what;
  std::string allowed;  // may be empty

  // One line, whatever bytes the input had: control characters are escaped.
  std::string text() const;
};

class Errors {
 public:
  // More than this many are counted, not kept: a damaged file of megabytes must not fill the memory.
  static constexpr std::size_t kept_max = 1000;

  // The value at `at` is wrong.
  void add(const Node& at, std::string what, std::string allowed = {});
  // The key of `at` is wrong (unknown, twice): same path, but the line of the key.
  void add_key(const Node& at, std::string what, std::string allowed = {});
  // Something that `at` should contain under `key` is missing.
  void add_member(const Node& at, std::string_view key, std::string what, std::string allowed = {});
  // Wrong before there is a node: the file itself, or its syntax.
  void add_file(std::string file, int line, std::string path, std::string what, std::string allowed = {});
  // An argument of the command line is wrong.
  void add_argument(std::string argument, std::string path, std::string what, std::string allowed = {});
  void add(InputError error);

  // Whether nothing is wrong with `at` or inside it.
  bool sound(const Node& at) const { return sound_except(at, {}); }
  // The same of its member, which may also be left out: but not be missing or, it seems, misspelt.
  bool sound(const Node& at, std::string_view key) const;
  // The same, whatever is wrong in members with one of these keys, at any depth.
  bool sound_except(const Node& at, std::span<const std::string_view> keys) const;
  // The value is not to be relied on, for a reason that is told elsewhere.
  void doubt(const Node& at);
  // The same of a member that may not be there.
  void doubt(const Node& at, std::string_view key);
  // Doubts what `others` doubts.
  void doubt_as(const Errors& others);

  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  // By file in the order of first appearance, then by line; arguments come last, in the order they were
  // given.
  std::vector<InputError> sorted() const;
  // All lines, each ended by a newline.
  std::string text() const;

 private:
  std::vector<InputError> errors_;
  std::size_t count_ = 0;
  std::unordered_set<const Node*> wrong_;
  std::set<std::pair<const Node*, std::string>> absent_;
};

// The candidate nearest to `word` by edit distance (a swap of neighbours counts one), or one that `word` is
// the beginning of; empty when nothing is near enough to be a typing error.
std::string closest(std::string_view word, std::span<const std::string> candidates);
// `did you mean "high"? allowed: cooldown_windows, high`, without the question when nothing is near.
std::string allowed_names(std::string_view word, std::span<const std::string> candidates);
// `an engine`, `a policy`.
std::string with_article(std::string_view noun);
// In double quotes, escaped, shortened when long. Call it weir::quoted: with a std::string, std::quoted is
// found too.
std::string quoted(std::string_view text);

}  // namespace weir
