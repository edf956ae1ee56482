#include "sim/cli/ctf_map_option.hpp"

#include "sim/scenario/params.hpp"
#include "sim/scenario/parse.hpp"

namespace weir {

namespace {

using analyzer::LogEvent;

struct EventParams {
  LogEvent event = LogEvent::start;
  std::string activity, activity_field;
  std::string operator_name, operator_field;
  std::string correlator_field, remote_worker_field;
};

std::vector<std::string> activity_names() {
  std::vector<std::string> names;
  for (int i = 1; i < activity_count; ++i) names.emplace_back(activity_name(static_cast<Activity>(i)));
  return names;
}

bool is_message_event(LogEvent event) {
  return event == LogEvent::sent || event == LogEvent::received;
}

void check(const EventParams& p, const Node& at, Errors& errors) {
  if (p.activity.empty() == p.activity_field.empty())
    errors.add(at, "says not once what is done", "one of activity and activity_field");
  const auto activity = analyzer::activity_of_name(p.activity);
  if (!p.activity.empty() && !activity) {
    errors.add(at.at_or_self("activity"), "unknown activity " + weir::quoted(p.activity),
               allowed_names(p.activity, activity_names()));
  } else if (activity && is_message(*activity) != is_message_event(p.event)) {
    errors.add(at.at_or_self("activity"), "does not go with the event",
               "data-message and control-message are sent and received, all else starts and ends");
  }
  if (is_message_event(p.event) && p.correlator_field.empty())
    errors.add(at, "a message without correlator_field", "the field that is the same at both ends");
  if (!is_message_event(p.event) && !(p.correlator_field + p.remote_worker_field).empty())
    errors.add(at, "an activity with fields of a message", "only with sent and received");
  if (!p.operator_name.empty() && !p.operator_field.empty())
    errors.add(at, "says twice for which operator", "one of operator and operator_field");
}

ParamTable<EventParams> event_table() {
  using P = EventParams;
  ParamTable<P> t("event");
  t.choice("event", &P::event, {.help = "What it tells."},
           {{"start", LogEvent::start},
            {"end", LogEvent::end},
            {"sent", LogEvent::sent},
            {"received", LogEvent::received}});
  t.required("event");
  t.text("activity", &P::activity, {.help = "What starts, ends or is sent."});
  t.text("activity_field", &P::activity_field, {.help = "The field that has its name or number."});
  t.text("operator", &P::operator_name, {.help = "For which operator."});
  t.text("operator_field", &P::operator_field, {.help = "The field that says for which."});
  t.text("correlator_field", &P::correlator_field, {.help = "The field that is the same at both ends."});
  t.text("remote_worker_field", &P::remote_worker_field, {.help = "The field that names the other end."});
  t.check_all(check);
  return t;
}

void read_events(const Node& events, analyzer::CtfMap& map, Errors& errors) {
  if (!events.is_object()) return errors.add(events, "is " + events.shown(), "an object, by names of events");
  static const ParamTable<EventParams> table = event_table();
  for (const Node* member : events.members()) {
    EventParams p;
    if (!table.read(*member, p, errors)) continue;
    analyzer::CtfRule& rule = map.rules[member->key()];
    rule = {.event = p.event,
            .activity = analyzer::activity_of_name(p.activity),
            .activity_field = p.activity_field,
            .operator_name = p.operator_name,
            .operator_field = p.operator_field,
            .correlator_field = p.correlator_field,
            .remote_worker_field = p.remote_worker_field};
  }
}

void read_text(const Node& node, std::string& text, Errors& errors) {
  if (!node.is_string()) return errors.add(node, "is " + node.shown(), "the name of a field");
  text = *node.text();
}

}  // namespace

void add_ctf_map_option(Options& options) {
  options.value("map", "FILE", "what the events of a CTF trace mean (JSON, docs/export.md)");
}

analyzer::CtfMap chosen_ctf_map(const Options& options, Errors& errors) {
  analyzer::CtfMap map = analyzer::default_ctf_map();
  const auto file = options.text("map");
  if (!file) return map;
  const auto document = read_document(*file, errors);
  if (!document || !document->has_root()) return map;
  const Node& root = document->root();
  if (!root.is_object()) {
    errors.add(root, "is " + root.shown(), "an object");
    return map;
  }
  for (const Node* member : root.members()) {
    std::string worker;
    if (member->key() == "events") {
      read_events(*member, map, errors);
    } else if (member->key() == "worker") {
      read_text(*member, worker, errors);
      map.worker_fields = {worker};
    } else if (member->key() == "worker_name") {
      read_text(*member, map.worker_name_field, errors);
    } else {
      errors.add_key(
          *member, "unknown member " + weir::quoted(member->key()),
          allowed_names(member->key(), std::vector<std::string>{"events", "worker", "worker_name"}));
    }
  }
  return map;
}

}  // namespace weir
