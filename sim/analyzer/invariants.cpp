#include "sim/analyzer/invariants.hpp"

#include <algorithm>

namespace weir::analyzer {

namespace {

bool of_operator(Activity activity) {
  return activity == Activity::processing || activity == Activity::spinning;
}

class WindowCheck {
 public:
  WindowCheck(const Pag& pag, std::int64_t epoch, const InvariantLimits& limits)
      : pag_(pag), limits_(limits) {
    found_.epoch = epoch;
  }

  WindowViolations all() {
    if (limits_.some_progress || limits_.max_progress_ns) progress();
    if (limits_.max_epoch_ns && pag_.duration_ns() > *limits_.max_epoch_ns) {
      Violation violation = violation_of(Invariant::max_epoch, -1, pag_.start_ns, pag_.end_ns);
      found_.violations.push_back(violation);
    }
    if (limits_.max_operator_ns) {
      for (std::size_t c = 0; c < pag_.chains(); ++c) operators(c);
    }
    if (limits_.max_message_ns) messages();
    return std::move(found_);
  }

 private:
  Violation violation_of(Invariant invariant, std::int64_t worker, Nanos begin_ns, Nanos end_ns) const {
    Violation violation;
    violation.invariant = invariant;
    violation.epoch = found_.epoch;
    violation.worker = worker;
    violation.begin_ns = begin_ns;
    violation.end_ns = end_ns;
    return violation;
  }

  void progress() {
    std::vector<std::vector<Nanos>> sent(pag_.chains());
    for (const Pag::Message& message : pag_.messages) {
      if (message.activity == Activity::control_message && !message.sent_before)
        sent[message.from_chain].push_back(pag_.time_ns[message.from]);
    }
    const auto peers = static_cast<std::int64_t>(pag_.chains()) - 1;
    for (std::size_t c = 0; c < pag_.chains(); ++c) {
      const auto count = static_cast<std::int64_t>(sent[c].size());
      if (limits_.some_progress && count < peers) {
        Violation violation =
            violation_of(Invariant::some_progress, pag_.worker[c], pag_.start_ns, pag_.end_ns);
        violation.count = count;
        violation.peers = peers;
        found_.violations.push_back(violation);
      }
      if (limits_.max_progress_ns) stretches(c, sent[c]);
    }
  }

  // What lies between two messages of one window is told here; what reaches over windows, when they are
  // joined.
  void stretches(std::size_t chain, std::vector<Nanos>& sent) {
    std::sort(sent.begin(), sent.end());
    ProgressPart part;
    part.worker = pag_.worker[chain];
    part.begin_ns = pag_.time_ns[pag_.chain_first[chain]];
    part.end_ns = pag_.time_ns[pag_.chain_first[chain + 1] - 1];
    if (!sent.empty()) {
      part.first_sent_ns = sent.front();
      part.last_sent_ns = sent.back();
    }
    for (std::size_t i = 1; i < sent.size(); ++i) {
      if (sent[i] - sent[i - 1] > *limits_.max_progress_ns)
        found_.violations.push_back(violation_of(Invariant::max_progress, part.worker, sent[i - 1], sent[i]));
    }
    found_.progress.push_back(part);
  }

  void operators(std::size_t chain) {
    const std::uint32_t end = pag_.chain_first[chain + 1];
    std::uint32_t begin = pag_.chain_first[chain];
    while (begin + 1 < end) {
      std::uint32_t last = begin + 1;  // vertex
      while (last + 1 < end && pag_.local[last].goes_on &&
             pag_.local[last].activity == pag_.local[begin].activity &&
             pag_.local[last].operator_id == pag_.local[begin].operator_id) {
        ++last;
      }
      if (of_operator(pag_.local[begin].activity) &&
          pag_.time_ns[last] - pag_.time_ns[begin] > *limits_.max_operator_ns) {
        Violation violation = violation_of(Invariant::max_operator, pag_.worker[chain], pag_.time_ns[begin],
                                           pag_.time_ns[last]);
        violation.operator_id = pag_.local[begin].operator_id;
        violation.activity = pag_.local[begin].activity;
        violation.count = pag_.local[last - 1].records;
        found_.violations.push_back(violation);
      }
      begin = last;
    }
  }

  void messages() {
    for (std::size_t c = 0; c < pag_.chains(); ++c) {
      const std::uint32_t first = pag_.first_message[pag_.chain_first[c]];
      const std::uint32_t end = pag_.first_message[pag_.chain_first[c + 1]];
      for (std::uint32_t m = first; m < end; ++m) {
        const Pag::Message& message = pag_.messages[m];
        const Nanos begin_ns = pag_.time_ns[message.from];
        const Nanos end_ns = pag_.time_ns[message.to];
        if (end_ns - begin_ns <= *limits_.max_message_ns) continue;
        Violation violation =
            violation_of(Invariant::max_message, pag_.worker[message.from_chain], begin_ns, end_ns);
        violation.to = pag_.worker[c];
        violation.activity = message.activity;
        violation.count = message.records;
        found_.violations.push_back(violation);
      }
    }
  }

  const Pag& pag_;
  const InvariantLimits& limits_;
  WindowViolations found_;
};

}  // namespace

std::string_view invariant_name(Invariant invariant) {
  constexpr std::string_view names[invariant_count] = {"some-progress", "max-progress", "max-epoch",
                                                       "max-operator", "max-message"};
  return names[static_cast<std::size_t>(invariant)];
}

WindowViolations check_window(const Pag& pag, std::int64_t epoch, const InvariantLimits& limits) {
  return WindowCheck(pag, epoch, limits).all();
}

void InvariantCheck::note(const Violation& violation) {
  std::int64_t& count = counts_[static_cast<std::size_t>(violation.invariant)];
  if (++count <= static_cast<std::int64_t>(kept_max)) violations_.push_back(violation);
}

void InvariantCheck::note_stretch(std::int64_t worker, std::int64_t epoch, Nanos begin_ns, Nanos end_ns) {
  if (end_ns - begin_ns <= *limits_.max_progress_ns) return;
  Violation violation;
  violation.invariant = Invariant::max_progress;
  violation.epoch = epoch;
  violation.worker = worker;
  violation.begin_ns = begin_ns;
  violation.end_ns = end_ns;
  note(violation);
}

void InvariantCheck::add(const WindowViolations& window) {
  for (const Violation& violation : window.violations) note(violation);
  for (const ProgressPart& part : window.progress) {
    Progress& progress =
        progress_.try_emplace(part.worker, Progress{part.begin_ns, part.end_ns, 0}).first->second;
    progress.end_ns = std::max(progress.end_ns, part.end_ns);
    progress.epoch = window.epoch;
    if (part.last_sent_ns < 0) continue;
    note_stretch(part.worker, window.epoch, progress.latest_ns, part.first_sent_ns);
    progress.latest_ns = part.last_sent_ns;
  }
}

void InvariantCheck::end() {
  for (const auto& [worker, progress] : progress_) {
    note_stretch(worker, progress.epoch, progress.latest_ns, progress.end_ns);
  }
  progress_.clear();
}

}  // namespace weir::analyzer
