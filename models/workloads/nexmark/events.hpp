#pragma once

#include <cstdint>

#include "sim/kernel/math.hpp"
#include "sim/kernel/philox.hpp"
#include "sim/kernel/philox_words.hpp"
#include "sim/kernel/random.hpp"

// The laws of Nexmark's generator: what event n is, for every n, by itself. Nothing is generated in turn: the
// random choices of event n are one block of a counter-based generator whose counter is n, so that a batch
// that stands for events n to m can be asked about any of them.
//
//   event id mod 50:   0 person | 1 2 3 auction | 4 … 49 bid
//
// Auctions and people have consecutive ids. Bids name auctions that are near the newest one, and so do
// auctions and bids people: half of the bids go to one hot auction, which changes every 100 auctions; 3/4 of
// the auctions are sold by one hot person and 3/4 of the bids made by another, who change every 100 people.
//
// Sources: nexmark-flink, generator/GeneratorConfig.java and generator/model/*.java. The quirk that a
// bidder's id is offset twice is left out, unless it is asked for (`bidder_offset_twice`).

namespace weir::nexmark {

inline constexpr std::int64_t first_auction_id = 1000;
inline constexpr std::int64_t first_person_id = 1000;
inline constexpr int first_category_id = 10;
inline constexpr int categories = 5;
inline constexpr int states = 6;
inline constexpr int cities = 10;
inline constexpr int hot_group = 100;  // ids that share a hot one
inline constexpr int id_lead = 10;     // so many ids that do not exist yet may be named
inline constexpr int hot_channels = 4;
inline constexpr int other_channels = 10'000;

// In the order AZ, CA, ID, OR, WA, WY: whether query 3 takes people from there (OR, ID, CA).
constexpr bool state_of_query_3(int state) {
  return state >= 1 && state <= 3;
}

// The number of the event, within its generator, that is sent as the n-th: out of order within groups.
constexpr std::int64_t adjusted_event_number(std::int64_t sent, std::int64_t group_size) {
  return sent / group_size * group_size + sent * 953 % group_size;
}
// Of the group of the event that is sent as the n-th, the first: nothing before it is still to come, and it
// is sent first. Its time is the watermark then.
constexpr std::int64_t watermark_event_number(std::int64_t sent, std::int64_t group_size) {
  return sent / group_size * group_size;
}

struct EventConfig {
  int persons = 1, auctions = 3, bids = 46;  // of so many events together
  int hot_auction_ratio = 2;                 // a bid is for the hot auction with a chance of 1 - 1/ratio
  int hot_sellers_ratio = 4;
  int hot_bidders_ratio = 4;
  int in_flight_auctions = 100;
  int active_people = 1000;
  bool bidder_offset_twice = false;
  int out_of_order_group = 1;  // events are sent out of order within groups of so many; 1: in order
  int total() const { return persons + auctions + bids; }
};

enum class EventKind { person, auction, bid };

struct Person {
  std::int64_t id;
  int state;  // 0 … 5
  int city;   // 0 … 9
};

struct Auction {
  std::int64_t id;
  std::int64_t seller;             // a person's id
  int category;                    // 10 … 14
  std::uint32_t initial_bid_draw;  // see price_of
  std::uint32_t length_draw;       // see length_ms
};

struct Bid {
  std::int64_t auction;
  std::int64_t bidder;
  std::uint32_t price_draw;  // see price_of: monotone in it
  int channel;               // 0 … 3: hot, 4 … 10 003: others
};

// Uniform among 0 … bound - 1 from 32 random bits; what is left of the bits is random too. bound < 2^16.
struct Draw {
  std::uint32_t bits;
  std::uint32_t below(std::uint32_t bound) {
    const std::uint64_t product = std::uint64_t{bits} * bound;
    bits = static_cast<std::uint32_t>(product);
    return static_cast<std::uint32_t>(product >> 32);
  }
};

// 100 * 10^(6 u), rounded: log-uniform from 1 to 10^6, in cents.
std::int64_t price_of(std::uint32_t draw);
// The first draw whose price is at least so much.
std::uint32_t price_draw_from(double price);

// How long an auction lasts: 1 + uniform among 0 … 2 horizon - 1 (at least 0) milliseconds; the horizon is
// the event time in which as many auctions will have come as are in flight.
inline std::int64_t length_ms(std::uint32_t draw, std::int64_t horizon_ms) {
  const std::int64_t bound = horizon_ms * 2 > 1 ? horizon_ms * 2 : 1;
  return 1 + static_cast<std::int64_t>(
                 (static_cast<std::uint64_t>(draw) * static_cast<std::uint64_t>(bound)) >> 32);
}

// Where the ids of a generator's events begin: generators have ids of their own, whose places among 50
// differ, as when a large number is divided among them.
constexpr std::int64_t first_event_id_of(std::uint32_t generator) {
  return std::int64_t{1'000'000'000'037} * generator;
}

// Where an event stands in the sequence. Stepping from one event to the next needs no division.
struct Position {
  std::int64_t n;      // number of the event within its generator
  std::int64_t epoch;  // event id / 50
  int offset;          // event id mod 50
};

class EventLaw {
 public:
  // Generator `generator` of several has its own events, whose ids begin at `first_event_id`.
  EventLaw(const EventConfig& config, std::uint64_t seed, std::uint32_t generator,
           std::int64_t first_event_id = 0);

  const EventConfig& config() const { return config_; }
  // Events until as many auctions have come as are in flight.
  std::int64_t horizon_events() const {
    return std::int64_t{config_.in_flight_auctions} * config_.total() / config_.auctions;
  }

  bool in_order() const { return config_.out_of_order_group == 1; }
  std::int64_t number_of(std::int64_t sent) const {
    return adjusted_event_number(sent, config_.out_of_order_group);
  }

  // n: the (adjusted) number of an event within the generator.
  Position at(std::int64_t n) const {
    const std::int64_t id = first_event_id_ + n;
    return {n, id / config_.total(), static_cast<int>(id % config_.total())};
  }
  void step(Position& at) const {
    ++at.n;
    if (++at.offset == config_.total()) {
      at.offset = 0;
      ++at.epoch;
    }
  }
  EventKind kind(const Position& at) const {
    if (at.offset < config_.persons) return EventKind::person;
    return at.offset < config_.persons + config_.auctions ? EventKind::auction : EventKind::bid;
  }
  EventKind kind(std::int64_t n) const { return kind(at(n)); }
  // How many of the first n events are of a kind.
  std::int64_t count_before(EventKind kind, std::int64_t n) const;

  Person person(const Position& at) const {
    const PhiloxBlock draw = draws(at.n);
    return {last_person(at) + first_person_id, static_cast<int>(Draw{draw[0]}.below(states)),
            static_cast<int>(Draw{draw[1]}.below(cities))};
  }
  Auction auction(const Position& at) const {
    const PhiloxBlock draw = draws(at.n);
    return {last_auction(at) + first_auction_id, person_named(at, draw[0], config_.hot_sellers_ratio, 0),
            first_category_id + static_cast<int>(Draw{draw[1]}.below(categories)), draw[2], draw[3]};
  }
  Bid bid(const Position& at) const {
    const PhiloxBlock draw = draws(at.n);
    Draw channel{draw[3]};
    const int hot = static_cast<int>(channel.below(2));
    return {auction_named(at, draw[0]), bidder_named(at, draw[1]), draw[2],
            hot > 0 ? static_cast<int>(channel.below(hot_channels))
                    : hot_channels + static_cast<int>(channel.below(other_channels))};
  }
  // Only these of a bid, from the word of the event's random bits that decides each.
  static constexpr int auction_word = 0, bidder_word = 1, price_word = 2;
  std::int64_t auction_of_bid(const Position& at, std::uint32_t bits) const {
    return auction_named(at, bits);
  }
  std::int64_t auction_of_bid(const Position& at) const {
    return auction_named(at, draws(at.n)[auction_word]);
  }
  std::int64_t bidder(const Position& at, std::uint32_t bits) const { return bidder_named(at, bits); }
  // The seller of an auction, likewise; the id of a new person needs no bits.
  static constexpr int seller_word = 0;
  std::int64_t seller(const Position& at, std::uint32_t bits) const {
    return person_named(at, bits, config_.hot_sellers_ratio, 0);
  }
  std::int64_t new_person(const Position& at) const { return last_person(at) + first_person_id; }
  Person person(std::int64_t n) const { return person(at(n)); }
  Auction auction(std::int64_t n) const { return auction(at(n)); }
  Bid bid(std::int64_t n) const { return bid(at(n)); }
  // Whether the URLs of a channel have a channel_id: 9 in 10 do.
  bool has_channel_id(int channel) const;

  // Numbers from 0 on, without the offset of ids: of the newest when the event is made, that itself included.
  std::int64_t last_auction(const Position& at) const {
    if (at.offset < config_.persons) return at.epoch * config_.auctions - 1;
    const int among = at.offset - config_.persons;
    return at.epoch * config_.auctions + (among < config_.auctions ? among : config_.auctions - 1);
  }
  std::int64_t last_person(const Position& at) const {
    return at.epoch * config_.persons + (at.offset < config_.persons ? at.offset : config_.persons - 1);
  }
  std::int64_t last_auction(std::int64_t n) const { return last_auction(at(n)); }
  std::int64_t last_person(std::int64_t n) const { return last_person(at(n)); }

  // The random bits of event n.
  PhiloxBlock draws(std::int64_t n) const {
    return philox4x32_10({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), generator_, 0},
                         key_);
  }
  // A word of these for `count` consecutive events.
  void draw_words(std::int64_t first, int count, int word, std::uint32_t* words) const {
    philox_words(static_cast<std::uint64_t>(first), count, generator_, key_, word, words);
  }

 private:
  // Without a branch, which would be mispredicted every other time.
  static std::int64_t either(bool first, std::int64_t one, std::int64_t other) {
    const std::int64_t mask = -static_cast<std::int64_t>(first);
    return (one & mask) | (other & ~mask);
  }
  std::int64_t auction_named(const Position& at, std::uint32_t bits) const {
    Draw draw{bits};
    const std::int64_t last = last_auction(at);
    const bool hot = draw.below(static_cast<std::uint32_t>(config_.hot_auction_ratio)) > 0;
    const std::int64_t oldest = last > config_.in_flight_auctions ? last - config_.in_flight_auctions : 0;
    const std::int64_t cold = oldest + draw.below(static_cast<std::uint32_t>(last - oldest + 1 + id_lead));
    return either(hot, last / hot_group * hot_group, cold) + first_auction_id;
  }
  std::int64_t person_named(const Position& at, std::uint32_t bits, int hot_ratio, int hot_offset) const {
    Draw draw{bits};
    const std::int64_t last = last_person(at);
    const bool hot = draw.below(static_cast<std::uint32_t>(hot_ratio)) > 0;
    const std::int64_t active = last + 1 < config_.active_people ? last + 1 : config_.active_people;
    const std::int64_t cold = last + 1 - active + draw.below(static_cast<std::uint32_t>(active + id_lead));
    return either(hot, last / hot_group * hot_group + hot_offset, cold) + first_person_id;
  }
  std::int64_t bidder_named(const Position& at, std::uint32_t bits) const {
    return person_named(at, bits, config_.hot_bidders_ratio, 1) +
           (config_.bidder_offset_twice ? first_person_id : 0);
  }

  EventConfig config_;
  PhiloxKey key_;
  std::uint32_t generator_;
  std::int64_t first_event_id_;
};

}  // namespace weir::nexmark
