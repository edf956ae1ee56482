#include "sim/cli/critical_path.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sim/analyzer/critical_path_report.hpp"
#include "sim/analyzer/open_trace.hpp"
#include "sim/analyzer/report.hpp"
#include "sim/cli/output.hpp"

namespace weir {
namespace {

using analyzer::TraceError;

// A trace, and the file that it reads from.
class Opened final : public analyzer::EdgeSource {
 public:
  explicit Opened(analyzer::OpenTrace trace) : trace_(std::move(trace)) {}
  bool next(Nanos window_ns, analyzer::EdgeWindow& window) override {
    return trace_.edges->next(window_ns, window);
  }
  std::map<std::string, std::int64_t> left_out() const override { return trace_.edges->left_out(); }
  std::string worker_name(std::int64_t worker) const override { return trace_.edges->worker_name(worker); }
  std::string operator_name(std::int32_t operator_id) const override {
    return trace_.edges->operator_name(operator_id);
  }

 private:
  analyzer::OpenTrace trace_;
};

class Printer {
 public:
  Printer(const analyzer::TraceSource& source, CriticalPathForm form) : source_(source), form_(form) {
    if (form == CriticalPathForm::csv) write_out(analyzer::critical_path_csv_header());
  }
  analyzer::OnPiece on_piece() const {
    if (form_ != CriticalPathForm::csv) return {};
    return [this](const analyzer::PathPiece& piece) {
      write_out(analyzer::critical_path_csv_line(piece, source_));
    };
  }
  void finish(const analyzer::CriticalPathSummary& summary, const std::string& name) const {
    // A CSV has no place for it.
    if (form_ == CriticalPathForm::csv) write_err(analyzer::left_out_text(summary.left_out));
    if (form_ == CriticalPathForm::text) write_out(name + critical_path_text(summary, source_));
    if (form_ == CriticalPathForm::json) {
      nlohmann::ordered_json json;
      json["critical_path"] = critical_path_json(summary, source_);
      write_out(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    }
  }

 private:
  const analyzer::TraceSource& source_;
  CriticalPathForm form_;
};

}  // namespace

void tell_critical_path(analyzer::OpenTrace trace, const std::string& path,
                        const analyzer::OpenOptions& opening, const analyzer::ConstructionOptions& options,
                        CriticalPathForm form) {
  if (trace.st2)
    throw TraceError(fmt::format(
        "{}: an ST2 log, whose epochs overlap: there is no one path through all of them", trace.name));
  if (trace.log) {
    const Printer printer(*trace.log, form);
    return printer.finish(critical_path_of_log(*trace.log, options, printer.on_piece()), trace.name);
  }
  if (path == "-")
    throw TraceError(fmt::format(
        "standard input: {}, of which the critical path is found by reading it twice (a file)", trace.kind));
  const Printer printer(*trace.edges, form);
  const auto open = [&] { return std::make_unique<Opened>(analyzer::open_trace(path, opening)); };
  printer.finish(critical_path_of_edges(open, options, printer.on_piece()), trace.name);
}

}  // namespace weir
