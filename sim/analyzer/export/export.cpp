#include "sim/analyzer/export/export.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/analyzer/log_edges.hpp"
#include "sim/record/readable.hpp"

namespace weir::analyzer {

namespace {

std::vector<ExportFormat>& formats() {
  static std::vector<ExportFormat> all;
  return all;
}

}  // namespace

FormatRegistered add_export_format(ExportFormat format) {
  const auto place = std::lower_bound(formats().begin(), formats().end(), format,
                                      [](const auto& a, const auto& b) { return a.name < b.name; });
  formats().insert(place, std::move(format));
  return {};
}

const std::vector<ExportFormat>& export_formats() {
  return formats();
}

FeedResult feed(OpenTrace& trace, const ExportOptions& options, EdgeTaker& taker) {
  FeedOptions feeding;
  feeding.from_ns = options.from_ns;
  feeding.to_ns = options.to_ns;
  feeding.window_ns = options.construction.window_ns;
  feeding.stop = options.stop;
  feeding.windows_overlap = trace.st2 != nullptr;
  std::unique_ptr<EdgeSource> made;
  return feed(edges_of(trace, options.construction, made), feeding, taker);
}

std::string in_words(const FeedResult& result, std::size_t workers) {
  return fmt::format("{} activities and {} messages of {} workers, {} to {} s", result.activities,
                     result.messages, workers, exact_seconds(result.first_ns), exact_seconds(result.last_ns));
}

}  // namespace weir::analyzer
