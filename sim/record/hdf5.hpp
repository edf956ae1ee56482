#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "sim/record/record_error.hpp"

// A thin layer over HDF5's C interface: ids that close themselves, and return codes that become RecordError.
// Included only by the .cpp files of this folder, and by the analyzer's readers of run.h5.

namespace weir::hdf5 {

// An id and the function that closes it.
class Id {
 public:
  using Closer = herr_t (*)(hid_t);
  Id() = default;
  Id(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }
  ~Id() { close(); }
  hid_t get() const { return id_; }
  // Negative if the library failed. The id is gone either way.
  herr_t close() { return id_ < 0 ? 0 : closer_(std::exchange(id_, -1)); }

 private:
  hid_t id_ = -1;
  Closer closer_ = nullptr;
};

// The library prints nothing by itself and does not hang at exit over a file that it could not write.
// Idempotent.
void quiet();

// Throws RecordError with the file, the operation, and the innermost message on HDF5's error stack.
[[noreturn]] void fail(const std::string& path, const std::string& operation);

inline void check(herr_t status, const std::string& path, const char* operation) {
  if (status < 0) fail(path, operation);
}

inline Id own(hid_t id, Id::Closer closer, const std::string& path, const char* operation) {
  if (id < 0) fail(path, operation);
  return {id, closer};
}

}  // namespace weir::hdf5
