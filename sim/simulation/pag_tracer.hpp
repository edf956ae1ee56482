#pragma once

#include <string>
#include <vector>

#include "sim/dataflow/job.hpp"
#include "sim/dataflow/tracer.hpp"
#include "sim/record/pag_trace.hpp"

// What a job's instances do, as the activities of a program activity graph:
//
//   a service               buffer, deserialization, processing (of a driver: scheduling), serialization
//   tracing itself          unknown: its own trace would not name that time
//   a stream manager        buffer, while it holds records
//   waiting                 waiting; of a source: input, as it waits for nobody in the job
//   a place without a container: waiting
//   blocked                 blocked
//   an operator whose thread works for another one
//                           busy waiting: a path runs along it, from what it did before to what it does next
//   overhead                fault tolerance: snapshots, restarts
//   the engine in an action scheduling
//
// Batches are data messages, signals (room, stop, go on) control messages.

namespace weir {

class PagTracer final : public Tracer {
 public:
  // Of a run that ends at `until_ns`: a signal that would be received later never is.
  PagTracer(PagTrace& trace, const Job& job, int job_number, int first_operator_id, Nanos until_ns);

  int add_worker(int operator_id, int index, int host, const std::string& role) override;
  void did(int worker, Nanos begin_ns, Nanos end_ns, TracedUse use, int operator_id,
           std::int64_t records) override;
  void sent(int receiver, int sender, Nanos sent_ns, Nanos received_ns, int operator_id, std::int64_t records,
            std::int64_t size_bytes) override;
  void signalled(int receiver, int sender, Nanos sent_ns, Nanos received_ns) override;
  void acted(int worker, Nanos begin_ns, Nanos end_ns) override;

 private:
  PagTrace& trace_;
  const Job& job_;
  int job_number_;
  int first_operator_id_;
  Nanos until_ns_;
  std::vector<Activity> work_;  // of each operator
};

}  // namespace weir
