#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <istream>
#include <limits>
#include <msgpack.hpp>
#include <string>
#include <vector>

#include "sim/analyzer/trace_source.hpp"

// Records of MessagePack integers, from a stream, chunk by chunk. Included by the readers of this folder
// only.

namespace weir::analyzer {

// Takes integers and, if it may, nil; nothing else.
class IntegerVisitor : public msgpack::null_visitor {
 public:
  explicit IntegerVisitor(bool takes_nil) : takes_nil_(takes_nil) {}
  bool visit_positive_integer(std::uint64_t value) {
    integer = true;
    negative = false;
    magnitude = value;
    return true;
  }
  bool visit_negative_integer(std::int64_t value) {
    integer = true;
    negative = true;
    magnitude = static_cast<std::uint64_t>(-(value + 1)) + 1;
    return true;
  }
  bool visit_nil() { return takes_nil_ && visit_negative_integer(-1); }
  bool visit_boolean(bool) { return false; }
  bool visit_float32(float) { return false; }
  bool visit_float64(double) { return false; }
  bool visit_str(const char*, std::uint32_t) { return false; }
  bool visit_bin(const char*, std::uint32_t) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }
  bool start_array(std::uint32_t) { return false; }
  bool start_map(std::uint32_t) { return false; }
  void parse_error(std::size_t, std::size_t) { failed = true; }
  void insufficient_bytes(std::size_t, std::size_t) { incomplete = true; }

  bool integer = false;
  bool negative = false;
  bool failed = false;
  bool incomplete = false;
  std::uint64_t magnitude = 0;

 private:
  bool takes_nil_;
};

class IntegerStream {
 public:
  struct Form {
    const char* kind;       // "a SnailTrail log"
    bool framed;            // each record is an array (of fewer than 16)
    bool nil_is_minus_one;  // else nil is none of its values
    bool as_it_comes;       // a pipe: whatever is there is read
  };

  IntegerStream(std::istream& stream, std::string name, const Form& form)
      : stream_(stream), name_(std::move(name)), form_(form) {}

  const std::string& name() const { return name_; }
  bool ended() const { return ended_; }  // the stream, not what was read of it
  // Whether bytes are left of which next() could make no record.
  bool cut_off() const { return at_ < buffer_.size(); }

  // Reads another chunk. TraceError.
  void fill() {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    consumed_ += at_;
    at_ = 0;
    const std::size_t had = buffer_.size();
    buffer_.resize(had + chunk_bytes);
    auto wanted = static_cast<std::streamsize>(chunk_bytes);
    // The first byte is waited for; with it come those that are there already.
    if (form_.as_it_comes) {
      stream_.peek();
      wanted = std::clamp<std::streamsize>(stream_.rdbuf()->in_avail(), 1, wanted);
    }
    stream_.read(buffer_.data() + had, wanted);
    buffer_.resize(had + static_cast<std::size_t>(stream_.gcount()));
    ended_ = !stream_;
    if (stream_.bad()) throw TraceError(fmt::format("{}: cannot be read on", name_));
    if (ended_ && consumed_ == 0 && buffer_.empty()) throw TraceError(fmt::format("{}: is empty", name_));
  }

  // The next record; false if the bytes do not suffice. TraceError.
  template <std::size_t n>
  bool next(std::array<std::int64_t, n>& fields) {
    std::size_t at = at_;
    if (form_.framed) {
      static_assert(n < 16);
      if (at >= buffer_.size()) return false;
      if (static_cast<unsigned char>(buffer_[at]) != (0x90 | n)) throw wrong(at);
      ++at;
    }
    for (std::int64_t& field : fields) {
      if (!next_integer(at, field)) return false;
    }
    at_ = at;
    return true;
  }

 private:
  static constexpr std::size_t integer_bytes_max = 9;
  static constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

  TraceError wrong(std::size_t at) const {
    return TraceError(fmt::format("{}: at byte {}: not a trace that weir knows ({} has only {} there)", name_,
                                  consumed_ + at, form_.kind,
                                  form_.framed ? "arrays of MessagePack integers" : "MessagePack integers"));
  }

  // False if the bytes do not suffice.
  bool next_integer(std::size_t& at, std::int64_t& value) {
    if (at >= buffer_.size()) return false;
    IntegerVisitor visitor(form_.nil_is_minus_one);
    const std::size_t begin = at;
    const bool parsed = msgpack::parse(buffer_.data(), buffer_.size(), at, visitor);
    if (visitor.incomplete && buffer_.size() - begin < integer_bytes_max) return false;
    if (!parsed || visitor.failed || !visitor.integer) throw wrong(begin);
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    value = static_cast<std::int64_t>(std::min(visitor.magnitude, max));
    if (visitor.negative) value = -value;
    return true;
  }

  std::istream& stream_;
  std::string name_;
  Form form_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t consumed_ = 0;  // before the buffer
  bool ended_ = false;
};

}  // namespace weir::analyzer
