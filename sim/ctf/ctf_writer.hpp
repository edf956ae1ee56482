#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Writes a trace in the Common Trace Format 1.8: a directory with a text, `metadata`, which describes the
// format, and one stream of binary packets for each worker (diamon.org/ctf). babeltrace2, Trace Compass and
// everything on libbabeltrace2 read it. No library writes it: there is little to write, and bytes stay ours.
//
//   packet:  header {magic, uuid, stream id, stream instance}  context {first and last time, sizes, worker,
//   host}
//            event {kind, time} {fields}  event {kind, time} {fields}  …
//
// The directory has its name only when all of it is there.

namespace weir::ctf {

// An enumeration: what its numbers are called. CTF has the names in the metadata, numbers in the streams.
using Labels = std::map<std::int64_t, std::string>;

// The events of weir's traces, also what programs may emit themselves (docs/export.md).
enum class Kind : std::uint8_t { activity_start, activity_end, message_sent, message_received };

struct Event {
  Kind kind{};
  std::uint64_t time_ns = 0;
  std::uint8_t activity = 0;
  std::int32_t operator_id = -1;
  std::int64_t correlator = -1;     // messages only
  std::int64_t remote_worker = -1;  // messages only
};

class Writer {
 public:
  // RecordError, here and below: names the file, what could not be done and why.
  explicit Writer(const std::filesystem::path& directory);
  ~Writer();  // what was not committed is gone
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The events of one stream in the order of time. Returns the number of the stream.
  std::size_t add_stream(std::int64_t worker, const std::string& host);
  void write(std::size_t stream, const Event& event);
  std::int64_t events() const { return events_; }

  // `environment`: what is said about the trace as a whole.
  void commit(const std::map<std::string, std::string>& environment, const Labels& activities,
              const Labels& workers, const Labels& operators);

 private:
  struct Stream {
    std::int64_t worker = 0;
    std::string host;
    std::string events;  // of the packet that is being filled
    std::uint64_t first_ns = 0;
    std::uint64_t last_ns = 0;
    std::uint64_t packets = 0;
  };
  void write_packet(std::size_t number);
  void write_file(const std::string& name, std::string_view content) const;

  std::filesystem::path directory_;
  std::filesystem::path temporary_;
  std::string uuid_;  // 32 hexadecimal digits
  bool committed_ = false;
  std::vector<Stream> streams_;
  std::int64_t events_ = 0;
};

}  // namespace weir::ctf
