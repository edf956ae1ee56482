#include "sim/ctf/ctf_child.hpp"

#include <babeltrace2/babeltrace.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>
#include <unordered_map>

#include "sim/ctf/ctf_reader.hpp"

namespace weir::ctf {

namespace {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the library says about the last thing that went wrong: the first cause, in one line.
[[noreturn]] void fail(const std::string& what) {
  std::string text = what;
  if (const bt_error* error = bt_current_thread_take_error(); error != nullptr) {
    if (bt_error_get_cause_count(error) > 0) {
      const std::string cause = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
      text += ": " + cause.substr(0, cause.find_first_of(":\n"));
    }
    bt_error_release(error);
  }
  throw Failure(text);
}

class Pipe {
 public:
  explicit Pipe(int fd) : fd_(fd) {}
  template <class T>
  void number(T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  void tag(Tag tag) { bytes_ += static_cast<char>(tag); }
  void text(std::string_view text) {
    const std::string_view shown = text.substr(0, text_max_bytes);
    number(static_cast<std::uint32_t>(shown.size()));
    bytes_ += shown;
  }
  void message_ended() {
    if (bytes_.size() >= chunk_bytes) flush();
  }
  void flush() {
    std::string_view rest = bytes_;
    while (!rest.empty()) {
      const ssize_t written = ::write(fd_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) ::_exit(0);  // nobody listens
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    bytes_.clear();
  }

 private:
  static constexpr std::size_t chunk_bytes = 65536;
  static constexpr std::size_t text_max_bytes = 4096;
  int fd_;
  std::string bytes_;
};

// ---------------------------------------------------------------- fields

bool is(const bt_field* field, bt_field_class_type type) {
  return bt_field_class_type_is(bt_field_get_class_type(field), type);
}

// Bytes that a field takes, without alignment.
std::int64_t size_of(const bt_field* field) {
  if (is(field, BT_FIELD_CLASS_TYPE_INTEGER)) {
    const bt_field_class* of = bt_field_borrow_class_const(field);
    return static_cast<std::int64_t>((bt_field_class_integer_get_field_value_range(of) + 7) / 8);
  }
  if (is(field, BT_FIELD_CLASS_TYPE_BOOL)) return 1;
  if (is(field, BT_FIELD_CLASS_TYPE_BIT_ARRAY))
    return static_cast<std::int64_t>(
        (bt_field_class_bit_array_get_length(bt_field_borrow_class_const(field)) + 7) / 8);
  if (is(field, BT_FIELD_CLASS_TYPE_SINGLE_PRECISION_REAL)) return 4;
  if (is(field, BT_FIELD_CLASS_TYPE_DOUBLE_PRECISION_REAL)) return 8;
  if (is(field, BT_FIELD_CLASS_TYPE_STRING))
    return static_cast<std::int64_t>(bt_field_string_get_length(field)) + 1;
  std::int64_t size = 0;
  if (is(field, BT_FIELD_CLASS_TYPE_ARRAY)) {
    const std::uint64_t length = bt_field_array_get_length(field);
    for (std::uint64_t i = 0; i < length; ++i)
      size += size_of(bt_field_array_borrow_element_field_by_index_const(field, i));
  } else if (is(field, BT_FIELD_CLASS_TYPE_STRUCTURE)) {
    const std::uint64_t members =
        bt_field_class_structure_get_member_count(bt_field_borrow_class_const(field));
    for (std::uint64_t i = 0; i < members; ++i)
      size += size_of(bt_field_structure_borrow_member_field_by_index_const(field, i));
  } else if (is(field, BT_FIELD_CLASS_TYPE_OPTION)) {
    const bt_field* content = bt_field_option_borrow_field_const(field);
    if (content != nullptr) size = size_of(content);
  } else if (is(field, BT_FIELD_CLASS_TYPE_VARIANT)) {
    size = size_of(bt_field_variant_borrow_selected_option_field_const(field));
  }
  return size;
}

std::int64_t clamped(std::uint64_t value) {
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(value, max));
}

using Labels = std::map<std::int64_t, std::string>;

// The names of single numbers; ranges of numbers have none.
Labels labels_of(const bt_field_class* of) {
  Labels labels;
  const std::uint64_t count = bt_field_class_enumeration_get_mapping_count(of);
  const bool is_signed = bt_field_class_get_type(of) == BT_FIELD_CLASS_TYPE_SIGNED_ENUMERATION;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (is_signed) {
      const auto* mapping = bt_field_class_enumeration_signed_borrow_mapping_by_index_const(of, i);
      const auto* ranges = bt_field_class_enumeration_signed_mapping_borrow_ranges_const(mapping);
      const auto* range = bt_integer_range_set_signed_borrow_range_by_index_const(ranges, 0);
      if (bt_integer_range_signed_get_lower(range) == bt_integer_range_signed_get_upper(range)) {
        labels[bt_integer_range_signed_get_lower(range)] = bt_field_class_enumeration_mapping_get_label(
            bt_field_class_enumeration_signed_mapping_as_mapping_const(mapping));
      }
    } else {
      const auto* mapping = bt_field_class_enumeration_unsigned_borrow_mapping_by_index_const(of, i);
      const auto* ranges = bt_field_class_enumeration_unsigned_mapping_borrow_ranges_const(mapping);
      const auto* range = bt_integer_range_set_unsigned_borrow_range_by_index_const(ranges, 0);
      if (bt_integer_range_unsigned_get_lower(range) == bt_integer_range_unsigned_get_upper(range)) {
        labels[clamped(bt_integer_range_unsigned_get_lower(range))] =
            bt_field_class_enumeration_mapping_get_label(
                bt_field_class_enumeration_unsigned_mapping_as_mapping_const(mapping));
      }
    }
  }
  return labels;
}

// ---------------------------------------------------------------- events

enum class Scope { none, payload, specific_context, common_context, packet_context };

struct Place {
  Scope scope = Scope::none;
  std::uint64_t member = 0;
};

struct KnownClass {
  std::uint32_t number = 0;
  std::vector<Place> places;  // by field
};

class Sender {
 public:
  Sender(const std::vector<std::string>& fields, int pipe) : fields_(fields), pipe_(pipe) {}

  Pipe& pipe() { return pipe_; }
  // What went wrong in here, while the library called.
  const std::string& failure() const { return failure_; }
  bool take_all(const bt_message* const* messages, std::uint64_t count) {
    try {
      for (std::uint64_t i = 0; i < count; ++i) take(messages[i]);
    } catch (const std::exception& failure) {
      failure_ = failure.what();
    }
    for (std::uint64_t i = 0; i < count; ++i) bt_message_put_ref(messages[i]);
    return failure_.empty();
  }

 private:
  void take(const bt_message* message) {
    switch (bt_message_get_type(message)) {
      case BT_MESSAGE_TYPE_EVENT:
        event(message);
        break;
      case BT_MESSAGE_TYPE_DISCARDED_EVENTS: {
        std::uint64_t count = 1;
        if (bt_message_discarded_events_get_count(message, &count) != BT_PROPERTY_AVAILABILITY_AVAILABLE)
          count = 1;
        pipe_.tag(Tag::discarded);
        pipe_.number(clamped(count));
        pipe_.message_ended();
        break;
      }
      default:
        break;
    }
  }

  static const bt_field* scope_of(const bt_event* event, Scope scope) {
    switch (scope) {
      case Scope::payload:
        return bt_event_borrow_payload_field_const(event);
      case Scope::specific_context:
        return bt_event_borrow_specific_context_field_const(event);
      case Scope::common_context:
        return bt_event_borrow_common_context_field_const(event);
      case Scope::packet_context: {
        if (!bt_stream_class_supports_packets(
                bt_stream_borrow_class_const(bt_event_borrow_stream_const(event))))
          return nullptr;
        const bt_packet* packet = bt_event_borrow_packet_const(event);
        return packet == nullptr ? nullptr : bt_packet_borrow_context_field_const(packet);
      }
      case Scope::none:
        break;
    }
    return nullptr;
  }

  Place find(const bt_event* event, std::size_t field) {
    for (const Scope scope :
         {Scope::payload, Scope::specific_context, Scope::common_context, Scope::packet_context}) {
      const bt_field* structure = scope_of(event, scope);
      if (structure == nullptr) continue;
      const bt_field_class* of = bt_field_borrow_class_const(structure);
      const std::uint64_t members = bt_field_class_structure_get_member_count(of);
      for (std::uint64_t m = 0; m < members; ++m) {
        const auto* member = bt_field_class_structure_borrow_member_by_index_const(of, m);
        if (fields_[field] != bt_field_class_structure_member_get_name(member)) continue;
        const bt_field_class* inner = bt_field_class_structure_member_borrow_field_class_const(member);
        if (bt_field_class_type_is(bt_field_class_get_type(inner), BT_FIELD_CLASS_TYPE_ENUMERATION))
          send_labels(field, inner);
        return {scope, m};
      }
    }
    return {};
  }

  void send_labels(std::size_t field, const bt_field_class* of) {
    for (const auto& [number, label] : labels_of(of)) {
      pipe_.tag(Tag::label);
      pipe_.number(static_cast<std::uint32_t>(field));
      pipe_.number(number);
      pipe_.text(label);
      pipe_.message_ended();
    }
  }

  void send_environment(const bt_trace* trace) {
    const std::uint64_t count = bt_trace_get_environment_entry_count(trace);
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* name = nullptr;
      const bt_value* value = nullptr;
      bt_trace_borrow_environment_entry_by_index_const(trace, i, &name, &value);
      pipe_.tag(Tag::environment);
      pipe_.text(name);
      pipe_.text(bt_value_is_string(value) ? std::string(bt_value_string_get(value))
                                           : fmt::format("{}", bt_value_integer_signed_get(value)));
      pipe_.message_ended();
    }
  }

  const KnownClass& known(const bt_event* event) {
    const bt_event_class* of = bt_event_borrow_class_const(event);
    const auto [found, is_new] = classes_.try_emplace(of);
    if (is_new) {
      if (classes_.size() == 1)
        send_environment(bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event)));
      found->second.number = static_cast<std::uint32_t>(classes_.size() - 1);
      const char* name = bt_event_class_get_name(of);
      pipe_.tag(Tag::event_class);
      pipe_.text(name == nullptr ? "" : name);
      pipe_.message_ended();
      for (std::size_t f = 0; f < fields_.size(); ++f) found->second.places.push_back(find(event, f));
    }
    return found->second;
  }

  void event(const bt_message* message) {
    const bt_event* event = bt_message_event_borrow_event_const(message);
    const KnownClass& of = known(event);
    const bt_stream* stream = bt_event_borrow_stream_const(event);
    if (bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(stream)) == nullptr)
      throw Failure("its events have no clock");
    std::int64_t time_ns = 0;
    if (bt_clock_snapshot_get_ns_from_origin(bt_message_event_borrow_default_clock_snapshot_const(message),
                                             &time_ns) != BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
      fail("a time cannot be told in nanoseconds");
    const auto number =
        streams_.try_emplace(stream, static_cast<std::uint32_t>(streams_.size())).first->second;
    const bt_field* payload = bt_event_borrow_payload_field_const(event);
    pipe_.tag(Tag::event);
    pipe_.number(time_ns);
    pipe_.number(number);
    pipe_.number(of.number);
    pipe_.number(payload == nullptr ? std::int64_t{0} : size_of(payload));
    for (const Place& place : of.places) field(event, place);
    pipe_.message_ended();
  }

  void field(const bt_event* event, const Place& place) {
    const bt_field* structure = scope_of(event, place.scope);
    const bt_field* value =
        structure == nullptr ? nullptr
                             : bt_field_structure_borrow_member_field_by_index_const(structure, place.member);
    const auto integer = [&](std::int64_t number) {
      pipe_.number(FieldValue::Type::integer);
      pipe_.number(number);
    };
    if (value == nullptr) {
      pipe_.number(FieldValue::Type::none);
    } else if (is(value, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)) {
      integer(clamped(bt_field_integer_unsigned_get_value(value)));
    } else if (is(value, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)) {
      integer(bt_field_integer_signed_get_value(value));
    } else if (is(value, BT_FIELD_CLASS_TYPE_BOOL)) {
      integer(bt_field_bool_get_value(value) ? 1 : 0);
    } else if (is(value, BT_FIELD_CLASS_TYPE_STRING)) {
      pipe_.number(FieldValue::Type::text);
      pipe_.text(bt_field_string_get_value(value));
    } else {
      pipe_.number(FieldValue::Type::none);
    }
  }

  const std::vector<std::string>& fields_;
  Pipe pipe_;
  std::string failure_;
  std::unordered_map<const bt_event_class*, KnownClass> classes_;
  std::unordered_map<const bt_stream*, std::uint32_t> streams_;
};

// ---------------------------------------------------------------- the graph

bt_graph_simple_sink_component_consume_func_status consume(bt_message_iterator* iterator, void* data) {
  auto* sender = static_cast<Sender*>(data);
  bt_message_array_const messages = nullptr;
  std::uint64_t count = 0;
  switch (bt_message_iterator_next(iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
      break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
      return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
      return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    default:
      return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
  }
  return sender->take_all(messages, count) ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK
                                           : BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
}

const bt_plugin* plugin(const char* name) {
  const bt_plugin* found = nullptr;
  if (bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &found) != BT_PLUGIN_FIND_STATUS_OK)
    fail(fmt::format("libbabeltrace2 has no plugin {}", name));
  return found;
}

const bt_component_source* add_source(bt_graph* graph, const bt_plugin* ctf,
                                      const std::filesystem::path& directory) {
  const auto* source_class = bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs");
  bt_value* parameters = bt_value_map_create();
  bt_value* inputs = bt_value_array_create();
  bt_value_array_append_string_element(inputs, directory.c_str());
  bt_value_map_insert_entry(parameters, "inputs", inputs);
  const bt_component_source* source = nullptr;
  if (bt_graph_add_source_component(graph, source_class, directory.c_str(), parameters, BT_LOGGING_LEVEL_NONE,
                                    &source) != BT_GRAPH_ADD_COMPONENT_STATUS_OK)
    fail(fmt::format("{}: is no trace that can be read", directory.string()));
  return source;
}

// Sources for all directories ─▶ muxer, which puts everything in the order of time ─▶ us
void run(const std::vector<std::filesystem::path>& directories, Sender& sender) {
  bt_graph* graph = bt_graph_create(0);
  const bt_plugin* ctf = plugin("ctf");
  const bt_component_filter* muxer = nullptr;
  if (bt_graph_add_filter_component(
          graph, bt_plugin_borrow_filter_component_class_by_name_const(plugin("utils"), "muxer"), "muxer",
          nullptr, BT_LOGGING_LEVEL_NONE, &muxer) != BT_GRAPH_ADD_COMPONENT_STATUS_OK)
    fail("libbabeltrace2 has no muxer");
  std::uint64_t inputs = 0;
  for (const auto& directory : directories) {
    const bt_component_source* source = add_source(graph, ctf, directory);
    const std::uint64_t ports = bt_component_source_get_output_port_count(source);
    for (std::uint64_t p = 0; p < ports; ++p) {
      if (bt_graph_connect_ports(graph, bt_component_source_borrow_output_port_by_index_const(source, p),
                                 bt_component_filter_borrow_input_port_by_index_const(muxer, inputs++),
                                 nullptr) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
        fail(directory.string());
    }
  }
  if (inputs == 0) throw Failure("it has no streams of events");
  const bt_component_sink* sink = nullptr;
  if (bt_graph_add_simple_sink_component(graph, "weir", nullptr, consume, nullptr, &sender, &sink) !=
          BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
      bt_graph_connect_ports(graph, bt_component_filter_borrow_output_port_by_index_const(muxer, 0),
                             bt_component_sink_borrow_input_port_by_index_const(sink, 0),
                             nullptr) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
    fail("libbabeltrace2 cannot be set up");
  for (;;) {
    switch (bt_graph_run_once(graph)) {
      case BT_GRAPH_RUN_ONCE_STATUS_OK:
      case BT_GRAPH_RUN_ONCE_STATUS_AGAIN:
        break;
      case BT_GRAPH_RUN_ONCE_STATUS_END:
        return;
      default:
        if (!sender.failure().empty()) throw Failure(sender.failure());
        fail("cannot be read on");
    }
  }
}

}  // namespace

void send_trace(const std::vector<std::filesystem::path>& directories, const std::vector<std::string>& fields,
                int pipe) {
  Sender sender(fields, pipe);
  try {
    run(directories, sender);
    sender.pipe().tag(Tag::end);
  } catch (const std::exception& failure) {
    sender.pipe().tag(Tag::error);
    sender.pipe().text(failure.what());
  }
  sender.pipe().flush();
}

}  // namespace weir::ctf
