#include "sim/cli/trace_options.hpp"

#include <fmt/format.h>

namespace weir {

void add_trace_options(Options& options) {
  options.value("trace", "off|pag", "pag: record the program activity graph in run.h5, for weir analyze");
  options.value("trace-from", "S", "with --trace pag: from this simulated second on");
  options.value("trace-to", "S", "with --trace pag: up to this simulated second");
  options.flag("trace-loads", "with --trace pag: the records and bytes of each edge, too");
}

std::optional<PagTrace::Settings> trace_settings(const Options& options, Errors& errors) {
  const bool traced = options.choice("trace", {"off", "pag"}, errors) == "pag";
  PagTrace::Settings settings;
  settings.loads = options.has("trace-loads");
  if (const auto from = options.positive_number("trace-from", errors)) settings.from_ns = to_nanos(*from);
  if (const auto to = options.positive_number("trace-to", errors)) settings.to_ns = to_nanos(*to);
  if (settings.from_ns >= settings.to_ns)
    errors.add_argument(fmt::format("--trace-to {}", *options.text("trace-to")), "trace-to",
                        "is not after --trace-from",
                        fmt::format("more than {}", *options.text("trace-from")));
  if (traced) return settings;
  for (const char* name : {"trace-from", "trace-to", "trace-loads"}) {
    if (options.has(name))
      errors.add_argument(fmt::format("--{}", name), name, "nothing is traced", "with --trace pag");
  }
  return std::nullopt;
}

}  // namespace weir
