#include "sim/scenario/text_fields.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <system_error>

namespace weir {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// Takes `digits` digits off the front.
bool take_number(std::string_view* text, int digits, int* number) {
  if (text->size() < static_cast<std::size_t>(digits)) return false;
  *number = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = (*text)[static_cast<std::size_t>(i)];
    if (!is_digit(c)) return false;
    *number = *number * 10 + (c - '0');
  }
  text->remove_prefix(static_cast<std::size_t>(digits));
  return true;
}

bool take_char(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms", days_from_civil).
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int days_in_month(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

// Decimals after the point, as parts of a unit of unit_ns; digits beyond the nanosecond are dropped.
bool take_decimals(std::string_view* text, Nanos unit_ns, Nanos* part_ns) {
  if (text->empty() || !is_digit(text->front())) return false;
  Nanos weight = unit_ns;
  *part_ns = 0;
  while (!text->empty() && is_digit(text->front())) {
    weight /= 10;
    *part_ns += (text->front() - '0') * weight;
    text->remove_prefix(1);
  }
  return true;
}

// `Z`, `+02`, `+02:00`, `+0200`: seconds to take away.
bool take_offset(std::string_view* text, std::int64_t* offset_s) {
  *offset_s = 0;
  if (text->empty() || take_char(text, 'Z') || take_char(text, 'z')) return true;
  const int sign = take_char(text, '+') ? 1 : take_char(text, '-') ? -1 : 0;
  int hours = 0, minutes = 0;
  if (sign == 0 || !take_number(text, 2, &hours)) return false;
  take_char(text, ':');
  if (!text->empty() && !take_number(text, 2, &minutes)) return false;
  *offset_s = sign * (hours * 3600 + minutes * 60);
  return hours <= 23 && minutes <= 59;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool trace_field(std::string_view line, char separator, std::size_t index, std::string_view* field) {
  if (separator == ' ') {
    line = trimmed(line);
    for (;;) {
      if (line.empty()) return false;
      std::size_t end = 0;
      while (end < line.size() && !is_blank(line[end])) ++end;
      // `2015-02-26 21:42:53`
      if (end == 10 && line[4] == '-' && line.size() > 13 && line[11] != ' ' && line[13] == ':') {
        for (end = 11; end < line.size() && !is_blank(line[end]);) ++end;
      }
      if (index-- == 0) {
        *field = unquoted(line.substr(0, end));
        return true;
      }
      line = trimmed(line.substr(end));
    }
  }
  for (;;) {
    // A quoted field may hold the separator.
    std::size_t from = 0;
    while (from < line.size() && line[from] == ' ') ++from;
    if (from < line.size() && line[from] == '"') {
      const std::size_t close = line.find('"', from + 1);
      from = close == std::string_view::npos ? 0 : close;
    } else {
      from = 0;
    }
    const std::size_t end = line.find(separator, from);
    if (index-- == 0) {
      *field = unquoted(line.substr(0, end));
      return true;
    }
    if (end == std::string_view::npos) return false;
    line.remove_prefix(end + 1);
  }
}

bool parse_time_number(std::string_view text, Nanos unit_ns, Nanos* time_ns) {
  std::string_view rest = text;
  const bool minus = take_char(&rest, '-');
  if (!minus) take_char(&rest, '+');
  if (rest.empty()) return false;
  Nanos whole = 0, part_ns = 0;
  bool digits = false, fits = true;
  while (!rest.empty() && is_digit(rest.front())) {
    fits = fits && !__builtin_mul_overflow(whole, Nanos{10}, &whole) &&
           !__builtin_add_overflow(whole, Nanos{rest.front() - '0'}, &whole);
    rest.remove_prefix(1);
    digits = true;
  }
  if (take_char(&rest, '.') && !rest.empty() && is_digit(rest.front())) {
    take_decimals(&rest, unit_ns, &part_ns);
    digits = true;
  }
  if (!digits) return false;
  if (!rest.empty()) {  // an exponent, or garbage
    double value = 0;
    if (!parse_value(text, &value)) return false;
    const double nanos = value * static_cast<double>(unit_ns);
    if (!(std::abs(nanos) < 9.2e18)) return false;
    *time_ns = static_cast<Nanos>(std::llround(nanos));
    return true;
  }
  if (!fits || __builtin_mul_overflow(whole, unit_ns, &whole) ||
      __builtin_add_overflow(whole, part_ns, &whole)) {
    return false;
  }
  *time_ns = minus ? -whole : whole;
  return true;
}

bool looks_like_iso_time(std::string_view text) {
  return text.size() >= 8 && is_digit(text[0]) && text[4] == '-' && text[7] == '-';
}

bool parse_iso_time(std::string_view text, Nanos* time_ns) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Nanos part_ns = 0;
  std::int64_t offset_s = 0;
  if (!take_number(&text, 4, &year) || !take_char(&text, '-') || !take_number(&text, 2, &month) ||
      !take_char(&text, '-') || !take_number(&text, 2, &day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  if (!text.empty()) {
    if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' ')) return false;
    if (!take_number(&text, 2, &hour) || !take_char(&text, ':') || !take_number(&text, 2, &minute))
      return false;
    if (take_char(&text, ':') && !take_number(&text, 2, &second)) return false;
    if (take_char(&text, '.') && !take_decimals(&text, nanos_per_second, &part_ns)) return false;
    take_char(&text, ' ');
    if (!take_offset(&text, &offset_s) || !text.empty()) return false;
  }
  if (hour > 23 || minute > 59 || second > 60) return false;  // 60: a leap second
  if (year < 1678 || year > 2261) return false;               // what nanoseconds hold
  const std::int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  *time_ns = (seconds - offset_s) * nanos_per_second + part_ns;
  return true;
}

bool parse_value(std::string_view text, double* value) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    // Too large, or too near to zero: only the exponent's sign tells.
    const bool small = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    *value = small ? 0 : std::numeric_limits<double>::infinity();
  }
  return true;
}

bool is_gap(std::string_view text) {
  return text.empty() || text == "-" || same_word(text, "null") || same_word(text, "na") ||
         same_word(text, "n/a") || same_word(text, "none");
}

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace weir
