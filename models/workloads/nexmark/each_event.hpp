#pragma once

#include <cstdint>

#include "models/workloads/nexmark/id_ring.hpp"
#include "models/workloads/nexmark/query_law.hpp"

// Goes through the events that are sent as first … first + count - 1: visit(position, kind, index). The index
// is that of the event's number: its time is linear in it. Out of order it does not rise, and may lie a group
// outside of the range.

namespace weir::nexmark {

inline EventKind kind_of(Stream stream) {
  return stream == Stream::persons    ? EventKind::person
         : stream == Stream::auctions ? EventKind::auction
                                      : EventKind::bid;
}

template <class Visit>
void each_event(const EventLaw& law, Stream stream, std::int64_t first, std::int64_t count, Visit&& visit) {
  if (!law.in_order()) {
    for (std::int64_t i = 0; i < count; ++i) {
      const Position at = law.at(law.number_of(first + i));
      visit(at, stream == Stream::all ? law.kind(at) : kind_of(stream), at.n - first);
    }
    return;
  }
  Position at = law.at(first);
  if (stream == Stream::all) {
    for (std::int64_t i = 0; i < count; ++i, law.step(at)) visit(at, law.kind(at), i);
  } else {
    const EventKind kind = kind_of(stream);
    for (std::int64_t i = 0; i < count; ++i, law.step(at)) visit(at, kind, i);
  }
}

// The same with a word of each event's random bits, which are drawn many at a time:
// visit(position, kind, index, bits).
template <class Visit>
void each_event_drawing(const EventLaw& law, Stream stream, std::int64_t first, std::int64_t count, int word,
                        Visit&& visit) {
  if (!law.in_order()) {
    each_event(law, stream, first, count, [&](const Position& at, EventKind kind, std::int64_t i) {
      visit(at, kind, i, law.draws(at.n)[static_cast<std::size_t>(word)]);
    });
    return;
  }
  constexpr std::int64_t at_a_time = 256;
  std::uint32_t words[at_a_time];
  for (std::int64_t done = 0; done < count; done += at_a_time) {
    const std::int64_t now = count - done < at_a_time ? count - done : at_a_time;
    law.draw_words(first + done, static_cast<int>(now), word, words);
    each_event(law, stream, first + done, now, [&](const Position& at, EventKind kind, std::int64_t i) {
      visit(at, kind, done + i, words[i]);
    });
  }
}

// How many events of a kind there are among these.
inline std::int64_t count_of(const EventLaw& law, Stream stream, EventKind kind, std::int64_t first,
                             std::int64_t count) {
  if (stream != Stream::all) return kind_of(stream) == kind ? count : 0;
  // Whole groups are all there; of the last one some are, in any order.
  const auto sent_before = [&](std::int64_t sent) {
    const std::int64_t whole = watermark_event_number(sent, law.config().out_of_order_group);
    std::int64_t of_kind = law.count_before(kind, whole);
    for (std::int64_t i = whole; i < sent; ++i) of_kind += law.kind(law.number_of(i)) == kind ? 1 : 0;
    return of_kind;
  };
  return sent_before(first + count) - sent_before(first);
}

// Ids that may be in use at a time, with as many again to spare where generators run abreast.
inline std::int64_t auctions_in_use(const LawChoice& choice) {
  return (choice.replicated ? 32 : 2) *
         (choice.events.in_flight_auctions + hot_group + id_lead + choice.events.out_of_order_group);
}
inline std::int64_t people_in_use(const LawChoice& choice) {
  return (choice.replicated ? 8 : 2) *
         (choice.events.active_people + hot_group + id_lead + choice.events.out_of_order_group);
}

}  // namespace weir::nexmark
