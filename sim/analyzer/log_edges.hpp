#pragma once

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/trace_source.hpp"
#include "sim/analyzer/window_cutter.hpp"

// A log of events as whole edges: each window's program activity graph, as construction.hpp builds it. What
// reaches from one window into another is cut at the bound between them; larger windows cut less.

namespace weir::analyzer {

class LogEdges : public EdgeSource {
 public:
  // `log` must outlive this.
  LogEdges(LogSource& log, const ConstructionOptions& options, std::size_t windows_in_flight = 16);

  // Windows of the options' length; `window_ns` must be that.
  bool next(Nanos window_ns, EdgeWindow& window) override;
  std::map<std::string, std::int64_t> left_out() const override;
  std::string worker_name(std::int64_t worker) const override { return log_.worker_name(worker); }
  std::string worker_host(std::int64_t worker) const override { return log_.worker_host(worker); }
  std::string operator_name(std::int32_t operator_id) const override {
    return log_.operator_name(operator_id);
  }

 private:
  LogSource& log_;
  ConstructionOptions options_;
  Construction construction_;
  WindowCutter<LogRecord> cutter_;
  LeftOut left_out_;
  Pag pag_;
  std::vector<LogRecord> records_;
  bool ended_ = false;
};

}  // namespace weir::analyzer
