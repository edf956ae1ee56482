#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "sim/analyzer/trace_source.hpp"
#include "sim/record/hdf5.hpp"

// run.h5 as a reader sees it: the file, finished, being written or left behind by a run that was killed, and
// its columns. Everything that is wrong with it is a TraceError.

namespace weir::analyzer {

class RunColumnsFile {
 public:
  explicit RunColumnsFile(std::string path) : path_(std::move(path)) {
    hdf5::quiet();
    const hid_t how = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(how, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, how);
    // Still being written, or killed while it was.
    if (file < 0 && whole()) {
      // What fails its checksum may be half written: HDF5 reads it again, each time after twice the wait,
      // from a nanosecond on. Its own 100 attempts never end on a damaged file; these take 0.13 s.
      H5Pset_metadata_read_attempts(how, 27);
      file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, how);
      unfinished_ = file >= 0;
    }
    H5Pclose(how);
    if (file < 0)
      throw TraceError(fmt::format("{}: is no HDF5 file that can be read (cut off, or damaged)", path_));
    id_ = hdf5::Id(file, H5Fclose);
  }
  // Whether a run writes it, or was killed while it did.
  bool unfinished() const { return unfinished_; }
  hid_t get() const { return id_.get(); }
  const std::string& path() const { return path_; }
  bool has(const char* name) const { return H5Lexists(id_.get(), name, H5P_DEFAULT) > 0; }

 private:
  // HDF5 can hang on a file that is shorter than it says. That is in bytes 28 to 35 of its superblock, of
  // version 3 with offsets of 8 bytes, which is what weir writes.
  bool whole() const {
    std::ifstream stream(path_, std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::uint64_t>(stream.tellg());
    unsigned char head[36] = {};
    stream.seekg(0);
    if (!stream.read(reinterpret_cast<char*>(head), sizeof head) || head[8] != 3 || head[9] != 8)
      return false;
    std::uint64_t end = 0;
    for (int byte = 7; byte >= 0; --byte) end = end << 8 | head[28 + byte];
    return end <= size;
  }

  std::string path_;
  hdf5::Id id_;
  bool unfinished_ = false;
};

// A column of a table.
class Column {
 public:
  Column(const RunColumnsFile& file, const std::string& name) : path_(file.path()), name_(name) {
    id_ = hdf5::Id(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (id_.get() < 0) throw damaged();
    count_rows();
  }
  std::int64_t rows() const { return rows_; }
  // What a writer added.
  void refresh() {
    if (H5Drefresh(id_.get()) < 0) throw damaged();
    count_rows();
  }

  void count_rows() {
    const hdf5::Id space(H5Dget_space(id_.get()), H5Sclose);
    hsize_t rows = 0;
    if (space.get() < 0 || H5Sget_simple_extent_ndims(space.get()) != 1 ||
        H5Sget_simple_extent_dims(space.get(), &rows, nullptr) != 1) {
      throw damaged();
    }
    rows_ = static_cast<std::int64_t>(rows);
  }

  void read(std::int64_t first, std::int64_t count, hid_t type, void* into) const {
    if (count == 0) return;
    const auto begin = static_cast<hsize_t>(first);
    const auto length = static_cast<hsize_t>(count);
    const hdf5::Id memory(H5Screate_simple(1, &length, nullptr), H5Sclose);
    const hdf5::Id space(H5Dget_space(id_.get()), H5Sclose);
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
    const hdf5::Id type(H5Dget_type(id_.get()), H5Tclose);
    if (type.get() < 0 || H5Tget_size(type.get()) != 1) throw damaged();
    return all<std::int8_t>(count, type.get());
  }
  // Texts of fixed length.
  std::vector<std::string> texts(std::int64_t count) const {
    const hdf5::Id type(H5Dget_type(id_.get()), H5Tclose);
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
  hdf5::Id id_;
  std::int64_t rows_ = 0;
};

}  // namespace weir::analyzer
