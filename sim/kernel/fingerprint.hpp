#pragma once

#include <cstdint>

// The event-trajectory fingerprint: a 64-bit hash of every event executed, in the order executed. Two runs
// with the same fingerprint did the same things at the same times. A regression test (OMNeT++'s idea), not
// a cryptographic hash.

namespace weir {

class Fingerprint {
 public:
  void add(std::uint64_t time, std::uint64_t what) {
    // One multiply-rotate round per word (the structure of wyhash and xxHash): about a nanosecond an event.
    state_ = rotate(state_ ^ (time * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull;
    state_ = rotate(state_ ^ (what * 0xC2B2AE3D27D4EB4Full)) * 0xD6E8FEB86659FD93ull;
  }
  std::uint64_t value() const { return state_ ^ (state_ >> 32); }

 private:
  static std::uint64_t rotate(std::uint64_t word) { return (word << 29) | (word >> 35); }
  std::uint64_t state_ = 0x5765697265776569ull;
};

}  // namespace weir
