#include "sim/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "sim/cli/output.hpp"
#include "sim/record/readable.hpp"

namespace weir {

namespace {

constexpr auto redraw_after = std::chrono::milliseconds(100);
constexpr int bar_columns = 16;

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string progress_line(double simulated_s, double until_s, double wall_s, int columns) {
  const double share = until_s > 0 ? std::clamp(simulated_s / until_s, 0.0, 1.0) : 1.0;
  std::string text = fmt::format("{} of {}", readable_duration(simulated_s), readable_duration(until_s));
  if (wall_s > 0.2 && simulated_s > 0) {
    text += fmt::format(", {}x real time", readable_count(simulated_s / wall_s));
    text += fmt::format(", {} left", readable_duration((until_s - simulated_s) * wall_s / simulated_s));
  }
  const std::string percent = fmt::format("{:3.0f} % ", 100 * share);
  const auto room = static_cast<std::size_t>(std::max(columns - 1, 1));  // the last column would wrap
  if (percent.size() + bar_columns + 3 + text.size() <= room) {
    const int full = static_cast<int>(share * bar_columns);
    text = fmt::format("[{}{}] {}", std::string(full, '#'), std::string(bar_columns - full, ' '), text);
  }
  return (percent + text).substr(0, room);
}

ProgressBar::ProgressBar(bool shown) : shown_(shown && is_terminal(STDERR_FILENO)) {}

void ProgressBar::update(double simulated_s, double until_s) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + redraw_after;
  const double wall_s = std::chrono::duration<double>(now - start_).count();
  write_err("\r\033[K" + progress_line(simulated_s, until_s, wall_s, terminal_columns()));
  drawn_ = true;
}

void ProgressBar::wipe() {
  if (drawn_) write_err("\r\033[K");
  drawn_ = false;
}

}  // namespace weir
