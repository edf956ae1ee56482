#pragma once

#include <cstdint>
#include <string>

#include "sim/kernel/time.hpp"

// Is told what instances do, and what they send to one another: whoever writes a program activity graph. It
// only listens: a run comes out the same, event by event, with a tracer and without.
//
// At the granularity of batches: a service that has gaps between its records is told as work in one piece,
// from its first record on, and then waiting; a batch as one message, its first record's. Record by record,
// everything is exact.

namespace weir {

// What a worker does. The first five are parts of a service, in the order in which they are told.
enum class TracedUse : std::uint8_t {
  buffer,           // takes a batch over, or holds records until it is time to send them
  deserialization,  //
  processing,       //
  serialization,    //
  instrumentation,  // the simulated system traces itself: tracing_cost.hpp
  input,            // a source looks for records: it waits for nobody in the job
  waiting,
  blocked,
  overhead,  // restart, snapshot
  lent,      // its thread works for another operator, of its chain or slot
};

class Tracer {
 public:
  virtual ~Tracer() = default;

  // A worker, at its first deployment; its number. operator_id -1: part of the engine, as far as it acts for
  // the job, and `role` says which.
  virtual int add_worker(int operator_id, int index, int host, const std::string& role) = 0;
  // Each worker's in the order of time, without overlap.
  virtual void did(int worker, Nanos begin_ns, Nanos end_ns, TracedUse use, int operator_id,
                   std::int64_t records) = 0;
  virtual void sent(int receiver, int sender, Nanos sent_ns, Nanos received_ns, int operator_id,
                    std::int64_t records, std::int64_t size_bytes) = 0;
  // A signal: there is room again, stop, go on. One nanosecond at least, so that cause comes before effect.
  virtual void signalled(int receiver, int sender, Nanos sent_ns, Nanos received_ns) = 0;
  // The engine acts for the job (a rescale), from begin to end.
  virtual void acted(int worker, Nanos begin_ns, Nanos end_ns) = 0;
};

}  // namespace weir
