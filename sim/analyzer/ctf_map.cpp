#include "sim/analyzer/ctf_map.hpp"

namespace weir::analyzer {

std::optional<Activity> activity_of_name(std::string_view name) {
  for (int i = 1; i < activity_count; ++i) {
    if (activity_name(static_cast<Activity>(i)) == name) return static_cast<Activity>(i);
  }
  return std::nullopt;
}

CtfMap default_ctf_map() {
  CtfMap map;
  map.worker_fields = {"worker", "vtid", "tid"};
  map.worker_name_field = "procname";
  const auto activity = [&](const char* name, LogEvent event) {
    CtfRule& rule = map.rules[name];
    rule.event = event;
    rule.activity_field = "activity";
    rule.operator_field = "operator";
  };
  const auto message = [&](const char* name, LogEvent event) {
    activity(name, event);
    map.rules[name].correlator_field = "correlator";
    map.rules[name].remote_worker_field = "remote_worker";
  };
  activity("weir:activity_start", LogEvent::start);
  activity("weir:activity_end", LogEvent::end);
  message("weir:message_sent", LogEvent::sent);
  message("weir:message_received", LogEvent::received);
  // liblttng-ust-cyg-profile: programs compiled with -finstrument-functions.
  for (const char* provider : {"lttng_ust_cyg_profile", "lttng_ust_cyg_profile_fast"}) {
    const auto function = [&](const char* name, LogEvent event) {
      CtfRule& rule = map.rules[std::string(provider) + name];
      rule.event = event;
      rule.activity = Activity::processing;
      rule.operator_field = "addr";
    };
    function(":func_entry", LogEvent::start);
    function(":func_exit", LogEvent::end);
  }
  return map;
}

}  // namespace weir::analyzer
