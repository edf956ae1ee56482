#include "models/workloads/nexmark/each_event.hpp"
#include "models/workloads/nexmark/laws.hpp"

namespace weir::nexmark {

namespace {

// Without a predicate all bids pass.
class StatelessLaw final : public QueryLaw {
 public:
  StatelessLaw(const EventLaw& events, Passes passes) : events_(events), passes_(passes) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    if (passes_ == nullptr) return count_of(events_, stream, EventKind::bid, first, count);
    std::int64_t passed = 0;
    each_event(events_, stream, first, count, [&](const Position& at, EventKind kind, std::int64_t) {
      passed += passes_(events_, at, kind) ? 1 : 0;
    });
    return passed;
  }
  void evaluate(Stream, const Span&, Tally&, WindowLedger*) override {}

 private:
  EventLaw events_;
  Passes passes_;
};

}  // namespace

std::unique_ptr<QueryLaw> make_stateless_law(const EventLaw& events, Passes passes) {
  return std::make_unique<StatelessLaw>(events, passes);
}

}  // namespace weir::nexmark
