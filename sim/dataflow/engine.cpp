#include "sim/dataflow/engine.hpp"

namespace weir {

std::uint32_t engine_handler_id(int job_number, std::uint32_t part) {
  return 0xC0000000u + (static_cast<std::uint32_t>(job_number) << 16) + part;
}

}  // namespace weir
