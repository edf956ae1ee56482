#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/kernel/assert.hpp"
#include "sim/record/fixed_text.hpp"

// A table of run.h5: an HDF5 group that holds one 1-D dataset per column, all of one length.
//
//   struct Row { double time_s; std::int32_t operator_id; FixedText<16> status; };
//   TableSchema<Row> schema("actions", "What was done.", 512);
//   schema.column("time_s", "s", "When it began.", &Row::time_s) …;
//   RecordTable<Row>& actions = run_file.create_table(schema);
//   actions.append({1.5, 0, "done"});
//
// Columns rather than compound rows: a reader loads only what it plots, `pandas.DataFrame({c: g[c][:] for c
// in g})` is a frame, and equal neighbours compress well. The description above is the only one: attributes
// of the datasets and the reference page come from it.
//
// Memory: one chunk of rows per table, whatever the length of the run. A chunk is written (shuffle, then
// deflate 4) when it is full, or earlier by flush(). A long table (many millions of rows) is compressed by
// ourselves and not by HDF5 (chunk_codec.hpp), and flush() writes no chunk of it that is not full: what is
// begun comes with finish().

namespace weir {

enum class ColumnType : std::uint8_t { real, integer, small_integer, tiny_integer, boolean, text };

struct ColumnInfo {
  std::string name;
  std::string unit;  // "s", "records", "1/s", …; empty for ids, names and yes/no
  std::string help;
  ColumnType type = ColumnType::real;
  std::size_t size_bytes = 0;  // of one value
};

struct TableInfo {
  std::string name;
  std::string help;
  std::size_t chunk_rows = 1024;
  int deflate_level = 4;
  bool long_table = false;
  std::vector<ColumnInfo> columns;
};

namespace record_detail {

template <class T>
struct IsFixedText : std::false_type {};
template <std::size_t N>
struct IsFixedText<FixedText<N>> : std::true_type {};

template <class T>
constexpr ColumnType column_type() {
  if constexpr (std::is_same_v<T, double>) return ColumnType::real;
  if constexpr (std::is_same_v<T, std::int64_t>) return ColumnType::integer;
  if constexpr (std::is_same_v<T, std::int32_t>) return ColumnType::small_integer;
  if constexpr (std::is_same_v<T, std::int8_t>) return ColumnType::tiny_integer;
  if constexpr (std::is_same_v<T, bool>) return ColumnType::boolean;
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::int64_t> ||
                    std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int8_t> ||
                    std::is_same_v<T, bool> || IsFixedText<T>::value,
                "columns are double, int64_t, int32_t, int8_t, bool or FixedText");
  return ColumnType::text;
}

}  // namespace record_detail

template <class Row>
class TableSchema {
 public:
  TableSchema(std::string name, std::string help, std::size_t chunk_rows) {
    WEIR_ASSERT(chunk_rows > 0, "a chunk holds at least one row");
    info_.name = std::move(name);
    info_.help = std::move(help);
    info_.chunk_rows = chunk_rows;
  }

  template <class T>
  TableSchema& column(std::string name, std::string unit, std::string help, T Row::*member) {
    static_assert(std::is_trivially_copyable_v<T>);
    info_.columns.push_back(
        {std::move(name), std::move(unit), std::move(help), record_detail::column_type<T>(), sizeof(T)});
    gathers_.push_back([member](std::span<const Row> rows, std::byte* out) {
      for (const Row& row : rows) {
        std::memcpy(out, &(row.*member), sizeof(T));
        out += sizeof(T);
      }
    });
    return *this;
  }

  TableSchema& deflate(int level) {
    info_.deflate_level = level;
    return *this;
  }

  TableSchema& long_table() {
    info_.long_table = true;
    return *this;
  }

  const TableInfo& info() const { return info_; }
  // The values of column `column` of `rows`, one after the other, into `out`.
  void gather(std::size_t column, std::span<const Row> rows, std::byte* out) const {
    gathers_[column](rows, out);
  }

 private:
  TableInfo info_;
  std::vector<std::function<void(std::span<const Row>, std::byte*)>> gathers_;
};

// The datasets of one table in the file. The only part that knows HDF5 (table.cpp).
class ColumnDatasets {
 public:
  // Creates group `info.name` and its datasets in the open file `file` (an hid_t); `path` is for messages.
  ColumnDatasets(std::int64_t file, const TableInfo& info, std::string path);
  ~ColumnDatasets();
  ColumnDatasets(const ColumnDatasets&) = delete;
  ColumnDatasets& operator=(const ColumnDatasets&) = delete;

  // Writes rows [first_row, first_row + rows) of a column and makes the dataset at least that long.
  void write(std::size_t column, std::uint64_t first_row, std::uint64_t rows, const std::byte* values);
  void flush();  // what was written is visible to readers
  void close();  // idempotent

 private:
  struct Datasets;
  std::unique_ptr<Datasets> datasets_;
};

class TableBase {
 public:
  virtual ~TableBase() = default;
  virtual void flush() = 0;
  virtual void finish() = 0;  // the last flush
  virtual void close() = 0;
};

template <class Row>
class RecordTable final : public TableBase {
 public:
  RecordTable(std::int64_t file, TableSchema<Row> schema, std::string path)
      : schema_(std::move(schema)), datasets_(file, schema_.info(), std::move(path)) {
    rows_.reserve(schema_.info().chunk_rows);
  }

  void append(const Row& row) {
    rows_.push_back(row);
    if (rows_.size() < schema_.info().chunk_rows) return;
    write();
    chunk_start_ += rows_.size();
    rows_.clear();
    written_ = 0;
  }

  std::uint64_t size() const { return chunk_start_ + rows_.size(); }

  // Everything appended so far is in the file (of a long table, all full chunks). A chunk that is not full
  // yet is written again when it is, so flush by wall clock (seconds), not per row.
  void flush() override {
    if (written_ < rows_.size() && !schema_.info().long_table) write();
    if (!unflushed_) return;
    datasets_.flush();
    unflushed_ = false;
  }

  void finish() override {
    if (written_ < rows_.size()) write();
    flush();
  }

  void close() override { datasets_.close(); }

 private:
  void write() {
    for (std::size_t column = 0; column < schema_.info().columns.size(); ++column) {
      scratch_.resize(rows_.size() * schema_.info().columns[column].size_bytes);
      schema_.gather(column, rows_, scratch_.data());
      datasets_.write(column, chunk_start_, rows_.size(), scratch_.data());
    }
    written_ = rows_.size();
    unflushed_ = true;
  }

  TableSchema<Row> schema_;
  ColumnDatasets datasets_;
  std::vector<Row> rows_;  // of the chunk being filled, which begins at row chunk_start_
  std::vector<std::byte> scratch_;
  std::uint64_t chunk_start_ = 0;
  std::size_t written_ = 0;  // of rows_
  bool unflushed_ = false;
};

}  // namespace weir
