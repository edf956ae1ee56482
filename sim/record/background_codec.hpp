#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sim/record/chunk_codec.hpp"

// Encodes chunks on a thread of its own, while the run goes on: compressing is most of what recording a
// trace costs. Chunks come back in the order in which they were put.

namespace weir {

class BackgroundCodec {
 public:
  struct Chunk {
    std::size_t column = 0;
    std::uint64_t first_row = 0;
    std::uint64_t rows = 0;
    std::size_t value_bytes = 0;
    std::vector<std::byte> bytes;  // values; encoded when it comes back
  };

  explicit BackgroundCodec(int deflate_level);
  ~BackgroundCodec();  // what was not taken is lost
  BackgroundCodec(const BackgroundCodec&) = delete;
  BackgroundCodec& operator=(const BackgroundCodec&) = delete;

  void put(Chunk chunk);
  // The oldest, if it is done; with `wait`, when it is. None if none is under way. std::bad_alloc.
  std::optional<Chunk> take(bool wait);
  std::size_t under_way() const { return under_way_; }

 private:
  void work();

  ChunkCodec codec_;
  std::size_t under_way_ = 0;  // put and not taken: known to the run's thread alone
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> waiting_;
  std::deque<Chunk> done_;
  bool out_of_memory_ = false;
  bool ended_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace weir
