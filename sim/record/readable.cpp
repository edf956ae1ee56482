#include "sim/record/readable.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace weir {

namespace {

std::string three_digits(double value) {
  const double size = std::abs(value);
  std::string text = fmt::format("{:.{}f}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace

std::string readable_count(double value) {
  if (!std::isfinite(value)) return "unknown";
  constexpr std::array<std::pair<double, const char*>, 4> units{
      {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e4, " k"}}};
  for (const auto& [from, name] : units)
    if (std::abs(value) >= from) return three_digits(value / (from == 1e4 ? 1e3 : from)) + name;
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : three_digits(value);
}

std::string readable_integer(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string readable_duration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 0) return "-" + readable_duration(-seconds);
  if (seconds == 0) return "0 s";
  if (seconds < 0.9995e-3) return three_digits(seconds * 1e6) + " us";
  if (seconds < 0.9995) return three_digits(seconds * 1e3) + " ms";
  if (seconds < 59.95) return three_digits(seconds) + " s";
  const auto whole = std::llround(seconds);
  const auto two = [](long long big, const char* big_unit, long long small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, big_unit)
                      : fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
  };
  if (whole < 3600) return two(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return two(whole / 3600, "h", whole % 3600 / 60, "min");
  return two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string readable_percent(double share) {
  if (!std::isfinite(share)) return "unknown";
  // Not quite all is not all.
  if (share < 1 && share >= 0.9995) return "> 99.9 %";
  return three_digits(std::round(share * 1000) / 10) + " %";
}

std::string exact_seconds(Nanos time_ns) {
  const std::uint64_t size_ns =
      time_ns < 0 ? ~static_cast<std::uint64_t>(time_ns) + 1 : static_cast<std::uint64_t>(time_ns);
  std::string text =
      fmt::format("{}{}.{:09}", time_ns < 0 ? "-" : "", size_ns / 1'000'000'000, size_ns % 1'000'000'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace weir
