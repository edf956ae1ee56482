#include "sim/dataflow/queue_account.hpp"

#include <fmt/format.h>

namespace weir {

std::string QueueAccount::lost_sight(std::size_t entered, std::size_t present) {
  return fmt::format("Little's law: {} batches came and did not leave its queue, {} are there", entered,
                     present);
}

std::string QueueAccount::unequal(Nanos now, Wide waited, Wide sojourns) {
  const auto record_s = [](Wide record_ns) { return static_cast<double>(record_ns) * 1e-9; };
  return fmt::format(
      "Little's law: its queue held {:.9g} record-seconds in {:.9g} s by the count of records, {:.9g} by the "
      "times "
      "that they waited",
      record_s(waited), to_seconds(now), record_s(sojourns));
}

}  // namespace weir
