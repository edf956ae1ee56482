#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

// `weir figure` in tests: drawing one, its data, and what docs/figures.md says of it.

namespace weir::test {

// Whether figures can be drawn here; says so when not.
bool can_draw();

bool begins(const std::filesystem::path& file, const std::string& magic);

// PDF, PNG and data are there, the data with the words that begin a line.
void check_picture(const std::filesystem::path& directory, const std::string& name,
                   const std::vector<std::string>& lines = {"published,", "weir,"});

// Draws it into a folder of its name, with the figure's own options.
Outcome draw(const TemporaryFolder& folder, const std::string& name,
             const std::vector<std::string>& options = {});

// A value of a figure's data: of the first line that begins so.
double value_of(const std::string& data, const std::string& begin);

// The row of a table, in what drawing a figure printed, that begins so.
std::string told(const Outcome& outcome, const std::string& begin);

// The row of docs/figures.md that begins so: numbers there are those of the figures.
std::string documented(const std::string& begin);

}  // namespace weir::test
