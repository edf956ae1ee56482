#include "sim/record/background_codec.hpp"

#include <new>
#include <utility>

namespace weir {

BackgroundCodec::BackgroundCodec(int deflate_level) : codec_(deflate_level), thread_([this] { work(); }) {}

BackgroundCodec::~BackgroundCodec() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundCodec::put(Chunk chunk) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(chunk));
  }
  ++under_way_;
  changed_.notify_all();
}

std::optional<BackgroundCodec::Chunk> BackgroundCodec::take(bool wait) {
  if (under_way_ == 0) return std::nullopt;
  std::unique_lock lock(mutex_);
  if (wait) changed_.wait(lock, [this] { return !done_.empty() || out_of_memory_; });
  if (out_of_memory_) throw std::bad_alloc();
  if (done_.empty()) return std::nullopt;
  Chunk chunk = std::move(done_.front());
  done_.pop_front();
  --under_way_;
  return chunk;
}

void BackgroundCodec::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || ended_; });
    if (ended_) return;
    Chunk chunk = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    bool good = true;
    try {
      const auto encoded = codec_.encode(chunk.bytes, chunk.value_bytes);
      chunk.bytes.assign(encoded.begin(), encoded.end());
    } catch (const std::bad_alloc&) {
      good = false;
    }
    lock.lock();
    if (good)
      done_.push_back(std::move(chunk));
    else
      out_of_memory_ = true;
    changed_.notify_all();
    if (!good) return;
  }
}

}  // namespace weir
