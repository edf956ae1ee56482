#include "sim/cli/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <sstream>

#include "sim/cli/output.hpp"

namespace weir {

namespace po = boost::program_options;

namespace {

// Everything but guessing: `--pol` is a mistake, not `--policy`.
constexpr int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

std::string shown_option(std::string token) {
  const auto equals = token.find('=');
  return equals == std::string::npos ? token : token.substr(0, equals);
}

}  // namespace

Options::Options(const Command& command, std::string positional)
    : command_(command), positional_name_(std::move(positional)), description_("Options", 100) {
  flag("help,h", "this text");
}

void Options::flag(const char* names, const char* help) {
  description_.add_options()(names, help);
}

void Options::value(const char* names, const char* placeholder, const char* help) {
  description_.add_options()(names, po::value<std::string>()->value_name(placeholder), help);
}

void Options::values(const char* names, const char* placeholder, const char* help) {
  description_.add_options()(
      names, po::value<std::vector<std::string>>()->composing()->value_name(placeholder), help);
}

std::vector<std::string> Options::option_names() const {
  std::vector<std::string> names;
  for (const auto& option : description_.options()) names.push_back("--" + option->long_name());
  return names;
}

std::string Options::unknown_option(const std::string& given) const {
  const std::vector<std::string> names = option_names();
  return fmt::format("unknown option {} ({})", weir::quoted(given), allowed_names(given, names));
}

bool Options::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> wrong;
  try {
    const auto parsed =
        po::command_line_parser(arguments).options(description_).style(style).allow_unregistered().run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) {
        positional_.insert(positional_.end(), option.value.begin(), option.value.end());
      } else if (option.unregistered) {
        wrong.push_back(unknown_option(shown_option(option.original_tokens.at(0))));
      }
    }
    if (wrong.empty()) po::store(parsed, found_);
    po::notify(found_);
  } catch (const po::multiple_occurrences& error) {
    wrong.push_back(fmt::format("{} is given more than once (once)", error.get_option_name()));
  } catch (const po::error& error) {
    wrong.push_back(error.what());
  }
  if (found_.count("help") > 0) {
    write_out(help_text());
    return false;
  }
  if (positional_name_.empty() && !positional_.empty())
    wrong.push_back(fmt::format("unexpected argument {} (only options)", weir::quoted(positional_[0])));
  if (!wrong.empty()) throw UsageError(fmt::format("{}", fmt::join(wrong, "\n")));
  return true;
}

std::string Options::help_text() const {
  std::ostringstream text;
  text << fmt::format("weir {} {}\n{}\n\n", command_.name, command_.usage, command_.help) << description_;
  return text.str();
}

std::optional<std::string> Options::text(const char* name) const {
  if (!has(name)) return {};
  return found_[name].as<std::string>();
}

std::vector<std::string> Options::texts(const char* name) const {
  if (!has(name)) return {};
  return found_[name].as<std::vector<std::string>>();
}

std::optional<std::uint64_t> Options::unsigned_integer(const char* name, Errors& errors) const {
  const auto given = text(name);
  if (!given) return {};
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
  if (error == std::errc() && end == given->data() + given->size() && value >= 0)
    return static_cast<std::uint64_t>(value);
  errors.add_argument(fmt::format("--{} {}", name, *given), name, fmt::format("is {}", weir::quoted(*given)),
                      "an integer from 0 to 9223372036854775807");
  return {};
}

template <class Good>
std::optional<double> Options::number(const char* name, Errors& errors, const Good& good,
                                      const char* allowed) const {
  const auto given = text(name);
  if (!given) return {};
  double value = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
  if (error == std::errc() && end == given->data() + given->size() && std::isfinite(value) && good(value))
    return value;
  errors.add_argument(fmt::format("--{} {}", name, *given), name, fmt::format("is {}", weir::quoted(*given)),
                      allowed);
  return {};
}

std::optional<double> Options::positive_number(const char* name, Errors& errors) const {
  return number(
      name, errors, [](double value) { return value > 0; }, "a finite number > 0");
}

std::optional<double> Options::number_from_zero(const char* name, Errors& errors) const {
  return number(
      name, errors, [](double value) { return value >= 0; }, "a finite number >= 0");
}

std::string Options::choice(const char* name, const std::vector<std::string>& choices, Errors& errors) const {
  const auto given = text(name);
  if (!given) return choices.front();
  for (const std::string& choice : choices)
    if (*given == choice) return choice;
  errors.add_argument(fmt::format("--{} {}", name, *given), name, fmt::format("is {}", weir::quoted(*given)),
                      allowed_names(*given, choices));
  return choices.front();
}

}  // namespace weir
