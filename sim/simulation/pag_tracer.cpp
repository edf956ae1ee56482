#include "sim/simulation/pag_tracer.hpp"

#include <fmt/format.h>

#include "sim/dataflow/schedules.hpp"

namespace weir {

PagTracer::PagTracer(PagTrace& trace, const Job& job, int job_number, int first_operator_id)
    : trace_(trace), job_(job), job_number_(job_number), first_operator_id_(first_operator_id) {
  for (const LogicalOperator& op : job.graph().operators) {
    OperatorContext context{job.seed(), op.name, op.inputs};
    const auto logic = op.source ? nullptr : op.operator_spec.logic.build(context);
    const bool schedules = dynamic_cast<const SchedulesOthers*>(logic.get()) != nullptr;
    work_.push_back(schedules ? Activity::scheduling : Activity::processing);
  }
}

int PagTracer::add_worker(int operator_id, int index, int host) {
  PagWorkerRow row;
  row.job_id = job_number_;
  row.operator_id = operator_id < 0 ? -1 : first_operator_id_ + operator_id;
  row.index = index;
  row.host_id = host;
  row.name = operator_id < 0 ? fmt::format("{} (engine)", job_.name())
                             : fmt::format("{}[{}]", job_.graph().operators[operator_id].name, index);
  return trace_.add_worker(row);
}

void PagTracer::did(int worker, Nanos begin_ns, Nanos end_ns, TimeUse use, bool works_from_outside,
                    int operator_id, std::int64_t records) {
  switch (use) {
    case TimeUse::useful:
      return trace_.activity(worker, begin_ns, end_ns, work_[operator_id], first_operator_id_ + operator_id,
                             records);
    case TimeUse::waiting:
      return trace_.activity(worker, begin_ns, end_ns,
                             works_from_outside ? Activity::input : Activity::waiting, -1, 0);
    case TimeUse::blocked:
      return trace_.activity(worker, begin_ns, end_ns, Activity::blocked, -1, 0);
    case TimeUse::overhead:
      return trace_.activity(worker, begin_ns, end_ns, Activity::fault_tolerance, -1, 0);
  }
}

void PagTracer::sent(int receiver, int sender, Nanos sent_ns, Nanos received_ns, int operator_id,
                     std::int64_t records, std::int64_t size_bytes) {
  trace_.message(receiver, sender, sent_ns, received_ns, Activity::data_message,
                 first_operator_id_ + operator_id, records, size_bytes);
}

void PagTracer::signalled(int receiver, int sender, Nanos sent_ns, Nanos received_ns) {
  trace_.message(receiver, sender, sent_ns, received_ns, Activity::control_message, -1, 0, 0);
}

void PagTracer::acted(int worker, Nanos begin_ns, Nanos end_ns) {
  trace_.activity(worker, begin_ns, end_ns, Activity::scheduling, -1, 0);
}

}  // namespace weir
