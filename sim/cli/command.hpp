#pragma once

#include <stdexcept>
#include <string>
#include <vector>

// The commands of `weir`, one file each (command_<name>.cpp), registering itself:
//
//   const auto registered = add_command({.name = "list", .usage = "KIND [--json]", .help = "…", .order = 40,
//   .run = run});
//
//   main ──▶ run_command_line ──▶ Command::run(arguments) ──▶ exit code

namespace weir {

enum class ExitCode : int {
  good = 0,
  failed = 1,       // the run failed, its self-check failed, or it was stopped before its end
  wrong_input = 2,  // the input or the command line is wrong: nothing was done
};

struct CommandContext {
  std::vector<std::string> argv;       // the whole command line, for the manifest
  std::vector<std::string> arguments;  // what follows the command's name
};

struct Command {
  std::string name;
  std::string usage;  // what follows the name
  std::string help;   // one line
  int order = 0;      // in --help; ties by name
  ExitCode (*run)(const CommandContext&) = nullptr;
};

struct [[maybe_unused]] CommandRegistered {};
CommandRegistered add_command(Command command);
std::vector<const Command*> commands();  // in the order of --help
const Command* find_command(const std::string& name);

// The command line cannot be understood. The message may have several lines, one for each thing wrong.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The run cannot begin, through no fault of the simulator: its results have nowhere to go. Exit code 2.
class CannotStart : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// All of it: parses, dispatches, turns what is thrown into messages and exit codes.
int run_command_line(int argc, const char* const* argv);

}  // namespace weir
