#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "sim/allocation/linear_program.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/version_text.hpp"
#include "sim/record/record_error.hpp"
#include "sim/scenario/errors.hpp"

namespace weir {

namespace {

std::map<std::string, Command>& registry() {
  static std::map<std::string, Command> instance;
  return instance;
}

std::string help_text() {
  std::string text =
      "weir simulates stream-processing clusters and the policies that scale them.\n\n"
      "  weir run word-count        simulate a scenario that comes with weir, and sum up\n"
      "  weir list scenarios        all of these\n\nCommands\n";
  for (const Command* command : commands()) {
    text += fmt::format("  {:<10} {}\n", command->name, command->help);
  }
  text +=
      "  --version  what was built from which sources\n"
      "  --help     this text; `weir COMMAND --help` says more\n\n"
      "Exit codes: 0 good; 1 the run failed, failed its self-check or was stopped; 2 wrong input, nothing "
      "done.\n";
  return text;
}

std::string unknown_command(const std::string& given) {
  std::vector<std::string> names = {"--help", "--version"};
  for (const Command* command : commands()) names.push_back(command->name);
  return fmt::format("unknown command {} ({})", weir::quoted(given), allowed_names(given, names));
}

ExitCode dispatch(const CommandContext& context) {
  std::vector<std::string> words = context.arguments;
  if (words.empty()) {
    write_err(help_text());
    return ExitCode::wrong_input;
  }
  std::string name = words.front();
  words.erase(words.begin());
  if (name == "help" && !words.empty()) {
    name = words.front();
    words = {"--help"};
  }
  if (name == "--help" || name == "-h" || name == "help") return write_out(help_text()), ExitCode::good;
  if (name == "--version" || name == "version") {
    if (!words.empty())
      throw UsageError(fmt::format("unexpected argument {} ({} stands alone)", weir::quoted(words[0]), name));
    return write_out(version_text()), ExitCode::good;
  }
  const Command* command = find_command(name);
  if (command == nullptr) throw UsageError(unknown_command(name));
  try {
    return command->run({context.argv, words});
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}\nusage: weir {} {}", error.what(), command->name, command->usage));
  }
}

std::string prefixed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += fmt::format("weir: {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

CommandRegistered add_command(Command command) {
  const std::string name = command.name;
  registry().emplace(name, std::move(command));
  return {};
}

std::vector<const Command*> commands() {
  std::vector<const Command*> list;
  for (const auto& [name, command] : registry()) list.push_back(&command);
  std::stable_sort(list.begin(), list.end(),
                   [](const Command* a, const Command* b) { return a->order < b->order; });
  return list;
}

const Command* find_command(const std::string& name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : &found->second;
}

int run_command_line(int argc, const char* const* argv) {
  CommandContext context;
  context.argv.assign(argv, argv + argc);
  if (argc > 1) context.arguments.assign(argv + 1, argv + argc);
  ExitCode code = ExitCode::failed;
  ignore_broken_pipes();
  try {
    code = dispatch(context);
  } catch (const UsageError& error) {
    write_err(prefixed(error.what()));
    code = ExitCode::wrong_input;
  } catch (const CannotStart& error) {
    write_err(prefixed(error.what()));
    code = ExitCode::wrong_input;
  } catch (const allocation::Unsolvable& error) {
    write_err(prefixed(fmt::format("cannot plan: {}", error.what())));
    code = ExitCode::wrong_input;
  } catch (const RecordError& error) {
    write_err(prefixed(error.what()));
  } catch (const OutputError& error) {
    write_err(prefixed(error.what()));
  } catch (const std::bad_alloc&) {
    write_err("weir: out of memory\n");
  } catch (const std::exception& error) {
    write_err(
        prefixed(fmt::format("internal error: {}\nthis is a defect of {}", error.what(), version_line())));
  }
  return static_cast<int>(code);
}

}  // namespace weir
