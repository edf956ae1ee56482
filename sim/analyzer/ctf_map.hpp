#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/analyzer/log_record.hpp"

// What the events of a CTF trace mean: which of them are records of a log, and in which fields they say it.

namespace weir::analyzer {

struct CtfRule {
  LogEvent event = LogEvent::start;
  std::optional<Activity> activity;  // what is done; else activity_field has its name or number
  std::string activity_field;
  std::string operator_name;  // for whom; else operator_field says, if that is not empty
  std::string operator_field;
  std::string correlator_field;  // of messages
  // Of messages: who gets it, or whom it is from. Empty, or without a value: not known. Then correlators are
  // taken to be unique in the trace, and the receiver looks up who sent.
  std::string remote_worker_field;
};

struct CtfMap {
  std::map<std::string, CtfRule> rules;  // by the event's name
  // Whose record it is: the first of these fields that an event has; else its stream.
  std::vector<std::string> worker_fields;
  std::string worker_name_field;  // what else it is called
};

// None of that name.
std::optional<Activity> activity_of_name(std::string_view name);

// weir's own events, which programs may emit, too, and those of LTTng's helper for instrumented functions.
CtfMap default_ctf_map();

}  // namespace weir::analyzer
