#pragma once

// What an operator's logic is besides, if it tells others what to do and waits for their reports, record by
// record: the driver of a micro-batch job. There is one of it; batches come by one edge, reports by one
// feedback edge, tasks leave by one. Its work is traced as scheduling.

namespace weir {

class SchedulesOthers {
 public:
  virtual ~SchedulesOthers() = default;
};

}  // namespace weir
