#include <array>

#include "models/workloads/nexmark/each_event.hpp"
#include "models/workloads/nexmark/laws.hpp"

// The Yahoo streaming benchmark by the same means: events of three types, of which views pass; 1000 ads, ten
// of each of 100 campaigns; the views of each campaign are counted in windows. Source:
// yahoo/streaming-benchmarks, data/src/setup/core.clj.

namespace weir::nexmark {

namespace {

constexpr std::uint32_t event_types = 3, ads = 1000, ads_of_campaign = 10;

class AdViewLaw final : public QueryLaw {
 public:
  explicit AdViewLaw(const EventLaw& events) : events_(events) {}

  std::int64_t passed(Stream, std::int64_t first, std::int64_t count) const override {
    std::int64_t passed = 0;
    for (std::int64_t n = first; n < first + count; ++n) passed += is_view(events_.draws(n)) ? 1 : 0;
    return passed;
  }

  void evaluate(Stream, const Span& span, Tally& tally, WindowLedger* windows) override {
    for (std::int64_t i = 0; i < span.count; ++i) {
      const PhiloxBlock draw = events_.draws(span.first + i);
      if (!is_view(draw)) continue;
      const std::uint32_t campaign = Draw{draw[1]}.below(ads) / ads_of_campaign;
      const int place = tally.place(campaign);
      tally.record(place);
      const std::int64_t window = windows->window_of(span.ms(i));
      if (window == last_window_[campaign]) continue;
      last_window_[campaign] = window;
      count(window, campaign, place, *windows);
    }
  }

 private:
  static bool is_view(const PhiloxBlock& draw) { return Draw{draw[0]}.below(event_types) == 0; }
  // Campaigns are the same at all sources: the first view of a window counts.
  static void count(std::int64_t window, std::uint32_t campaign, int place, WindowLedger& windows) {
    if (!windows.seen.insert({window, campaign}).second) return;
    windows.results.add(window, place);
    windows.state.add(window, place);
    while (windows.seen.begin()->first < windows.results.first()) windows.seen.erase(windows.seen.begin());
  }

  EventLaw events_;
  std::array<std::int64_t, ads / ads_of_campaign>
      last_window_{};  // in which this source showed a campaign's ads
};

}  // namespace

std::unique_ptr<QueryLaw> make_ad_view_law(const EventLaw& events) {
  return std::make_unique<AdViewLaw>(events);
}

}  // namespace weir::nexmark
