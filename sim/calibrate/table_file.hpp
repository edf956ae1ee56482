#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/errors.hpp"

// A text table, one row a line: what other tools export. Separators as in recorded loads (tab ; | , or
// blanks), a header, comment lines with #, CR LF, a byte order mark. A header may be a comment, as in DS2's
// logs. Whole lines only are kept in memory.
//
// Nothing is thrown: what is wrong goes to `errors` with file and line.

namespace weir::calibrate {

struct TableRow {
  int line = 0;  // 1 is the first
  std::span<const std::string_view> fields;
};

struct TableSink {
  // The names of the columns, or how many there are if the table has no header. False: not this table.
  std::function<bool(const std::vector<std::string>& names, std::size_t columns)> begin;
  std::function<void(const TableRow&)> row;
};

inline constexpr std::size_t table_line_bytes_max = 1 << 16;
inline constexpr std::size_t table_columns_max = 1000;

// False if there was something wrong with the file as a whole, or `stop` was set.
bool read_table(const std::string& path, const TableSink& sink, Errors& errors,
                const std::atomic<bool>* stop = nullptr);

// Only the header and the number of columns; empty names if there is no header.
struct TableHead {
  std::vector<std::string> names;
  std::size_t columns = 0;
};
TableHead read_table_head(const std::string& path, Errors& errors);

// A column by one of its usual names, without regard to case; npos if there is none.
std::size_t find_column(const std::vector<std::string>& names, std::span<const std::string_view> usual);

}  // namespace weir::calibrate
