#include <catch2/catch.hpp>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/invariants.hpp"

// Invariants of graphs that were not built from ST2's logs: windows cut messages, messages cut activities.

namespace {

using namespace weir;
using namespace weir::analyzer;

EdgeWindow two_workers(const std::vector<EdgeWindow::Span>& spans,
                       std::vector<EdgeWindow::Message> messages) {
  EdgeWindow window;
  window.start_ns = 100;
  window.end_ns = 200;
  window.workers = {{0, 0}, {1, static_cast<std::uint32_t>(spans.size())}};
  window.spans = spans;
  window.spans.push_back({100, 200, Activity::processing, 9});
  window.messages = std::move(messages);
  return window;
}

std::vector<Violation> found(const EdgeWindow& window, const InvariantLimits& limits) {
  Pag pag;
  EdgeConstruction(0).build(window, pag);
  REQUIRE(pag.defect() == nullptr);
  return check_window(pag, 1, limits).violations;
}

}  // namespace

TEST_CASE("who sent its control message before the window has not sent one in it", "[analyzer]") {
  InvariantLimits limits;
  limits.some_progress = true;
  const EdgeWindow::Message from_0{0, 1, 120, 130, Activity::control_message};
  EdgeWindow::Message from_1{1, 0, 90, 130, Activity::control_message};
  const auto late = found(two_workers({{100, 200, Activity::processing, 4}}, {from_0, from_1}), limits);
  REQUIRE(late.size() == 1);
  CHECK(late[0].worker == 1);
  CHECK(late[0].count == 0);
  from_1.sent_ns = 100;
  CHECK(found(two_workers({{100, 200, Activity::processing, 4}}, {from_0, from_1}), limits).empty());
  // A data message is no progress.
  from_1.activity = Activity::data_message;
  CHECK(found(two_workers({{100, 200, Activity::processing, 4}}, {from_0, from_1}), limits).size() == 1);
}

TEST_CASE("a message divides an activity, and the next activity is another one", "[analyzer]") {
  InvariantLimits limits;
  limits.max_operator_ns = 49;
  const EdgeWindow::Message message{0, 1, 130, 150, Activity::data_message};
  // Worker 1 processes for 100 ns, divided as well.
  const auto divided = found(two_workers({{110, 160, Activity::processing, 4}}, {message}), limits);
  REQUIRE(divided.size() == 2);
  CHECK(divided[0].begin_ns == 110);
  CHECK(divided[0].end_ns == 160);
  CHECK(divided[0].operator_id == 4);
  CHECK(divided[1].begin_ns == 100);
  CHECK(divided[1].end_ns == 200);
  CHECK(found(two_workers({{110, 140, Activity::processing, 4}, {140, 160, Activity::processing, 4}},
                          {message}),
              limits)
            .size() == 1);
  // Nor is what is no operator's: somebody who waits may wait.
  CHECK(found(two_workers({{110, 160, Activity::waiting}}, {message}), limits).size() == 1);
}

TEST_CASE("an activity of an event log is one, with messages in it", "[analyzer]") {
  std::vector<LogRecord> records = {
      {1'000, 0, Activity::processing, LogEvent::start, LogRecord::none, LogRecord::none, 4},
      {1'010, 0, Activity::data_message, LogEvent::sent, 1, 1, -1},
      {1'040, 0, Activity::processing, LogEvent::end, LogRecord::none, LogRecord::none, 4},
      {1'040, 0, Activity::processing, LogEvent::start, LogRecord::none, LogRecord::none, 4},
      {1'060, 0, Activity::processing, LogEvent::end, LogRecord::none, LogRecord::none, 4},
      {1'020, 1, Activity::data_message, LogEvent::received, 1, 0, -1}};
  ConstructionOptions options;
  options.gap_threshold_ns = 1;
  Pag pag;
  Construction(options).build(0, records, pag);
  InvariantLimits limits;
  limits.max_operator_ns = 39;
  const auto violations = check_window(pag, 0, limits).violations;
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].begin_ns == 1'000);
  CHECK(violations[0].end_ns == 1'040);
}
