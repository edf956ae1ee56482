#include "models/arrivals/trace_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "sim/scenario/errors.hpp"
#include "sim/scenario/text_fields.hpp"

namespace weir {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t line_bytes_max = 1 << 16;
constexpr const char* allowed_times = "a number, or ISO 8601 such as 2015-02-26 21:42:53";
constexpr const char* allowed_values = "a number from 0 on, or null for a gap";

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (const std::string_view candidate : names) {
    if (same_word(name, candidate)) return true;
  }
  return false;
}

bool is_time_name(std::string_view name) {
  return one_of(name, {"time", "timestamp", "date", "datetime", "time_s", "time_ms", "t", "ts", "epoch",
                       "seconds", "event_time", "end_timestamp"});
}
bool is_count_name(std::string_view name) {
  return one_of(name,
                {"count", "counts", "requests", "events", "records", "invocations", "messages", "arrivals"});
}
bool is_rate_name(std::string_view name) {
  return one_of(name,
                {"rate", "rate_per_s", "rps", "qps", "throughput", "value", "values", "load", "workrate"});
}
bool is_event_name(std::string_view name) {
  return one_of(name, {"key", "id", "user", "size", "size_bytes"});
}

class TraceParser {
 public:
  explicit TraceParser(const TraceFormat& format) : format_(format), separator_(format.separator) {
    trace_.value = format.value;
  }

  // One line without its end. False: it makes no sense to go on.
  bool line(std::string_view text) {
    ++line_;
    if (line_ == 1 && text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const std::string_view content = trimmed(text);
    if (content.empty() || content.front() == '#') return true;
    if (std::memchr(text.data(), 0, text.size()) != nullptr) {
      problem("the file is binary", "a text file, one row a line");
      return false;
    }
    if (!started_) {
      started_ = true;
      bool header = false;
      if (!begin(text, &header)) return false;
      if (header) return true;
    }
    row(text);
    return true;
  }

  bool too_long() {
    ++line_;
    problem(fmt::format("the line is longer than {} bytes", line_bytes_max), "a text file, one row a line");
    return false;
  }

  void whole_file(std::string what, std::string allowed) {
    line_ = 0;
    problem(std::move(what), std::move(allowed));
  }

  Trace finish() {
    if (trace_.problems.empty()) {
      const bool events = trace_.value == TraceValue::event;
      if (!started_) {
        whole_file("the file is empty", "rows of time and value");
      } else if (trace_.rows.empty()) {
        whole_file("there is a header, but no row", "rows of time and value");
      } else if (!events && trace_.rows.size() == 1) {
        whole_file("there is one row only, so how long it lasts is not known", "at least two rows");
      } else if (!any_value_) {
        whole_file("all values are gaps", "at least one number");
      }
    }
    return std::move(trace_);
  }

 private:
  void problem(std::string what, std::string allowed) {
    if (trace_.problems.size() < trace_problems_max) {
      trace_.problems.push_back({line_, std::move(what), std::move(allowed)});
    } else {
      ++trace_.problems_more;
    }
  }

  // Looks at the first line with something in it: separator, header, columns.
  bool begin(std::string_view text, bool* header) {
    if (separator_ == 0) separator_ = found_separator(text);
    std::vector<std::string> names;
    std::string_view field;
    while (names.size() < 1000 && trace_field(text, separator_, names.size(), &field))
      names.emplace_back(field);
    *header = format_.header == TraceHeader::yes ||
              (format_.header == TraceHeader::automatic && looks_like_header(names));
    columns_ = names.size();
    if (!*header) names.clear();
    return choose_columns(names);
  }

  static char found_separator(std::string_view text) {
    for (const char c : {'\t', ';', '|', ','}) {
      if (text.find(c) != std::string_view::npos) return c;
    }
    return trimmed(text).find(' ') != std::string_view::npos ? ' ' : ',';
  }

  // Words, and no numbers among them.
  static bool looks_like_header(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      double value;
      if (!name.empty() && (parse_value(name, &value) || looks_like_iso_time(name))) return false;
    }
    const char first = names.empty() || names[0].empty() ? '0' : names[0][0];
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
  }

  bool choose_columns(const std::vector<std::string>& names) {
    bool good = true;
    time_column_ = 0;
    for (std::size_t i = names.size(); i-- > 0;) {
      if (is_time_name(names[i])) time_column_ = i;
    }
    if (!format_.time_column.empty())
      good = named_column(names, format_.time_column, "time_column", &time_column_);
    value_column_ = time_column_ == 0 ? 1 : 0;
    bool count = false, event = columns_ <= 1, rate = false;
    for (std::size_t i = names.size(); i-- > 0;) {
      if (i == time_column_) continue;
      if (is_count_name(names[i]) || is_rate_name(names[i])) {
        value_column_ = i;
        count = is_count_name(names[i]);
        rate = !count;
      }
    }
    if (!names.empty() && !count && !rate && value_column_ < names.size())
      event = is_event_name(names[value_column_]);
    if (!format_.value_column.empty()) {
      good = named_column(names, format_.value_column, "value_column", &value_column_) && good;
      count = !names.empty() && value_column_ < names.size() && is_count_name(names[value_column_]);
      event = false;
    }
    if (trace_.value == TraceValue::automatic) {
      trace_.value = event ? TraceValue::event : count ? TraceValue::count : TraceValue::rate;
    }
    return good;
  }

  bool named_column(const std::vector<std::string>& names, const std::string& wanted, const char* option,
                    std::size_t* column) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (same_word(names[i], wanted)) {
        *column = i;
        return true;
      }
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (error == std::errc() && end == wanted.data() + wanted.size()) {
      if (number >= 1 && number <= columns_) {
        *column = number - 1;
        return true;
      }
      problem(fmt::format("{} {} is not there", option, number), fmt::format("1 to {}", columns_));
      return false;
    }
    problem(fmt::format("{} {} is not in the header", option, weir::quoted(wanted)),
            names.empty() ? "there is no header; use the column's number" : allowed_names(wanted, names));
    return false;
  }

  void row(std::string_view text) {
    TraceRow row{0, 1};
    std::string_view field;
    if (!trace_field(text, separator_, time_column_, &field)) {
      return problem("the row has no time", fmt::format("at least {} columns", time_column_ + 1));
    }
    const bool time_good = read_time(field, &row.time_ns);
    if (trace_.value != TraceValue::event) {
      if (!trace_field(text, separator_, value_column_, &field)) {
        return problem("the row has no value", fmt::format("at least {} columns", value_column_ + 1));
      }
      if (!read_value(field, &row.value)) return;
    } else {
      any_value_ = true;
    }
    if (!time_good) return;
    if (has_last_ &&
        (row.time_ns < last_ns_ || (row.time_ns == last_ns_ && trace_.value != TraceValue::event))) {
      return problem(
          row.time_ns == last_ns_ ? "the time is the same as in the row before" : "the time goes back",
          "times in rising order");
    }
    has_last_ = true;
    last_ns_ = row.time_ns;
    trace_.rows.push_back(row);
  }

  bool read_time(std::string_view field, Nanos* time_ns) {
    if (format_time_ == TraceTime::automatic) {
      format_time_ = format_.time != TraceTime::automatic ? format_.time : found_time_format(field);
    }
    const bool good = format_time_ == TraceTime::iso
                          ? parse_iso_time(field, time_ns)
                          : parse_time_number(field, unit_ns(format_time_), time_ns);
    if (!good) {
      problem(fmt::format("{} is not a time", weir::quoted(field)),
              format_time_ == TraceTime::iso ? "ISO 8601 such as 2015-02-26 21:42:53, years 1678 to 2261"
                                             : allowed_times);
      // Another format may have been guessed from garbage.
      if (trace_.rows.empty() && format_.time == TraceTime::automatic) format_time_ = TraceTime::automatic;
    }
    return good;
  }

  static TraceTime found_time_format(std::string_view field) {
    double number = 0;
    if (looks_like_iso_time(field)) return TraceTime::iso;
    if (!parse_value(field, &number)) return TraceTime::seconds;
    return number < 1e11   ? TraceTime::seconds
           : number < 1e14 ? TraceTime::milliseconds
           : number < 1e17 ? TraceTime::microseconds
                           : TraceTime::nanoseconds;
  }

  static Nanos unit_ns(TraceTime format) {
    switch (format) {
      case TraceTime::milliseconds:
        return 1'000'000;
      case TraceTime::microseconds:
        return 1'000;
      case TraceTime::nanoseconds:
        return 1;
      default:
        return nanos_per_second;
    }
  }

  bool read_value(std::string_view field, double* value) {
    if (is_gap(field)) {
      *value = not_a_number;
      return true;
    }
    if (!parse_value(field, value)) {
      problem(fmt::format("{} is not a number", weir::quoted(field)), allowed_values);
    } else if (std::isnan(*value)) {
      problem("the value is not a number", allowed_values);
    } else if (*value < 0) {
      problem(fmt::format("the value {} is negative", field), allowed_values);
    } else if (*value > trace_value_max) {
      problem(fmt::format("the value {} is too large", field), fmt::format("at most {:g}", trace_value_max));
    } else {
      any_value_ = true;
      return true;
    }
    return false;
  }

  const TraceFormat& format_;
  Trace trace_;
  std::int64_t line_ = 0;
  char separator_;
  bool started_ = false;
  bool any_value_ = false;
  std::size_t columns_ = 0, time_column_ = 0, value_column_ = 1;
  TraceTime format_time_ = TraceTime::automatic;
  bool has_last_ = false;
  Nanos last_ns_ = 0;
};

// Cuts blocks of bytes into lines.
class LineCutter {
 public:
  explicit LineCutter(TraceParser& parser) : parser_(parser) {}

  bool feed(std::string_view block) {
    while (!block.empty()) {
      const std::size_t end = block.find('\n');
      if (end == std::string_view::npos) {
        rest_ += block;
        return rest_.size() <= line_bytes_max || binary_or_long();
      }
      if (!rest_.empty()) {
        rest_ += block.substr(0, end);
        if (!parser_.line(rest_)) return false;
        rest_.clear();
      } else if (!parser_.line(block.substr(0, end))) {
        return false;
      }
      block.remove_prefix(end + 1);
    }
    return true;
  }

  void finish() {
    if (!rest_.empty()) parser_.line(rest_);
  }

 private:
  bool binary_or_long() {
    return rest_.find('\0') != std::string::npos ? parser_.line(rest_) : parser_.too_long();
  }

  TraceParser& parser_;
  std::string rest_;  // a line that goes on in the next block
};

struct OpenFile {
  int descriptor;
  ~OpenFile() {
    if (descriptor >= 0) close(descriptor);
  }
};

}  // namespace

Trace read_trace(const std::string& path, const TraceFormat& format) {
  TraceParser parser(format);
  const OpenFile file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status {};
  if (file.descriptor < 0 || fstat(file.descriptor, &status) != 0) {
    parser.whole_file(fmt::format("the file cannot be read: {}", std::strerror(errno)),
                      "a readable text file");
    return parser.finish();
  }
  if (!S_ISREG(status.st_mode)) {
    parser.whole_file(S_ISDIR(status.st_mode) ? "it is a directory" : "it is not a regular file",
                      "a readable text file");
    return parser.finish();
  }
  LineCutter cutter(parser);
  std::vector<char> block(1 << 20);
  for (;;) {
    const ssize_t got = read(file.descriptor, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      parser.whole_file(fmt::format("the file cannot be read: {}", std::strerror(errno)),
                        "a readable text file");
      return parser.finish();
    }
    if (got == 0) break;
    if (!cutter.feed({block.data(), static_cast<std::size_t>(got)})) return parser.finish();
  }
  cutter.finish();
  return parser.finish();
}

Trace parse_trace(const std::string& text, const TraceFormat& format) {
  TraceParser parser(format);
  LineCutter cutter(parser);
  if (cutter.feed(text)) cutter.finish();
  return parser.finish();
}

}  // namespace weir
