#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/export/edge_feed.hpp"
#include "sim/analyzer/open_trace.hpp"

// A trace in a format that other tools read. Each format is a file of its own (chrome_json.cpp, …) and adds
// itself to the list.

namespace weir::analyzer {

struct ExportOptions {
  Nanos from_ns = 0;  // activities and messages are cut to what lies between these two
  Nanos to_ns = never;
  ConstructionOptions construction;  // of logs; and the length of a window, for formats that show one
  const std::atomic<bool>* stop = nullptr;
};

struct ExportResult {
  std::string what;  // was written, in words, with how much of it
  std::map<std::string, std::int64_t> left_out;
};

struct ExportFormat {
  std::string name;
  std::string help;        // one line
  bool directory = false;  // what it writes
  // TraceError, RecordError, Stopped; then nothing is left of what was written.
  ExportResult (*write)(OpenTrace& trace, const ExportOptions& options,
                        const std::filesystem::path& path) = nullptr;
};

struct [[maybe_unused]] FormatRegistered {};
FormatRegistered add_export_format(ExportFormat format);
const std::vector<ExportFormat>& export_formats();  // by name

// The edges of any trace; of a log those that its construction makes.
FeedResult feed(OpenTrace& trace, const ExportOptions& options, EdgeTaker& taker);
// "12 activities and 3 messages of 4 workers, 0 to 1.5 s"
std::string in_words(const FeedResult& result, std::size_t workers);

}  // namespace weir::analyzer
