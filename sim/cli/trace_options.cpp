#include "sim/cli/trace_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace weir {

void add_trace_options(Options& options) {
  options.value("trace", "off|pag", "pag: record the program activity graph in run.h5, for weir analyze");
  options.value("trace-from", "S", "with --trace pag: from this simulated second on");
  options.value("trace-to", "S", "with --trace pag: up to this simulated second");
  options.value("trace-sample", "1/K", "with --trace pag: the first of every K windows of simulated time");
  options.value("trace-sample-window", "S", "with --trace-sample: seconds in a window (default 1)");
  options.flag("trace-loads", "with --trace pag: the records and bytes of each edge, too");
}

namespace {

// "1/10".
void read_sample(const Options& options, PagTrace::Settings& settings, Errors& errors) {
  const auto text = options.text("trace-sample");
  const auto window_s = options.positive_number("trace-sample-window", errors);
  if (!text) {
    if (window_s)
      errors.add_argument("--trace-sample-window", "trace-sample-window", "nothing is sampled",
                          "with --trace-sample");
    return;
  }
  std::int64_t every = 0;
  const char* const end = text->data() + text->size();
  const bool whole = text->starts_with("1/");
  const auto [at, error] = whole ? std::from_chars(text->data() + 2, end, every)
                                 : std::from_chars_result{text->data(), std::errc::invalid_argument};
  if (error != std::errc() || at != end || every < 1 || every > 1'000'000)
    return errors.add_argument(fmt::format("--trace-sample {}", *text), "trace-sample",
                               "is no share of windows", "1/1 to 1/1000000");
  if (window_s && (*window_s < 1e-6 || *window_s > 1e6))
    return errors.add_argument(fmt::format("--trace-sample-window {}", *options.text("trace-sample-window")),
                               "trace-sample-window", fmt::format("is {} s", *window_s), "1e-6 to 1e6");
  settings.sample_every = every;
  if (window_s) settings.sample_window_ns = to_nanos(*window_s);
}

}  // namespace

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
  read_sample(options, settings, errors);
  if (traced) return settings;
  for (const char* name : {"trace-from", "trace-to", "trace-loads", "trace-sample"}) {
    if (options.has(name))
      errors.add_argument(fmt::format("--{}", name), name, "nothing is traced", "with --trace pag");
  }
  return std::nullopt;
}

}  // namespace weir
