// Spark's event log (spark.eventLog.enabled): one JSON object a line. What the driver and the executors'
// threads did is put together from it, as it is not in it directly:
//
//   driver    ─scheduling─┬──────waiting───────┬─scheduling─
//                  launch ╲                    ╱ finished
//   thread      waiting    ├deser.─run─serial.─┤  waiting
//
//   * A task takes deserialization + run + serialization on its executor. What is left between launch and
//   finish, as the
//     driver saw them, was under way: half of it before, half after (but for the time to fetch a result).
//   * Which of its executor's threads ran a task the log does not say: the one that has been free longest.
//   Times are
//     milliseconds, so tasks of one thread may overlap a little: the later one gives way.
//   * Until something that the driver did (a launch, a stage submitted or completed, the end of the job) it
//   was
//     scheduling; until a task that came back it was waiting; until the job was submitted it waited for its
//     user, which is input.
//
// Formats: Spark 2.1's, fields of JsonProtocol.scala; newer ones only add to them. Times of 2.1 are in
// milliseconds.

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <nlohmann/json.hpp>

#include "sim/analyzer/edge_list.hpp"

namespace weir::analyzer {

namespace {

using Json = nlohmann::json;

constexpr Nanos nanos_per_milli = 1'000'000;

struct Task {
  std::int64_t stage = 0;
  std::string executor;
  Nanos launch_ns = 0;
  Nanos finish_ns = 0;
  Nanos fetch_ns = 0;  // the driver began to fetch its result; 0: it did not
  Nanos deserialize_ns = 0;
  Nanos run_ns = 0;
  Nanos serialize_ns = 0;
};

struct DriverEvent {
  Nanos time_ns;
  bool waited_for;  // a task that came back
};

class SparkLog {
 public:
  explicit SparkLog(std::string name) : name_(std::move(name)) {}

  void read(std::istream& stream) {
    std::string line;
    for (std::int64_t number = 1; std::getline(stream, line); ++number) {
      if (line.empty()) continue;
      const Json event = Json::parse(line, nullptr, false);
      if (event.is_discarded() || !event.is_object()) {
        if (number == 1)
          throw TraceError(fmt::format("{}:1: not a line of JSON, as a Spark event log begins with", name_));
        list_->leave_out("lines that are no JSON (cut off?)");
        continue;
      }
      try {
        take(event);
      } catch (const Json::exception&) {
        list_->leave_out("events without a field that they should have");
      }
    }
    if (!spark_) throw TraceError(fmt::format("{}: JSON, but no events of Spark in it", name_));
    if (tasks_.empty()) throw TraceError(fmt::format("{}: a Spark event log in which no task ended", name_));
  }

  std::unique_ptr<EdgeSource> edges() {
    driver_ = list_->add_worker("driver");
    std::stable_sort(tasks_.begin(), tasks_.end(),
                     [](const Task& a, const Task& b) { return a.launch_ns < b.launch_ns; });
    for (const Task& task : tasks_) add(task);
    add_driver();
    for (auto& [executor, threads] : threads_) {
      for (const int thread : threads)
        list_->add_activity(thread, list_->end_of(thread), last_ns_, Activity::waiting);
    }
    return std::move(list_);
  }

 private:
  static Nanos milliseconds(const Json& value) {
    const auto count = value.get<std::int64_t>();
    if (count < 0 || count > 4'000'000'000'000)
      throw Json::other_error::create(501, "a time out of range", nullptr);
    return count * nanos_per_milli;
  }

  void take(const Json& event) {
    const std::string kind = event.at("Event");
    spark_ = spark_ || kind.starts_with("SparkListener");
    if (kind == "SparkListenerApplicationStart") {
      first_ns_ = milliseconds(event.at("Timestamp"));
    } else if (kind == "SparkListenerJobStart") {
      if (job_ns_ == 0) job_ns_ = milliseconds(event.at("Submission Time"));
      events_.push_back({milliseconds(event.at("Submission Time")), false});
    } else if (kind == "SparkListenerJobEnd") {
      events_.push_back({milliseconds(event.at("Completion Time")), false});
    } else if (kind == "SparkListenerStageSubmitted" || kind == "SparkListenerStageCompleted") {
      const Json& stage = event.at("Stage Info");
      if (kind == "SparkListenerStageSubmitted") stages_[stage.at("Stage ID")] = stage.at("Stage Name");
      for (const char* key : {"Submission Time", "Completion Time"}) {
        if (stage.contains(key)) events_.push_back({milliseconds(stage.at(key)), false});
      }
    } else if (kind == "SparkListenerExecutorAdded") {
      cores_[event.at("Executor ID")] =
          std::clamp(event.at("Executor Info").at("Total Cores").get<int>(), 1, 4096);
    } else if (kind == "SparkListenerTaskEnd") {
      take_task(event);
    }
  }

  void take_task(const Json& event) {
    const Json& info = event.at("Task Info");
    const Json& metrics = event.at("Task Metrics");
    Task task;
    task.stage = event.at("Stage ID");
    task.executor = info.at("Executor ID");
    task.launch_ns = milliseconds(info.at("Launch Time"));
    task.finish_ns = milliseconds(info.at("Finish Time"));
    task.fetch_ns = milliseconds(info.at("Getting Result Time"));
    task.deserialize_ns = milliseconds(metrics.at("Executor Deserialize Time"));
    task.run_ns = milliseconds(metrics.at("Executor Run Time"));
    task.serialize_ns = milliseconds(metrics.at("Result Serialization Time"));
    if (task.finish_ns < task.launch_ns) {
      list_->leave_out("tasks that finished before they were launched");
      return;
    }
    tasks_.push_back(task);
  }

  int thread_for(const std::string& executor) {
    auto& threads = threads_[executor];
    const auto free = std::min_element(threads.begin(), threads.end(),
                                       [&](int a, int b) { return list_->end_of(a) < list_->end_of(b); });
    const auto cores = cores_.find(executor);
    const std::size_t threads_max = cores == cores_.end() ? 1 : static_cast<std::size_t>(cores->second);
    if (threads.size() < threads_max && (free == threads.end() || list_->end_of(*free) > begin_ns_)) {
      threads.push_back(list_->add_worker(fmt::format("executor {}, thread {}", executor, threads.size())));
      return threads.back();
    }
    return *free;
  }

  int operator_of(std::int64_t stage) {
    const auto [found, is_new] = operators_.try_emplace(stage, 0);
    if (is_new) {
      const auto name = stages_.find(stage);
      found->second = list_->add_operator(
          fmt::format("stage {}{}", stage, name == stages_.end() ? "" : ": " + name->second));
    }
    return found->second;
  }

  void add(const Task& task) {
    const Nanos back_ns =
        task.fetch_ns > 0 ? std::clamp(task.fetch_ns, task.launch_ns, task.finish_ns) : task.finish_ns;
    const Nanos work_ns = task.deserialize_ns + task.run_ns + task.serialize_ns;
    const Nanos delay_ns = std::max<Nanos>(0, back_ns - task.launch_ns - work_ns);
    begin_ns_ = task.launch_ns + delay_ns / 2;
    const int thread = thread_for(task.executor);
    const std::int32_t stage = operator_of(task.stage);
    // At the latest, a task ends when the driver knows of it.
    const auto until = [&](Nanos time_ns) { return std::min(time_ns, back_ns); };
    Nanos at_ns = std::max(begin_ns_, list_->end_of(thread));
    list_->add_activity(thread, std::max(first_ns_, list_->end_of(thread)), at_ns, Activity::waiting);
    list_->add_message(driver_, task.launch_ns, thread, at_ns, Activity::control_message);
    for (const auto& [activity, duration_ns] : {std::pair{Activity::deserialization, task.deserialize_ns},
                                                std::pair{Activity::processing, task.run_ns},
                                                std::pair{Activity::serialization, task.serialize_ns}}) {
      const Nanos end_ns = until(at_ns + duration_ns);
      list_->add_activity(thread, at_ns, end_ns, activity, stage);
      at_ns = std::max(at_ns, end_ns);
    }
    list_->add_message(thread, std::min(at_ns, task.finish_ns), driver_, task.finish_ns,
                       task.fetch_ns > 0 ? Activity::data_message : Activity::control_message);
    events_.push_back({task.launch_ns, false});
    events_.push_back({task.finish_ns, true});
    last_ns_ = std::max(last_ns_, task.finish_ns);
  }

  void add_driver() {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const DriverEvent& a, const DriverEvent& b) { return a.time_ns < b.time_ns; });
    if (first_ns_ == 0) first_ns_ = events_.front().time_ns;
    Nanos at_ns = first_ns_;
    for (const DriverEvent& event : events_) {
      const Activity activity = event.waited_for           ? Activity::waiting
                                : event.time_ns <= job_ns_ ? Activity::input
                                                           : Activity::scheduling;
      list_->add_activity(driver_, at_ns, event.time_ns, activity);
      at_ns = std::max(at_ns, event.time_ns);
    }
    last_ns_ = std::max(last_ns_, at_ns);
  }

  std::string name_;
  std::unique_ptr<EdgeList> list_ = std::make_unique<EdgeList>();
  bool spark_ = false;
  int driver_ = 0;
  Nanos first_ns_ = 0;
  Nanos last_ns_ = 0;
  Nanos job_ns_ = 0;    // the first job was submitted
  Nanos begin_ns_ = 0;  // of the task that looks for a thread
  std::vector<Task> tasks_;
  std::vector<DriverEvent> events_;
  std::map<std::string, int> cores_;
  std::map<std::int64_t, std::string> stages_;
  std::map<std::int64_t, std::int32_t> operators_;
  std::map<std::string, std::vector<int>> threads_;
};

}  // namespace

std::unique_ptr<EdgeSource> read_spark_event_log(std::istream& stream, std::string name) {
  SparkLog log(std::move(name));
  log.read(stream);
  return log.edges();
}

}  // namespace weir::analyzer
