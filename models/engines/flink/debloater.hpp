#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

// Buffer debloating: an input gate asks its senders for buffers of a size such that all that is under way to
// it is served in about the target time.
//
//   size ─▶ min(throughput * target / buffers in use, 2 size), smoothed over the last looks, within
//           [256 bytes, a segment]; announced when it changed by the threshold
//
// Source: BufferDebloater and BufferSizeEMA of Flink 1.18.

namespace weir::flink {

struct DebloatParams {
  bool enabled = false;
  double target_s = 1;
  double period_ms = 200;
  int samples = 20;
  double threshold_share = 0.25;
};

class Debloater {
 public:
  Debloater(const DebloatParams& params, int segment_bytes)
      : params_(params), most_bytes_(segment_bytes), size_bytes_(segment_bytes), announced_(segment_bytes) {}

  // So much was consumed in so much time in which there was something to consume; so many buffers are in use,
  // here and waiting to be sent here. True: another size is to be announced.
  bool look(double consumed_bytes, double measured_s, int buffers_in_use) {
    if (measured_s > 0 && consumed_bytes > 0) bytes_per_s_ = consumed_bytes / measured_s;
    if (bytes_per_s_ == 0) return false;
    const double total_bytes = bytes_per_s_ * params_.target_s;
    const double desired_bytes =
        std::min(total_bytes / std::max(1, buffers_in_use), 2 * static_cast<double>(announced_));
    const double alpha = 2.0 / (params_.samples + 1);
    size_bytes_ += alpha * (desired_bytes - size_bytes_);
    size_bytes_ = std::clamp(size_bytes_, std::min(least_bytes, most_bytes_), most_bytes_);
    const auto next = static_cast<std::int64_t>(size_bytes_);
    const bool at_an_end = next != announced_ && (size_bytes_ == most_bytes_ || size_bytes_ == least_bytes);
    if (!at_an_end && std::abs(size_bytes_ - static_cast<double>(announced_)) <
                          params_.threshold_share * static_cast<double>(announced_))
      return false;
    announced_ = next;
    return true;
  }
  std::int64_t announced_bytes() const { return announced_; }

 private:
  static constexpr double least_bytes = 256;
  DebloatParams params_;
  double most_bytes_;
  double size_bytes_;
  double bytes_per_s_ = 0;  // as last measured
  std::int64_t announced_;
};

}  // namespace weir::flink
