// An engine for tests that loses every tenth batch and tells nobody: the self-check has to find it.

#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/job.hpp"

namespace weir {
namespace {

struct LeakyParams {};

class Leaky final : public Engine, Router {
 public:
  double metrics_interval_s() const override { return 1; }
  InstanceSettings settings(const Job&, int) const override { return {}; }
  Router* router() override { return this; }
  void rescale(Job& job, const std::vector<int>&) override {
    ActionOutcome failed;
    failed.done = false;
    job.action_ended(failed);
  }

  void route(Channel& channel, const Batch& batch) override {
    if (++batches_ % 10 != 0) channel.receiver->receive(batch);
  }
  void drop_all(Job&) override {}
  std::int64_t held_weight() const override { return 0; }
  void add_queued(std::vector<std::int64_t>&) const override {}

 private:
  std::int64_t batches_ = 0;
};

const auto registered = EngineRegistry::add<LeakyParams>(
    {.name = "test-leaky", .help = "Loses every tenth batch.", .source = "tests"},
    ParamTable<LeakyParams>("test-leaky"),
    [](const LeakyParams&, EngineContext&) -> std::unique_ptr<Engine> { return std::make_unique<Leaky>(); });

}  // namespace
}  // namespace weir
