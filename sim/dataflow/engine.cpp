#include "sim/dataflow/engine.hpp"

#include "sim/dataflow/job.hpp"

namespace weir {

// 0xC0000000 to 0xC07FFFFF; the cluster's own ids begin at 0xffff0000.
std::uint32_t engine_handler_id(int job_number, std::uint32_t part) {
  WEIR_ASSERT(job_number >= 0 && job_number < jobs_max && part < 1 << 16,
              "the parts of a job's engine have ids of their own");
  return 0xC0000000u + (static_cast<std::uint32_t>(job_number) << 16) + part;
}

}  // namespace weir
