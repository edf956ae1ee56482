#include "sim/analyzer/open_trace.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "sim/ctf/ctf_reader.hpp"

namespace weir::analyzer {

bool is_ctf(const std::filesystem::path& path) {
  return std::filesystem::is_directory(path) && !std::filesystem::exists(path / "run.h5") &&
         ctf::holds_ctf(path);
}

OpenTrace open_trace(const std::string& path, const CtfMap& map) {
  OpenTrace trace;
  if (path == "-") {
    trace.log = read_snailtrail_log(std::cin, "standard input");
    return trace;
  }
  std::filesystem::path file = path;
  if (is_ctf(file)) return read_ctf(file, map);
  if (std::filesystem::is_directory(file)) file /= "run.h5";
  trace.file = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*trace.file || std::filesystem::is_directory(file))
    throw TraceError(fmt::format("{}: cannot be opened", file.string()));
  constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
  std::string signature(hdf5_signature.size(), '\0');
  trace.file->read(signature.data(), static_cast<std::streamsize>(signature.size()));
  if (signature == hdf5_signature) {
    trace.edges = read_run_file(file);
    return trace;
  }
  trace.file->clear();
  trace.file->seekg(0);
  constexpr char array_of_eleven = static_cast<char>(0x9b);
  if (signature[0] == array_of_eleven)
    throw TraceError(fmt::format("{}: looks like an ST2 log, which weir analyze alone can read", path));
  if (signature[0] == '{') {
    trace.edges = read_spark_event_log(*trace.file, path);
  } else {
    trace.log = read_snailtrail_log(*trace.file, path);
  }
  return trace;
}

}  // namespace weir::analyzer
