#include "sim/kernel/simgrid_loop.hpp"

#include <algorithm>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u/Engine.hpp>

namespace weir {

class SimGridLoop::Impl : public simgrid::kernel::resource::Model {
 public:
  Impl(Calendar& calendar, Settings settings)
      : Model("weir calendar"), calendar_(calendar), settings_(settings) {}

  // Leaves SimGrid's loop, which would otherwise go on until its last activity ends, however late.
  struct Finished {};

  // SimGrid asks: how long until your next event? Negative: none.
  double next_occurring_event(double now) override { return advance(now); }

  void update_actions_state(double now, double /*delta*/) override {
    if (!due_ || to_nanos(now) < calendar_.now()) return;  // somebody else's event came first
    due_ = false;
    calendar_.carry_out();
  }

  Calendar& calendar_;
  Settings settings_;
  Nanos until_ = 0;
  bool due_ = false;  // the outbox waits for SimGrid's clock to be at calendar_.now()
  std::uint64_t rounds_ = 0;

 private:
  double horizon_of_others(double now) const {
    double least = -1;
    for (Model* model : simgrid::s4u::Engine::get_instance()->get_all_models()) {
      if (model == this || !model->next_occurring_event_is_idempotent()) continue;
      const double delta = model->next_occurring_event(now);
      if (delta >= 0 && (least < 0 || delta < least)) least = delta;
    }
    return least;
  }

  double advance(double now) {
    ++rounds_;
    if (calendar_.has_completions()) calendar_.deliver_completions(to_nanos(now));
    for (;;) {
      if (calendar_.has_posts()) {
        due_ = true;
        return std::max(0.0, to_seconds(calendar_.now()) - now);
      }
      if (calendar_.stopped()) throw Finished{};
      const double delta = horizon_of_others(now);
      const Nanos horizon = delta < 0 ? never : to_nanos(now + delta);
      const Nanos next = calendar_.next_time();
      if (std::min(next, horizon) > until_) throw Finished{};
      if (next >= horizon) return -1;  // SimGrid's own next event leads; then we are asked again
      if (!settings_.lookahead && to_nanos(now) < next) return to_seconds(next) - now;
      calendar_.run_before(horizon, until_, !settings_.lookahead);
    }
  }
};

SimGridLoop::SimGridLoop(Calendar& calendar, Settings settings)
    : impl_(std::make_shared<Impl>(calendar, settings)) {
  simgrid::s4u::Engine::get_instance()->add_model(impl_);
}

SimGridLoop::~SimGridLoop() = default;

void SimGridLoop::run(Nanos until) {
  impl_->until_ = until;
  // Exceptions (the end, a failed assertion in a handler) pass through SimGrid's loop, which is left in no
  // state to be run again: a process runs one simulation.
  try {
    simgrid::s4u::Engine::get_instance()->run();
  } catch (const Impl::Finished&) {
  }
}

std::uint64_t SimGridLoop::rounds() const {
  return impl_->rounds_;
}

}  // namespace weir
