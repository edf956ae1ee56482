#include "sim/ctf/ctf_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sim/ctf/ctf_child.hpp"

namespace weir::ctf {

namespace {

namespace fs = std::filesystem;

void limit_memory(std::uint64_t bytes) {
#if !defined(__SANITIZE_ADDRESS__)
  // What it allocates; files that it maps do not count.
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_DATA, &limit);
#else
  static_cast<void>(bytes);  // the sanitizer's own memory would count
#endif
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

// In the child: it says nothing but through the pipe, and goes when its parent goes.
[[noreturn]] void become_child(const std::vector<fs::path>& directories,
                               const std::vector<std::string>& fields, const ReaderLimits& limits, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
  limit_memory(limits.memory_bytes);
  send_trace(directories, fields, pipe);
  ::_exit(0);
}

template <class T>
bool take_number(const std::string& bytes, std::size_t& at, T& value) {
  if (bytes.size() - at < sizeof value) return false;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  at += sizeof value;
  return true;
}

bool take_text(const std::string& bytes, std::size_t& at, std::string& text) {
  std::uint32_t size = 0;
  if (!take_number(bytes, at, size) || bytes.size() - at < size) return false;
  text.assign(bytes, at, size);
  at += size;
  return true;
}

}  // namespace

std::vector<fs::path> ctf_directories(const fs::path& path) {
  std::vector<fs::path> found;
  std::error_code error;
  if (fs::is_regular_file(path / "metadata", error)) found.push_back(path);
  fs::recursive_directory_iterator entries(path, fs::directory_options::skip_permission_denied, error);
  while (!error && entries != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    if (entries->is_directory(ignored) && fs::is_regular_file(entries->path() / "metadata", ignored))
      found.push_back(entries->path());
    entries.increment(error);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool holds_ctf(const fs::path& path) {
  return !ctf_directories(path).empty();
}

Reader::Reader(const fs::path& path, const std::vector<std::string>& fields, const ReaderLimits& limits)
    : path_(path), field_count_(fields.size()), limits_(limits), labels_(fields.size()) {
  const std::vector<fs::path> directories = ctf_directories(path);
  if (directories.empty())
    throw CtfError(fmt::format("{}: holds no CTF trace (no file called metadata)", path.string()));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw CtfError(fmt::format("{}: no pipe to read it through: {}", path.string(), std::strerror(errno)));
  child_ = ::fork();
  if (child_ == 0) {
    ::close(ends[0]);
    become_child(directories, fields, limits, ends[1]);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
  if (child_ < 0) {
    ::close(pipe_);
    throw CtfError(fmt::format("{}: no process to read it in: {}", path.string(), std::strerror(errno)));
  }
}

Reader::~Reader() {
  ::close(pipe_);
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Reader::read(std::vector<RecordedEvent>& events) {
  const std::size_t before = events.size();
  while (!ended_ && events.size() == before) {
    fill();
    while (!ended_ && take_message(events)) {
    }
  }
  return events.size() > before;
}

void Reader::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  pollfd waited{pipe_, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&waited, 1, static_cast<int>(limits_.silence_s * 1e3));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0)
    throw CtfError(fmt::format("{}: libbabeltrace2 says nothing about it for {} s (damaged?)", path_.string(),
                               limits_.silence_s));
  constexpr std::size_t chunk_bytes = std::size_t{1} << 18;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + chunk_bytes);
  ssize_t got = 0;
  do {
    got = ::read(pipe_, buffer_.data() + had, chunk_bytes);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  if (got <= 0) explain_end();
}

// The child went without a word.
void Reader::explain_end() {
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  throw CtfError(WIFSIGNALED(status)
                     ? fmt::format("{}: libbabeltrace2 stopped at it ({}): damaged", path_.string(),
                                   ::strsignal(WTERMSIG(status)))
                     : fmt::format("{}: libbabeltrace2 gave up on it: damaged", path_.string()));
}

// False if the message is not there in full; then nothing is taken.
bool Reader::take_message(std::vector<RecordedEvent>& events) {
  std::size_t at = at_;
  Tag tag{};
  if (!take_number(buffer_, at, tag)) return false;
  std::string text, more;
  std::int64_t number = 0;
  switch (tag) {
    case Tag::event: {
      RecordedEvent event;
      event.fields.resize(field_count_);
      if (!take_number(buffer_, at, event.time_ns) || !take_number(buffer_, at, event.stream) ||
          !take_number(buffer_, at, event.event_class) || !take_number(buffer_, at, event.payload_bytes))
        return false;
      for (FieldValue& value : event.fields) {
        if (!take_number(buffer_, at, value.type)) return false;
        if (value.type == FieldValue::Type::integer && !take_number(buffer_, at, value.integer)) return false;
        if (value.type == FieldValue::Type::text && !take_text(buffer_, at, value.text)) return false;
      }
      events.push_back(std::move(event));
      break;
    }
    case Tag::event_class:
      if (!take_text(buffer_, at, text)) return false;
      class_names_.push_back(text);
      break;
    case Tag::label: {
      std::uint32_t field = 0;
      if (!take_number(buffer_, at, field) || !take_number(buffer_, at, number) ||
          !take_text(buffer_, at, text))
        return false;
      labels_[field][number] = text;
      break;
    }
    case Tag::environment:
      if (!take_text(buffer_, at, text) || !take_text(buffer_, at, more)) return false;
      environment_[text] = more;
      break;
    case Tag::discarded:
      if (!take_number(buffer_, at, number)) return false;
      discarded_events_ += number;
      break;
    case Tag::error:
      if (!take_text(buffer_, at, text)) return false;
      throw CtfError(fmt::format("{}: {}", path_.string(), text));
    case Tag::end:
      ended_ = true;
      break;
  }
  at_ = at;
  return true;
}

const std::string& Reader::label(std::size_t field, std::int64_t number) const {
  static const std::string none;
  const auto found = labels_[field].find(number);
  return found == labels_[field].end() ? none : found->second;
}

const std::string& Reader::environment(const std::string& key) const {
  static const std::string none;
  const auto found = environment_.find(key);
  return found == environment_.end() ? none : found->second;
}

}  // namespace weir::ctf
