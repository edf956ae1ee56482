// One row an edge, by the time at which it begins (RFC 4180).

#include <fmt/format.h>

#include <unordered_map>

#include "sim/analyzer/export/export.hpp"
#include "sim/analyzer/report.hpp"
#include "sim/record/atomic_file.hpp"

namespace weir::analyzer {

namespace {

class CsvWriter final : public EdgeTaker {
 public:
  CsvWriter(const TraceSource& source, const std::filesystem::path& path) : source_(source), file_(path) {
    file_.write(
        "kind,activity,operator,from_worker,from_host,to_worker,to_host,begin_ns,end_ns,duration_ns,records,"
        "size_bytes\r\n");
  }

  void edge(const Edge& edge) override {
    file_.write(fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", edge.message() ? "message" : "activity",
                            activity_name(edge.activity), operator_of(edge.operator_id), worker(edge.from),
                            worker(edge.to), edge.begin_ns, edge.end_ns, edge.end_ns - edge.begin_ns,
                            known(edge.records), edge.message() ? known(edge.size_bytes) : ""));
  }

  std::size_t workers() const { return workers_.size(); }
  void finish() { file_.commit(); }

 private:
  // Name and host: two fields.
  const std::string& worker(std::int64_t id) {
    const auto [found, is_new] = workers_.try_emplace(id);
    if (is_new) found->second = csv_field(source_.worker_name(id)) + "," + csv_field(source_.worker_host(id));
    return found->second;
  }
  const std::string& operator_of(std::int32_t id) {
    const auto [found, is_new] = operators_.try_emplace(id);
    if (is_new && id != no_operator) found->second = csv_field(source_.operator_name(id));
    return found->second;
  }

  // Empty where the trace does not say.
  std::string known(std::uint32_t load) const {
    return source_.holds_records() ? fmt::format("{}", load) : std::string();
  }

  const TraceSource& source_;
  AtomicFile file_;
  std::unordered_map<std::int64_t, std::string> workers_;
  std::unordered_map<std::int32_t, std::string> operators_;
};

ExportResult write(OpenTrace& trace, const ExportOptions& options, const std::filesystem::path& path) {
  CsvWriter writer(trace.source(), path);
  const FeedResult fed = feed(trace, options, writer);
  writer.finish();
  return {in_words(fed, writer.workers()), fed.left_out};
}

const auto registered =
    add_export_format({.name = "csv", .help = "a row for each activity and message", .write = write});

}  // namespace
}  // namespace weir::analyzer
