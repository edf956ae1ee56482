#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/command.hpp"
#include "sim/scenario/errors.hpp"

// The options of one command: Boost.Program_options, with our own messages. Options are never abbreviated
// silently, all that are unknown are reported at once, and `--help` works everywhere.

namespace weir {

class Options {
 public:
  // `positional` is what the arguments that are not options are called in help: "SCENARIO", "FILE…".
  Options(const Command& command, std::string positional);

  void flag(const char* names, const char* help);
  void value(const char* names, const char* placeholder, const char* help);
  void values(const char* names, const char* placeholder, const char* help);  // repeatable

  // False when help was asked for and printed: there is nothing more to do. UsageError.
  bool parse(const std::vector<std::string>& arguments);

  bool has(const char* name) const { return found_.count(name) > 0; }
  std::optional<std::string> text(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  const std::vector<std::string>& positional() const { return positional_; }
  std::string help_text() const;

  // Values that are wrong become errors that name the argument.
  std::optional<std::uint64_t> unsigned_integer(const char* name, Errors& errors) const;
  std::optional<double> positive_number(const char* name, Errors& errors) const;
  std::optional<double> number_from_zero(const char* name, Errors& errors) const;
  // One of `choices`; the first is the default.
  std::string choice(const char* name, const std::vector<std::string>& choices, Errors& errors) const;

 private:
  template <class Good>
  std::optional<double> number(const char* name, Errors& errors, const Good& good, const char* allowed) const;
  std::vector<std::string> option_names() const;
  std::string unknown_option(const std::string& given) const;

  const Command& command_;
  std::string positional_name_;
  boost::program_options::options_description description_;
  boost::program_options::variables_map found_;
  std::vector<std::string> positional_;
};

}  // namespace weir
