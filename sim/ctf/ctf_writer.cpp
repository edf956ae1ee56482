#include "sim/ctf/ctf_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <set>

#include "sim/kernel/assert.hpp"
#include "sim/record/record_error.hpp"
#include "sim/record/sha256.hpp"

namespace weir::ctf {

namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "streams are written as memory is");

// Enough that headers do not count, and little for thousands of workers.
constexpr std::size_t packet_events_bytes = 32768;
// Tells the streams of several traces apart; the same wherever the same file is written.
std::string uuid_of(const fs::path& directory) {
  std::string digits = sha256_hex(fs::absolute(directory).lexically_normal().string()).substr(0, 32);
  digits[12] = '8';  // RFC 9562: made as one likes
  digits[16] = 'a';
  return digits;
}

std::string uuid_bytes(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string uuid_text(const std::string& digits) {
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                     digits.substr(16, 4), digits.substr(20));
}

template <class T>
void put(std::string& bytes, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof value);
}

[[noreturn]] void fail(const fs::path& path, const char* operation) {
  throw RecordError(fmt::format("{}: cannot {}: {}", path.string(), operation, std::strerror(errno)));
}

std::string literal(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

// A name may stand for one number only.
std::string enumeration(const char* name, const char* type, const Labels& labels) {
  std::string text = fmt::format("typealias enum : {} {{\n", type);
  std::set<std::string> taken;
  for (const auto& [number, label] : labels) {
    const bool is_new = taken.insert(label).second;
    text +=
        fmt::format("  {} = {},\n", literal(is_new ? label : fmt::format("{} ({})", label, number)), number);
  }
  return text + fmt::format("}} := {};\n\n", name);
}

constexpr std::string_view head = R"(/* CTF 1.8 */

typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
typealias integer { size = 32; align = 8; signed = true; } := int32_t;
typealias integer { size = 64; align = 8; signed = true; } := int64_t;

)";

constexpr std::string_view layout = R"(clock {
  name = trace;
  description = "nanoseconds of the trace that was exported";
  freq = 1000000000;
  offset = 0;
};

typealias integer { size = 64; align = 8; signed = false; map = clock.trace.value; } := time_t;

stream {
  id = 0;
  packet.context := struct {
    time_t timestamp_begin;
    time_t timestamp_end;
    uint64_t content_size;
    uint64_t packet_size;
    uint64_t packet_seq_num;
    uint64_t events_discarded;
    worker_t worker;
    string host;
  };
  event.header := struct {
    uint8_t id;
    time_t timestamp;
  };
};
)";

std::string event_class(int id, const char* name, bool message) {
  return fmt::format(
      "\nevent {{\n  name = \"weir:{}\";\n  id = {};\n  stream_id = 0;\n  fields := struct {{\n"
      "    activity_t activity;\n    operator_t operator;\n{}  }};\n}};\n",
      name, id, message ? "    int64_t correlator;\n    worker_t remote_worker;\n" : "");
}

std::string metadata(const std::string& uuid, const std::map<std::string, std::string>& environment,
                     const Labels& activities, const Labels& workers, const Labels& operators) {
  std::string text(head);
  text += enumeration("activity_t", "uint8_t", activities);
  text += enumeration("operator_t", "int32_t", operators);
  text += enumeration("worker_t", "int64_t", workers);
  text += fmt::format(
      "trace {{\n  major = 1;\n  minor = 8;\n  uuid = \"{}\";\n  byte_order = le;\n"
      "  packet.header := struct {{\n    uint32_t magic;\n    uint8_t uuid[16];\n    uint32_t stream_id;\n"
      "    uint64_t stream_instance_id;\n  }};\n}};\n\nenv {{\n",
      uuid);
  for (const auto& [key, value] : environment) text += fmt::format("  {} = {};\n", key, literal(value));
  text += "};\n\n";
  text += layout;
  text += event_class(0, "activity_start", false);
  text += event_class(1, "activity_end", false);
  text += event_class(2, "message_sent", true);
  text += event_class(3, "message_received", true);
  return text;
}

}  // namespace

Writer::Writer(const fs::path& directory)
    : directory_(directory), temporary_(directory), uuid_(uuid_of(directory)) {
  temporary_ += fmt::format(".tmp{}", ::getpid());
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  if (::mkdir(temporary_.c_str(), 0777) != 0) fail(directory_, "create the directory");
}

Writer::~Writer() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

std::size_t Writer::add_stream(std::int64_t worker, const std::string& host) {
  Stream stream;
  stream.worker = worker;
  stream.host = host.substr(0, host.find('\0'));
  streams_.push_back(std::move(stream));
  return streams_.size() - 1;
}

void Writer::write(std::size_t number, const Event& event) {
  Stream& stream = streams_[number];
  if (stream.events.empty()) {
    stream.first_ns = event.time_ns;
    stream.events.reserve(packet_events_bytes + 64);
  }
  WEIR_ASSERT(event.time_ns >= stream.last_ns, "events of a stream are not in the order of time");
  stream.last_ns = event.time_ns;
  std::string& bytes = stream.events;
  put(bytes, static_cast<std::uint8_t>(event.kind));
  put(bytes, event.time_ns);
  put(bytes, event.activity);
  put(bytes, event.operator_id);
  if (event.kind == Kind::message_sent || event.kind == Kind::message_received) {
    put(bytes, event.correlator);
    put(bytes, event.remote_worker);
  }
  ++events_;
  if (bytes.size() >= packet_events_bytes) write_packet(number);
}

void Writer::write_packet(std::size_t number) {
  Stream& stream = streams_[number];
  std::string packet;
  put(packet, std::uint32_t{0xC1FC1FC1});
  packet += uuid_bytes(uuid_);
  put(packet, std::uint32_t{0});
  put(packet, static_cast<std::uint64_t>(number));
  put(packet, stream.first_ns);
  put(packet, stream.last_ns);
  const std::size_t sizes_at = packet.size();
  packet.append(2 * sizeof(std::uint64_t), '\0');
  put(packet, stream.packets++);
  put(packet, std::uint64_t{0});
  put(packet, stream.worker);
  packet += stream.host;
  packet += '\0';
  packet += stream.events;
  const std::uint64_t bits = packet.size() * 8;
  std::memcpy(packet.data() + sizes_at, &bits, sizeof bits);
  std::memcpy(packet.data() + sizes_at + sizeof bits, &bits, sizeof bits);
  write_file(fmt::format("stream_{}", number), packet);
  stream.events.clear();
}

// Appends: files are opened for each packet, as there may be more of them than may be open at once.
void Writer::write_file(const std::string& name, std::string_view content) const {
  const fs::path path = temporary_ / name;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) fail(directory_ / name, "create");
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      ::close(fd);
      fail(directory_ / name, "write");
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(fd) != 0) fail(directory_ / name, "close");
}

void Writer::commit(const std::map<std::string, std::string>& environment, const Labels& activities,
                    const Labels& workers, const Labels& operators) {
  for (std::size_t number = 0; number < streams_.size(); ++number) {
    if (!streams_[number].events.empty()) write_packet(number);
  }
  write_file("metadata", metadata(uuid_text(uuid_), environment, activities, workers, operators));
  // Over an empty directory, too.
  if (::rename(temporary_.c_str(), directory_.c_str()) != 0) fail(directory_, "rename into place");
  committed_ = true;
}

}  // namespace weir::ctf
