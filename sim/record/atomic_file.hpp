#pragma once

#include <filesystem>
#include <string_view>

#include "sim/record/record_error.hpp"

namespace weir {

// Writes a file so that its name shows either the old content or all of the new one, also after a crash:
// temporary name in the same directory, fsync, rename, fsync of the directory. RecordError names file,
// operation and reason; the temporary file is removed then.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// The directory exists afterwards; RecordError if it cannot.
void create_result_directory(const std::filesystem::path& directory);

}  // namespace weir
