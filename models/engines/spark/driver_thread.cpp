#include "models/engines/spark/driver_thread.hpp"

namespace weir::spark {

void DriverThread::trace_to(Tracer& tracer, const std::string& role) {
  tracer_ = &tracer;
  trace_worker_ = tracer.add_worker(-1, -1, -1, role);
  traced_until_ns_ = calendar_.now();
}

void DriverThread::give(const Work& work) {
  waiting_.push_back(work);
  if (!busy_) begin();
}

void DriverThread::begin() {
  trace_until(calendar_.now());
  doing_ = waiting_.front();
  waiting_.pop_front();
  busy_ = true;
  begun_ns_ = calendar_.now();
  calendar_.schedule(begun_ns_ + doing_.cost_ns, EventClass::timer, *this, 0, 0);
}

void DriverThread::on_event(std::uint32_t, std::uint32_t) {
  const Nanos now = calendar_.now();
  trace_until(now);
  busy_ns_ += now - begun_ns_;
  if (now > begun_ns_) worked_until_ns_ = now;
  const Work done = doing_;
  // Still busy: what this causes comes behind what waits.
  on_done(done);
  busy_ = false;
  if (waiting_.empty()) {
    on_idle();
  } else {
    begin();
  }
}

void DriverThread::trace_until(Nanos now) {
  if (tracer_ == nullptr || now <= traced_until_ns_) return;
  if (busy_) {
    tracer_->acted(trace_worker_, traced_until_ns_, now);
  } else {
    tracer_->did(trace_worker_, traced_until_ns_, now, TracedUse::waiting, -1, 0);
  }
  traced_until_ns_ = now;
}

}  // namespace weir::spark
