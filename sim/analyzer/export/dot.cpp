// One window's program activity graph for Graphviz, laid out as a space-time diagram: a row for each worker,
// time from left to right. The wider and redder an edge, the larger its critical participation; what waits
// is dashed and grey. Distances follow time as far as can be read: short gaps are drawn longer, long ones
// shorter, and labels say how long everything took.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/analyzer/export/export.hpp"
#include "sim/analyzer/log_edges.hpp"
#include "sim/analyzer/participation.hpp"
#include "sim/record/atomic_file.hpp"

namespace weir::analyzer {

namespace {

// Graphviz needs minutes for more, and nobody can read it.
constexpr std::size_t edges_max = 5000;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string duration(Nanos length_ns) {
  const auto length = static_cast<double>(length_ns);
  if (length_ns < 1000) return fmt::format("{} ns", length_ns);
  if (length_ns < 1'000'000) return fmt::format("{:.4g} us", length / 1e3);
  if (length_ns < 1'000'000'000) return fmt::format("{:.4g} ms", length / 1e6);
  return fmt::format("{:.4g} s", length / 1e9);
}

class DotWriter {
 public:
  DotWriter(const Pag& pag, const TraceSource& source, const std::filesystem::path& path)
      : pag_(pag), source_(source), file_(path) {
    participation_.count(pag);
    place();
  }

  void write() {
    file_.write(
        fmt::format("digraph pag {{\n"
                    "  layout=nop2; splines=line; outputorder=edgesfirst;\n"
                    "  label=\"{} to {} s: {} paths; share of all paths by width and colour\";\n"
                    "  node [shape=point, width=0.08, label=\"\"];\n"
                    "  edge [fontname=\"sans-serif\", fontsize=8, arrowsize=0.5];\n",
                    to_seconds(pag_.start_ns), to_seconds(pag_.end_ns), paths()));
    for (std::size_t chain = 0; chain < pag_.chains(); ++chain) write_chain(chain);
    for (std::uint32_t m = 0; m < pag_.messages.size(); ++m) write_message(m);
    file_.write("}\n");
    file_.commit();
  }

 private:
  // Points: 72 an inch.
  static constexpr double row_pt = 86;   // between workers
  static constexpr double step_pt = 72;  // between two instants, on average

  std::string paths() const {
    if (!participation_.has_path()) return "no";
    const double log10 = participation_.paths().log10();
    return log10 < 15 ? fmt::format("{:.0f}", participation_.paths().value())
                      : fmt::format("1e{:.0f}", std::floor(log10));
  }

  // Where each instant is, from left to right.
  void place() {
    times_ns_ = pag_.time_ns;
    std::sort(times_ns_.begin(), times_ns_.end());
    times_ns_.erase(std::unique(times_ns_.begin(), times_ns_.end()), times_ns_.end());
    const double mean_ns = static_cast<double>(pag_.duration_ns()) /
                           static_cast<double>(std::max<std::size_t>(1, times_ns_.size() - 1));
    double x_pt = 0;
    x_pt_.push_back(0);
    for (std::size_t i = 1; i < times_ns_.size(); ++i) {
      x_pt += std::clamp(static_cast<double>(times_ns_[i] - times_ns_[i - 1]) / mean_ns, 0.6, 2.5) * step_pt;
      x_pt_.push_back(x_pt);
    }
  }

  double x_of(Nanos time_ns) const {
    return x_pt_[std::lower_bound(times_ns_.begin(), times_ns_.end(), time_ns) - times_ns_.begin()];
  }

  void write_chain(std::size_t chain) {
    const double y = -row_pt * static_cast<double>(chain);
    const std::uint32_t first = pag_.chain_first[chain];
    const std::uint32_t end = pag_.chain_first[chain + 1];
    file_.write(fmt::format("  w{} [shape=plaintext, label=\"{}\", pos=\"-72,{:.1f}\"];\n", chain,
                            escaped(source_.worker_name(pag_.worker[chain])), y));
    for (std::uint32_t v = first; v < end; ++v) {
      file_.write(fmt::format("  v{} [pos=\"{:.1f},{:.1f}\", tooltip=\"{} s\"];\n", v, x_of(pag_.time_ns[v]),
                              y, to_seconds(pag_.time_ns[v])));
    }
    for (std::uint32_t v = first; v + 1 < end; ++v) {
      const Activity activity = pag_.local[v].activity;
      const std::int32_t operator_id = pag_.local[v].operator_id;
      write_edge(v, v + 1, activity, operator_id, participation_.local_open(v),
                 participation_.local_share(v));
    }
  }

  void write_message(std::uint32_t m) {
    const Pag::Message& message = pag_.messages[m];
    write_edge(message.from, message.to, message.activity, message.operator_id,
               participation_.message_open(m), participation_.message_share(m));
  }

  void write_edge(std::uint32_t from, std::uint32_t to, Activity activity, std::int32_t operator_id,
                  bool open, double share) {
    const Nanos length_ns = pag_.time_ns[to] - pag_.time_ns[from];
    const double cp = share * static_cast<double>(length_ns) / static_cast<double>(pag_.duration_ns());
    std::string label(activity_name(activity));
    if (operator_id != no_operator) label += " " + escaped(source_.operator_name(operator_id));
    label += "\\n" + duration(length_ns);
    if (share > 0) label += fmt::format(", {:.3g} %", 100 * cp);
    const std::string look = open && share > 0 ? fmt::format("penwidth={:.2f}, color=\"0.0 {:.3f} {:.3f}\"",
                                                             1 + 5 * share, share, 0.35 + 0.5 * share)
                                               : "style=dashed, color=gray60, fontcolor=gray40";
    file_.write(fmt::format("  v{} -> v{} [{}, label=\"{}\"];\n", from, to, look, label));
  }

  const Pag& pag_;
  const TraceSource& source_;
  AtomicFile file_;
  Participation participation_;
  std::vector<Nanos> times_ns_;
  std::vector<double> x_pt_;
};

// The first window that begins at from_ns or later, and has ended by to_ns.
Pag first_window(EdgeSource& source, const ExportOptions& options) {
  EdgeWindow window;
  while (source.next(options.construction.window_ns, window)) {
    if (window.start_ns < options.from_ns) continue;
    if (window.end_ns > options.to_ns) break;
    Pag pag;
    EdgeConstruction(options.construction.waiting_message_ns).build(window, pag);
    return pag;
  }
  throw TraceError("no window with something in it lies between --from and --to");
}

ExportResult write(OpenTrace& trace, const ExportOptions& options, const std::filesystem::path& path) {
  std::unique_ptr<EdgeSource> made;
  EdgeSource& source = edges_of(trace, options.construction, made);
  const Pag pag = first_window(source, options);
  if (pag.edges() > edges_max) {
    throw TraceError(fmt::format(
        "the window from {} to {} s has {} edges, too many for a picture (at most {}: a shorter --window)",
        to_seconds(pag.start_ns), to_seconds(pag.end_ns), pag.edges(), edges_max));
  }
  DotWriter(pag, source, path).write();
  return {fmt::format("{} edges, {} of them messages, of {} workers, {} to {} s", pag.edges(),
                      pag.messages.size(), pag.chains(), to_seconds(pag.start_ns), to_seconds(pag.end_ns)),
          source.left_out()};
}

const auto registered = add_export_format(
    {.name = "dot",
     .help = "the program activity graph of one window (--window, the first at or after --from) for Graphviz",
     .write = write});

}  // namespace
}  // namespace weir::analyzer
