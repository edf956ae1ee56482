#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/analyzer/trace_source.hpp"
#include "sim/record/hdf5.hpp"

// Columns of the tables of a run.h5, finished or not. Included only by the readers of this folder.

namespace weir::analyzer::hdf5_columns {

using hdf5::Id;

class File {
 public:
  explicit File(std::string path) : path_(std::move(path)) {
    hdf5::quiet();
    const hid_t how = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(how, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, how);
    // Still being written, or killed while it was.
    if (file < 0) file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, how);
    H5Pclose(how);
    if (file < 0)
      throw TraceError(fmt::format("{}: is no HDF5 file that can be read (cut off, or damaged)", path_));
    id_ = Id(file, H5Fclose);
  }
  hid_t get() const { return id_.get(); }
  const std::string& path() const { return path_; }
  bool has(const char* name) const { return H5Lexists(id_.get(), name, H5P_DEFAULT) > 0; }

 private:
  std::string path_;
  Id id_;
};

// A column of a table.
class Column {
 public:
  Column(const File& file, const std::string& name) : path_(file.path()), name_(name) {
    id_ = Id(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (id_.get() < 0) throw damaged();
    const Id space(H5Dget_space(id_.get()), H5Sclose);
    hsize_t rows = 0;
    if (space.get() < 0 || H5Sget_simple_extent_ndims(space.get()) != 1 ||
        H5Sget_simple_extent_dims(space.get(), &rows, nullptr) != 1) {
      throw damaged();
    }
    rows_ = static_cast<std::int64_t>(rows);
  }
  std::int64_t rows() const { return rows_; }

  void read(std::int64_t first, std::int64_t count, hid_t type, void* into) const {
    if (count == 0) return;
    const auto begin = static_cast<hsize_t>(first);
    const auto length = static_cast<hsize_t>(count);
    const Id memory(H5Screate_simple(1, &length, nullptr), H5Sclose);
    const Id space(H5Dget_space(id_.get()), H5Sclose);
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &begin, nullptr, &length, nullptr) < 0 ||
        H5Dread(id_.get(), type, memory.get(), space.get(), H5P_DEFAULT, into) < 0) {
      throw damaged();
    }
  }
  template <class T>
  std::vector<T> all(std::int64_t count, hid_t type) const {
    std::vector<T> values(static_cast<std::size_t>(count));
    read(0, count, type, values.data());
    return values;
  }
  // Yes and no, one byte each, of whatever type.
  std::vector<std::int8_t> flags(std::int64_t count) const {
    const Id type(H5Dget_type(id_.get()), H5Tclose);
    if (type.get() < 0 || H5Tget_size(type.get()) != 1) throw damaged();
    return all<std::int8_t>(count, type.get());
  }
  // Texts of fixed length.
  std::vector<std::string> texts(std::int64_t count) const {
    const Id type(H5Dget_type(id_.get()), H5Tclose);
    const std::size_t size =
        type.get() < 0 || H5Tget_class(type.get()) != H5T_STRING ? 0 : H5Tget_size(type.get());
    if (size == 0 || size > 4096) throw damaged();
    std::vector<char> bytes(size * static_cast<std::size_t>(count));
    read(0, count, type.get(), bytes.data());
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const char* begin = bytes.data() + i * size;
      texts.emplace_back(begin, std::find(begin, begin + size, '\0'));
    }
    return texts;
  }

 private:
  TraceError damaged() const {
    return TraceError(fmt::format("{}: column {} cannot be read (cut off, or damaged)", path_, name_));
  }
  std::string path_;
  std::string name_;
  Id id_;
  std::int64_t rows_ = 0;
};

}  // namespace weir::analyzer::hdf5_columns
