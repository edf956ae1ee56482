#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/kernel/time.hpp"

// Reads traces in the Common Trace Format, LTTng's among them, through libbabeltrace2.
//
// The library runs in a process of its own, which sends the events through a pipe: on damaged traces it may
// stop the program or never return (version 2.0.4 does both), and that must not be ours.
//
//   CtfReader ◀──pipe── child: libbabeltrace2 ◀── streams, in the order of time

namespace weir::ctf {

// It cannot be read, or not on. Says what, and where.
class CtfError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a field holds. An enumeration's number may have a name (Reader::label).
struct FieldValue {
  enum class Type : std::uint8_t { none, integer, text };
  Type type = Type::none;
  std::int64_t integer = 0;
  std::string text;
};

struct RecordedEvent {
  Nanos time_ns = 0;
  std::uint32_t stream = 0;        // counts from 0
  std::uint32_t event_class = 0;   // Reader::class_name
  std::int64_t payload_bytes = 0;  // of its fields, without alignment
  std::vector<FieldValue> fields;  // those asked for, in that order
};

struct ReaderLimits {
  double silence_s = 30;                                // for so long nothing may come
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;  // of the child
};

class Reader {
 public:
  // `path`: a directory that holds traces, at any depth. `fields`: looked for by name in each event's
  // payload, its contexts and its packet's context, in this order. Must be made while the program has one
  // thread. CtfError.
  Reader(const std::filesystem::path& path, const std::vector<std::string>& fields,
         const ReaderLimits& limits = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Appends some more events in the order of time; false when there are no more. CtfError.
  bool read(std::vector<RecordedEvent>& events);

  const std::string& class_name(std::uint32_t event_class) const { return class_names_.at(event_class); }
  std::size_t classes() const { return class_names_.size(); }
  // What the number of an enumeration is called; empty: it has no name.
  const std::string& label(std::size_t field, std::int64_t number) const;
  // Of the trace as a whole, when there is an event; empty: not said.
  const std::string& environment(const std::string& key) const;
  std::int64_t discarded_events() const { return discarded_events_; }  // by the tracer, where it says so

 private:
  void fill();
  bool take_message(std::vector<RecordedEvent>& events);
  [[noreturn]] void explain_end();

  std::filesystem::path path_;
  std::size_t field_count_;
  ReaderLimits limits_;
  pid_t child_ = -1;
  int pipe_ = -1;
  std::string buffer_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::vector<std::string> class_names_;
  std::vector<std::map<std::int64_t, std::string>> labels_;  // by field
  std::map<std::string, std::string> environment_;
  std::int64_t discarded_events_ = 0;
};

// Whether there is something below `path` that looks like a CTF trace: a file `metadata`.
bool holds_ctf(const std::filesystem::path& path);
// The directories with such a file, sorted.
std::vector<std::filesystem::path> ctf_directories(const std::filesystem::path& path);

}  // namespace weir::ctf
