// A CTF trace, LTTng's or weir's own, as a log: what its events mean, a CtfMap says. weir's own export of a
// trace of edges becomes these edges again (in memory, about 50 bytes each).

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_map>

#include "sim/analyzer/edge_list.hpp"
#include "sim/analyzer/open_trace.hpp"
#include "sim/ctf/ctf_reader.hpp"

namespace weir::analyzer {

namespace {

using ctf::FieldValue;
using ctf::RecordedEvent;

// A rule, with fields by their number.
struct BoundRule {
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  const CtfRule* rule = nullptr;
  std::size_t activity = none, operator_id = none, correlator = none, remote_worker = none;
};

// The fields that rules name, each once.
class Fields {
 public:
  std::size_t add(const std::string& name) {
    if (name.empty()) return BoundRule::none;
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    names_.push_back(name);
    return names_.size() - 1;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// Numbers for what fields hold: a number that fits is itself; others, and texts, get one from above these.
template <class Id>
class Identities {
 public:
  std::optional<Id> id_of(const FieldValue& value, const std::string& label) {
    if (value.type == FieldValue::Type::none) return std::nullopt;
    if (value.type == FieldValue::Type::text) return id_of_name(value.text);
    if (value.integer == -1) return std::nullopt;  // none
    if (value.integer < 0 || value.integer >= first_made)
      return id_of_name(fmt::format("{:#x}", value.integer));
    const Id id = static_cast<Id>(value.integer);
    if (!label.empty()) names_.try_emplace(id, label);
    return id;
  }
  Id id_of_name(const std::string& name) {
    const auto [found, is_new] =
        made_.try_emplace(name, static_cast<Id>(first_made + static_cast<Id>(made_.size())));
    if (is_new) names_[found->second] = name;
    return found->second;
  }
  std::string name_of(Id id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? fmt::format("{}", id) : found->second;
  }
  void call(Id id, const std::string& name) { names_.try_emplace(id, name); }
  bool has_name(Id id) const { return names_.contains(id); }

 private:
  static constexpr Id first_made = std::numeric_limits<Id>::max() / 2;
  std::unordered_map<std::string, Id> made_;
  std::unordered_map<Id, std::string> names_;
};

class CtfLog final : public LogSource {
 public:
  CtfLog(const std::filesystem::path& path, const CtfMap& map) : path_(path), map_(map) {
    Fields fields;
    for (const std::string& name : map_.worker_fields) worker_fields_.push_back(fields.add(name));
    worker_name_field_ = fields.add(map_.worker_name_field);
    host_field_ = fields.add("host");
    for (const auto& [name, rule] : map_.rules) {
      bound_[name] = {&rule, fields.add(rule.activity_field), fields.add(rule.operator_field),
                      fields.add(rule.correlator_field), fields.add(rule.remote_worker_field)};
    }
    try {
      reader_ = std::make_unique<ctf::Reader>(path, fields.names());
      more_ = reader_->read(events_);  // and so knows what the trace says about itself
    } catch (const ctf::CtfError& error) {
      throw TraceError(error.what());
    }
    if (!more_) throw TraceError(fmt::format("{}: a CTF trace without events", path.string()));
  }

  // Of an export by weir: "edges" or "log".
  const std::string& kind() const { return reader_->environment("weir_trace"); }

  bool read(std::vector<LogRecord>& records) override {
    if (!more_) return false;
    const std::size_t before = records.size();
    while (more_ && records.size() == before) {
      for (const RecordedEvent& event : events_) take(event, records);
      events_.clear();
      try {
        more_ = reader_->read(events_);
      } catch (const ctf::CtfError& error) {
        // What came before is good: LTTng's consumer may have been killed while it wrote.
        if (understood_ == 0) throw TraceError(error.what());
        ++left_out_[fmt::format("the rest of the trace, which cannot be read ({})", error.what())];
        more_ = false;
      }
    }
    if (!more_ && understood_ == 0) throw nothing_understood();
    return true;
  }

  std::map<std::string, std::int64_t> left_out() const override {
    std::map<std::string, std::int64_t> all = left_out_;
    if (reader_->discarded_events() > 0)
      all["events that the tracer itself discarded"] = reader_->discarded_events();
    for (const auto& [event_class, count] : unknown_)
      all[fmt::format("events {}, of which nothing is known (--map)", reader_->class_name(event_class))] +=
          count;
    return all;
  }
  std::string worker_name(std::int64_t worker) const override { return workers_.name_of(worker); }
  std::string worker_host(std::int64_t worker) const override {
    const auto found = hosts_.find(worker);
    return found == hosts_.end() ? reader_->environment("hostname") : found->second;
  }
  std::string operator_name(std::int32_t operator_id) const override {
    return operators_.name_of(operator_id);
  }

 private:
  static constexpr Nanos time_max_ns = 9'000'000'000'000'000'000;

  TraceError nothing_understood() const {
    std::string names;
    for (std::uint32_t c = 0; c < std::min<std::size_t>(reader_->classes(), 5); ++c)
      names += (c > 0 ? ", " : "") + reader_->class_name(c);
    return TraceError(
        fmt::format("{}: a CTF trace, but nothing is known of its events ({}{}); --map says what they mean",
                    path_.string(), names, reader_->classes() > 5 ? ", …" : ""));
  }

  const FieldValue& field(const RecordedEvent& event, std::size_t number) const {
    static const FieldValue none;
    return number == BoundRule::none ? none : event.fields[number];
  }
  std::string label(std::size_t number, const FieldValue& value) const {
    return value.type == FieldValue::Type::integer ? reader_->label(number, value.integer) : std::string();
  }

  const BoundRule& rule_of(const RecordedEvent& event) {
    while (by_class_.size() <= event.event_class) {
      const auto found = bound_.find(reader_->class_name(static_cast<std::uint32_t>(by_class_.size())));
      by_class_.push_back(found == bound_.end() ? BoundRule{} : found->second);
    }
    return by_class_[event.event_class];
  }

  void take(const RecordedEvent& event, std::vector<LogRecord>& records) {
    const BoundRule& bound = rule_of(event);
    if (bound.rule == nullptr) {
      ++unknown_[event.event_class];
      return;
    }
    const auto activity = activity_of(event, bound);
    const bool message = bound.rule->event == LogEvent::sent || bound.rule->event == LogEvent::received;
    if (event.time_ns < 0 || event.time_ns > time_max_ns) {
      ++left_out_["events at a time that is negative or after the year 2255"];
    } else if (!activity) {
      ++left_out_[fmt::format("events {} without an activity that is known",
                              reader_->class_name(event.event_class))];
    } else if (is_message(*activity) != message && kind() != "log") {
      ++left_out_["messages that are activities, or activities that are messages"];
    } else {
      LogRecord record;
      record.time_ns = static_cast<std::uint64_t>(event.time_ns);
      record.worker = worker_of(event);
      record.activity = *activity;
      record.event = bound.rule->event;
      record.operator_id = operator_of(event, bound);
      if (message && !take_message(event, bound, record)) return;
      records.push_back(record);
      ++understood_;
    }
  }

  std::optional<Activity> activity_of(const RecordedEvent& event, const BoundRule& bound) const {
    if (bound.rule->activity) return bound.rule->activity;
    const FieldValue& value = field(event, bound.activity);
    if (value.type == FieldValue::Type::text) return activity_of_name(value.text);
    if (value.type == FieldValue::Type::none || !is_activity(static_cast<std::uint64_t>(value.integer)))
      return std::nullopt;
    return static_cast<Activity>(value.integer);
  }

  std::int32_t operator_of(const RecordedEvent& event, const BoundRule& bound) {
    if (!bound.rule->operator_name.empty()) return operators_.id_of_name(bound.rule->operator_name);
    const FieldValue& value = field(event, bound.operator_id);
    return operators_.id_of(value, label(bound.operator_id, value)).value_or(no_operator);
  }

  std::int64_t worker_of(const RecordedEvent& event) {
    for (const std::size_t number : worker_fields_) {
      const FieldValue& value = event.fields[number];
      if (const auto id = workers_.id_of(value, label(number, value))) {
        describe(*id, event);
        return *id;
      }
    }
    return workers_.id_of_name(fmt::format("stream {}", event.stream));
  }

  // Who it is, once.
  void describe(std::int64_t worker, const RecordedEvent& event) {
    if (!described_.insert(worker).second) return;
    const FieldValue& name = field(event, worker_name_field_);
    if (!workers_.has_name(worker) && name.type == FieldValue::Type::text)
      workers_.call(worker, fmt::format("{} {}", name.text, worker));
    const FieldValue& host = field(event, host_field_);
    if (host.type == FieldValue::Type::text) hosts_[worker] = host.text;
  }

  bool take_message(const RecordedEvent& event, const BoundRule& bound, LogRecord& record) {
    const FieldValue& correlator = field(event, bound.correlator);
    if (correlator.type == FieldValue::Type::none) {
      ++left_out_["messages without a correlator"];
      return false;
    }
    record.correlator = correlator.type == FieldValue::Type::integer
                            ? correlator.integer
                            : correlators_.id_of_name(correlator.text);
    const FieldValue& remote = field(event, bound.remote_worker);
    const auto known = workers_.id_of(remote, label(bound.remote_worker, remote));
    if (known) {
      record.remote_worker = *known;
    } else if (kind() == "log") {
      return true;  // as it was written
    } else if (record.event == LogEvent::sent) {
      senders_[record.correlator] = record.worker;
    } else if (const auto sender = senders_.find(record.correlator); sender != senders_.end()) {
      record.remote_worker = sender->second;
      senders_.erase(sender);
    }
    return true;
  }

  std::filesystem::path path_;
  CtfMap map_;
  std::vector<std::size_t> worker_fields_;
  std::size_t worker_name_field_ = BoundRule::none;
  std::size_t host_field_ = BoundRule::none;
  std::map<std::string, BoundRule> bound_;
  std::unique_ptr<ctf::Reader> reader_;
  std::vector<RecordedEvent> events_;
  bool more_ = false;
  std::vector<BoundRule> by_class_;
  std::int64_t understood_ = 0;
  std::map<std::uint32_t, std::int64_t> unknown_;
  std::map<std::string, std::int64_t> left_out_;
  Identities<std::int64_t> workers_;
  Identities<std::int32_t> operators_;
  Identities<std::int64_t> correlators_;
  std::set<std::int64_t> described_;
  std::unordered_map<std::int64_t, std::string> hosts_;
  std::unordered_map<std::int64_t, std::int64_t>
      senders_;  // of messages under way whose receiver is not known
};

// Puts the edges of weir's export together again.
class Edges {
 public:
  void take(const LogRecord& record) {
    switch (record.event) {
      case LogEvent::start:
        open_[record.worker].push_back(record);
        break;
      case LogEvent::end:
        end(record);
        break;
      case LogEvent::sent:
      case LogEvent::received:
        half(record);
        break;
      case LogEvent::bogus:
        break;
    }
  }

  std::unique_ptr<EdgeSource> list(const TraceSource& source) {
    auto list = std::make_unique<EdgeList>();
    std::map<std::int64_t, int> workers;
    std::map<std::int32_t, int> operators;
    for (const auto* edges : {&activities_, &messages_}) {
      for (const Edge& edge : *edges) {
        workers[edge.from] = workers[edge.to] = 0;
        if (edge.operator_id != no_operator) operators[edge.operator_id] = 0;
      }
    }
    for (auto& [id, place] : workers)
      place = list->add_worker(source.worker_name(id), source.worker_host(id));
    for (auto& [id, place] : operators) place = list->add_operator(source.operator_name(id));
    operators[no_operator] = no_operator;
    for (const Edge& edge : activities_)
      list->add_activity(workers[edge.to], edge.begin_ns, edge.end_ns, edge.activity,
                         operators[edge.operator_id]);
    // As a run's file has them: by who receives them, and when.
    std::stable_sort(messages_.begin(), messages_.end(), [](const Edge& a, const Edge& b) {
      return std::tie(a.to, a.end_ns) < std::tie(b.to, b.end_ns);
    });
    for (const Edge& edge : messages_)
      list->add_message(workers[edge.from], edge.begin_ns, workers[edge.to], edge.end_ns, edge.activity,
                        operators[edge.operator_id]);
    for (const auto& [what, count] : source.left_out()) list->leave_out(what, count);
    for (const auto& [worker, open] : open_) unmatched_ += static_cast<std::int64_t>(open.size());
    unmatched_ += static_cast<std::int64_t>(halves_.size());
    if (unmatched_ > 0) list->leave_out("begins without an end, or ends without a begin", unmatched_);
    return list;
  }

 private:
  struct Edge {
    std::int64_t from, to;
    Nanos begin_ns, end_ns;
    Activity activity;
    std::int32_t operator_id;
  };

  // Of what happens in one nanosecond, another worker's stream may come first.
  void half(const LogRecord& record) {
    const auto [found, is_first] = halves_.try_emplace(record.correlator, record);
    if (is_first) return;
    const LogRecord& other = found->second;
    if (other.event == record.event) {
      ++unmatched_;
      return;
    }
    const LogRecord& from = record.event == LogEvent::sent ? record : other;
    const LogRecord& to = record.event == LogEvent::sent ? other : record;
    messages_.push_back({from.worker, to.worker, static_cast<Nanos>(from.time_ns),
                         static_cast<Nanos>(to.time_ns), to.activity, to.operator_id});
    halves_.erase(found);
  }

  void end(const LogRecord& record) {
    std::vector<LogRecord>& open = open_[record.worker];
    const auto begin = std::find_if(open.rbegin(), open.rend(), [&](const LogRecord& r) {
      return r.activity == record.activity && r.operator_id == record.operator_id;
    });
    if (begin == open.rend()) {
      ++unmatched_;
      return;
    }
    activities_.push_back({record.worker, record.worker, static_cast<Nanos>(begin->time_ns),
                           static_cast<Nanos>(record.time_ns), record.activity, record.operator_id});
    open.erase(std::next(begin).base());
  }

  std::vector<Edge> activities_;  // by their end: of one worker, in the order of time
  std::vector<Edge> messages_;
  std::unordered_map<std::int64_t, std::vector<LogRecord>> open_;
  std::unordered_map<std::int64_t, LogRecord> halves_;  // of messages, by correlator
  std::int64_t unmatched_ = 0;
};

}  // namespace

OpenTrace read_ctf(const std::filesystem::path& path, const CtfMap& map) {
  auto log = std::make_unique<CtfLog>(path, map);
  OpenTrace trace;
  trace.name = path.string();
  trace.ctf = true;
  trace.kind = log->kind() == "edges" ? "what weir exported of a run" : "a CTF trace";
  if (log->kind() != "edges") {
    trace.log = std::move(log);
    return trace;
  }
  Edges edges;
  std::vector<LogRecord> records;
  while (log->read(records)) {
    for (const LogRecord& record : records) edges.take(record);
    records.clear();
  }
  trace.edges = edges.list(*log);
  return trace;
}

}  // namespace weir::analyzer
