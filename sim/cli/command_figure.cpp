// weir figure: draws a figure that comes with weir, by running plots/NAME.py:
//
//   python3 plots/NAME.py --weir PROGRAM --output DIR [what follows --]
//
// WEIR_PYTHON in the environment names another interpreter.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/cli/figures.hpp"
#include "sim/cli/home.hpp"
#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"

namespace weir {
namespace {

std::string python() {
  const char* chosen = std::getenv("WEIR_PYTHON");
  return chosen != nullptr && *chosen != 0 ? chosen : "/usr/bin/python3";
}

// Runs a program; its exit code, 128 + the signal that ended it, or -1 if it could not be started.
int run_program(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Empty when figures can be drawn here.
std::string missing_for_figures() {
  if (::access(python().c_str(), X_OK) != 0)
    return fmt::format("figures need {} (on Debian: apt-get install python3 python3-matplotlib python3-h5py)",
                       python());
  const int code = run_program({python(), "-c",
                                "import importlib.util as u, sys\n"
                                "sys.exit(any(u.find_spec(m) is None for m in ('matplotlib', 'h5py')))"});
  if (code == 0) return {};
  return fmt::format(
      "figures need matplotlib and h5py for {} (on Debian: apt-get install python3-matplotlib "
      "python3-h5py)",
      python());
}

void say_figures(const std::vector<ShippedFile>& figures) {
  std::string text;
  for (const ShippedFile& figure : figures) text += fmt::format("{:<24}  {}\n", figure.name, figure.help);
  write_out(text);
}

}  // namespace

ExitCode draw_figure(const std::string& name, const std::string& output,
                     const std::vector<std::string>& arguments) {
  const auto figures = shipped_figures();
  const auto figure =
      std::find_if(figures.begin(), figures.end(), [&](const ShippedFile& f) { return f.name == name; });
  if (figure == figures.end()) {
    std::vector<std::string> names;
    for (const ShippedFile& known : figures) names.push_back(known.name);
    if (names.empty()) throw UsageError("no figures came with this weir (WEIR_HOME may name where they are)");
    throw UsageError(fmt::format("unknown figure {} ({})", weir::quoted(name), allowed_names(name, names)));
  }
  if (const std::string missing = missing_for_figures(); !missing.empty()) throw UsageError(missing);
  std::vector<std::string> words = {
      python(), figure->path.string(), "--weir", program_path().string(), "--output", output};
  words.insert(words.end(), arguments.begin(), arguments.end());
  switch (run_program(words)) {
    case 0:
      return ExitCode::good;
    case 2:
      return ExitCode::wrong_input;
    default:
      return ExitCode::failed;
  }
}

namespace {

ExitCode run(const CommandContext& context) {
  Options options(*find_command("figure"), "NAME");
  options.value("output,o", "DIR", "where the figure and the runs behind it go (default out/figures/<name>)");
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().empty()) return say_figures(shipped_figures()), ExitCode::good;
  const std::string& name = options.positional()[0];
  return draw_figure(name, options.text("output").value_or("out/figures/" + name),
                     {options.positional().begin() + 1, options.positional().end()});
}

const auto registered = add_command({.name = "figure",
                                     .usage = "[NAME] [-o DIR] [-- arguments of the figure]",
                                     .help = "draw a figure that comes with weir; without a name, list them",
                                     .order = 60,
                                     .run = run});

}  // namespace
}  // namespace weir
