#include "sim/simulation/pag_tracer.hpp"

#include <fmt/format.h>

#include "sim/dataflow/schedules.hpp"

namespace weir {

PagTracer::PagTracer(PagTrace& trace, const Job& job, int job_number, int first_operator_id, Nanos until_ns)
    : trace_(trace),
      job_(job),
      job_number_(job_number),
      first_operator_id_(first_operator_id),
      until_ns_(until_ns) {
  for (const LogicalOperator& op : job.graph().operators) {
    OperatorContext context{job.seed(), op.name, op.inputs};
    const auto logic = op.source ? nullptr : op.operator_spec.logic.build(context);
    const bool schedules = dynamic_cast<const SchedulesOthers*>(logic.get()) != nullptr;
    work_.push_back(schedules ? Activity::scheduling : Activity::processing);
  }
}

int PagTracer::add_worker(int operator_id, int index, int host, const std::string& role) {
  PagWorkerRow row;
  row.job_id = job_number_;
  row.operator_id = operator_id < 0 ? -1 : first_operator_id_ + operator_id;
  row.index = index;
  row.host_id = host;
  row.name = operator_id < 0 ? fmt::format("{} ({})", job_.name(), role)
                             : fmt::format("{}[{}]", job_.graph().operators[operator_id].name, index);
  return trace_.add_worker(row);
}

namespace {

constexpr Activity activity_of(TracedUse use) {
  switch (use) {
    case TracedUse::buffer:
      return Activity::buffer;
    case TracedUse::deserialization:
      return Activity::deserialization;
    case TracedUse::processing:
      return Activity::processing;
    case TracedUse::serialization:
      return Activity::serialization;
    case TracedUse::instrumentation:
      return Activity::unknown;
    case TracedUse::input:
      return Activity::input;
    case TracedUse::waiting:
      return Activity::waiting;
    case TracedUse::blocked:
      return Activity::blocked;
    case TracedUse::lent:
      return Activity::busy_waiting;
    case TracedUse::overhead:
      break;
  }
  return Activity::fault_tolerance;
}

}  // namespace

void PagTracer::did(int worker, Nanos begin_ns, Nanos end_ns, TracedUse use, int operator_id,
                    std::int64_t records) {
  const bool service = use <= TracedUse::instrumentation && operator_id >= 0;
  const Activity activity =
      use == TracedUse::processing && operator_id >= 0 ? work_[operator_id] : activity_of(use);
  trace_.activity(worker, begin_ns, end_ns, activity, service ? first_operator_id_ + operator_id : -1,
                  records);
}

void PagTracer::sent(int receiver, int sender, Nanos sent_ns, Nanos received_ns, int operator_id,
                     std::int64_t records, std::int64_t size_bytes) {
  trace_.message(receiver, sender, sent_ns, received_ns, Activity::data_message,
                 first_operator_id_ + operator_id, records, size_bytes);
}

void PagTracer::signalled(int receiver, int sender, Nanos sent_ns, Nanos received_ns) {
  if (received_ns <= until_ns_)
    trace_.message(receiver, sender, sent_ns, received_ns, Activity::control_message, -1, 0, 0);
}

void PagTracer::acted(int worker, Nanos begin_ns, Nanos end_ns) {
  trace_.activity(worker, begin_ns, end_ns, Activity::scheduling, -1, 0);
}

}  // namespace weir
