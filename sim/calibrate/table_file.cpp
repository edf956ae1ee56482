#include "sim/calibrate/table_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sim/scenario/text_fields.hpp"

namespace weir::calibrate {
namespace {

constexpr const char* a_text_table = "a text file, one row a line";

char separator_of(std::string_view text) {
  for (const char c : {'\t', ';', '|', ','}) {
    if (text.find(c) != std::string_view::npos) return c;
  }
  return trimmed(text).find(' ') != std::string_view::npos ? ' ' : ',';
}

bool is_word(std::string_view field) {
  double value;
  return !field.empty() && !parse_value(field, &value) && !looks_like_iso_time(field);
}

class Cutter {
 public:
  Cutter(const std::string& path, const TableSink& sink, Errors& errors)
      : path_(path), sink_(sink), errors_(errors) {}

  // One line without its end. False: it makes no sense to go on.
  bool line(std::string_view text) {
    ++line_;
    if (line_ == 1 && text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    std::string_view content = trimmed(text);
    if (content.empty()) return true;
    if (text.find('\0') != std::string_view::npos) return wrong("the file is binary");
    const bool comment = content.front() == '#';
    if (comment && begun_) return true;
    if (comment) {
      content = trimmed(content.substr(1));
      separator_ = separator_of(content);
      cut(content);
      return !is_header() || fields_.size() < 3 || begin(true);  // prose has no separators
    }
    if (!begun_) {
      separator_ = separator_of(text);
      cut(text);
      if (is_header()) return begin(true);
      if (!begin(false)) return false;
    }
    cut(text);
    if (fields_.size() > table_columns_max)
      return wrong(fmt::format("the row has more than {} columns", table_columns_max));
    sink_.row({line_, fields_});
    return true;
  }

  bool too_long() {
    ++line_;
    return wrong(fmt::format("the line is longer than {} bytes", table_line_bytes_max));
  }
  bool empty() const { return !begun_; }

 private:
  bool wrong(std::string what) {
    errors_.add_file(path_, line_, "$", std::move(what), a_text_table);
    return false;
  }
  void cut(std::string_view text) {
    fields_.clear();
    std::string_view field;
    // Fields are few: to find each from the line's begin is quadratic in their number only.
    while (fields_.size() <= table_columns_max && trace_field(text, separator_, fields_.size(), &field))
      fields_.push_back(field);
  }
  // No field of it is a number or a time.
  bool is_header() const {
    for (const std::string_view field : fields_)
      if (!is_word(field)) return false;
    return !fields_.empty();
  }
  bool begin(bool header) {
    begun_ = true;
    std::vector<std::string> names;
    if (header) names.assign(fields_.begin(), fields_.end());
    return sink_.begin(names, fields_.size());
  }

  const std::string& path_;
  const TableSink& sink_;
  Errors& errors_;
  std::vector<std::string_view> fields_;
  char separator_ = ',';
  int line_ = 0;
  bool begun_ = false;
};

// Cuts a file into lines, whatever their length.
bool cut_file(std::istream& file, Cutter& cutter, const std::atomic<bool>* stop) {
  std::vector<char> block(1 << 20);
  std::string rest;
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    if (stop != nullptr && *stop) return false;
    std::string_view text(block.data(), static_cast<std::size_t>(file.gcount()));
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      std::string_view one = text.substr(0, end);
      if (!rest.empty()) {
        rest += one;
        one = rest;
      }
      if (one.size() > table_line_bytes_max) return cutter.too_long();
      if (!cutter.line(one)) return false;
      rest.clear();
      text.remove_prefix(end + 1);
    }
    rest += text;
    if (rest.size() > table_line_bytes_max) return cutter.too_long();
  }
  return rest.empty() || cutter.line(rest);
}

}  // namespace

bool read_table(const std::string& path, const TableSink& sink, Errors& errors,
                const std::atomic<bool>* stop) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    errors.add_file(path, 1, "$", "is not a regular file", "a readable text file");
    return false;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    errors.add_file(path, 1, "$", fmt::format("cannot be read: {}", std::strerror(errno)),
                    "a readable text file");
    return false;
  }
  Cutter cutter(path, sink, errors);
  if (!cut_file(file, cutter, stop)) return false;
  if (cutter.empty()) errors.add_file(path, 1, "$", "is empty", "a header and rows");
  return !cutter.empty();
}

TableHead read_table_head(const std::string& path, Errors& errors) {
  TableHead head;
  const TableSink sink{[&](const std::vector<std::string>& names, std::size_t columns) {
                         head = {names, columns};
                         return false;
                       },
                       [](const TableRow&) {}};
  read_table(path, sink, errors);
  return head;
}

std::size_t find_column(const std::vector<std::string>& names, std::span<const std::string_view> usual) {
  for (const std::string_view name : usual) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (same_word(names[i], name)) return i;
  }
  return std::string::npos;
}

}  // namespace weir::calibrate
