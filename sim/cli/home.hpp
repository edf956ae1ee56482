#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Where what comes with weir is: scenarios/ and plots/. WEIR_HOME in the environment; else the nearest folder
// above the program that has them (a build directory, or an installation with share/weir); else the source
// tree it was built from.

namespace weir {

std::optional<std::filesystem::path> home_directory();
std::filesystem::path program_path();

// A file of that folder that can be run, or a script that draws.
struct ShippedFile {
  std::string name;  // path in its folder, without the extension
  std::string help;
  std::string source;
  std::filesystem::path path;
};

std::vector<ShippedFile> shipped_scenarios();  // sorted by name
std::vector<ShippedFile> shipped_figures();

// The file that a SCENARIO argument means: itself when it is there, else the shipped scenario of that name.
std::filesystem::path scenario_file(const std::string& argument);
// What can be said about an argument that is neither, for an error; empty when nothing.
std::string scenario_hint(const std::string& argument);

}  // namespace weir
