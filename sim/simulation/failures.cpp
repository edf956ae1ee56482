#include "sim/simulation/failures.hpp"

#include "sim/dataflow/job.hpp"

namespace weir {

namespace {
// Behind all parts that an engine has of itself.
constexpr std::uint32_t part = 0xffff;
}  // namespace

Failures::Failures(const std::vector<WorkerFailure>& failures, Job& job, Engine& engine, Nanos until_ns)
    : failures_(failures), job_(job), engine_(engine) {
  handler_id = engine_handler_id(job.number(), part);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    const Nanos at = to_nanos(failures[i].time_s);
    if (at <= until_ns)
      job.calendar().schedule(at, EventClass::fault, *this, 0, static_cast<std::uint32_t>(i));
  }
}

void Failures::on_event(std::uint32_t, std::uint32_t failure) {
  const WorkerFailure& one = failures_[failure];
  engine_.worker_fails(job_, one.worker, to_nanos(one.down_s));
}

}  // namespace weir
