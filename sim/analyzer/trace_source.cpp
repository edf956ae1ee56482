#include "sim/analyzer/trace_source.hpp"

#include <fmt/format.h>

namespace weir::analyzer {

std::string TraceSource::worker_name(std::int64_t worker) const {
  return fmt::format("{}", worker);
}

std::string TraceSource::worker_host(std::int64_t) const {
  return {};
}

std::string TraceSource::operator_name(std::int32_t operator_id) const {
  return fmt::format("{}", operator_id);
}

}  // namespace weir::analyzer
