#include "sim/record/rows.hpp"

namespace weir {

namespace {

// Rows per chunk, which is also what a table buffers: many for what grows with time, few for the rest.
constexpr std::size_t chunk_big = 4096;
constexpr std::size_t chunk_small = 256;

// What the window tables have in common.
template <class Row>
void window_columns(TableSchema<Row>& t) {
  t.column("start_s", "s", "Begin of the metric window, simulated time.", &Row::start_s);
  t.column("end_s", "s", "End of the metric window.", &Row::end_s);
}

template <class Row>
void time_columns(TableSchema<Row>& t) {
  t.column("useful_s", "s",
           "Elapsed time with a record in hand, as an engine's busy time: where instances share a core, "
           "it includes the wait for the core. The four times sum to the window's length per instance.",
           &Row::useful_s);
  t.column("waiting_s", "s", "Time without input.", &Row::waiting_s);
  t.column("blocked_s", "s", "Time with input that could not be worked on: no room downstream.",
           &Row::blocked_s);
  t.column("overhead_s", "s", "Time spent on neither: switching, checkpoints, restarts, waiting for a core.",
           &Row::overhead_s);
  t.column(
      "backpressure_s", "s",
      "Time for which it held the job in backpressure, as the engine tells it; where it tells only who was "
      "held back (Flink): for which it was busy and those before it were held back, at least.",
      &Row::backpressure_s);
}

template <class Row>
void queue_columns(TableSchema<Row>& t) {
  t.column(
      "queue_records", "records",
      "Waiting for the operator inside of the job, at the window's end; an instance has an equal share of "
      "the queue of an operator that pulls.",
      &Row::queue_records);
  t.column("queue_bytes", "bytes", "The same in bytes.", &Row::queue_bytes);
  t.column("queue_records_max", "records",
           "Most that waited at once during the window; of an operator the sum over its instances.",
           &Row::queue_records_max);
}

}  // namespace

template <>
const TableSchema<JobRow>& schema_of() {
  static const auto schema = [] {
    TableSchema<JobRow> t("jobs", "The jobs of the scenario. Written at the start.", chunk_small);
    t.column("job_id", "", "Counts from 0.", &JobRow::job_id);
    t.column("name", "", "Name in the scenario.", &JobRow::name);
    t.column("engine", "", "Its engine.", &JobRow::engine);
    t.column("policy", "", "Its policy.", &JobRow::policy);
    t.column("policy_interval_s", "s", "How often the policy is asked.", &JobRow::policy_interval_s);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<OperatorRow>& schema_of() {
  static const auto schema = [] {
    TableSchema<OperatorRow> t("operators", "The operators of all jobs. Written at the start.", chunk_small);
    t.column("operator_id", "", "Counts from 0 over all jobs.", &OperatorRow::operator_id);
    t.column("job_id", "", "The job it belongs to.", &OperatorRow::job_id);
    t.column("name", "", "Name in the scenario.", &OperatorRow::name);
    t.column("type", "", "Kind of operator, as in `weir list operators`.", &OperatorRow::type);
    t.column("source", "", "Whether it brings records into the job.", &OperatorRow::source);
    t.column("sink", "", "Whether it has no operator downstream.", &OperatorRow::sink);
    t.column("scalable", "", "Whether a policy may change its parallelism.", &OperatorRow::scalable);
    t.column("initial_parallelism", "instances", "At the start.", &OperatorRow::initial_parallelism);
    t.column("max_parallelism", "instances", "Most that a policy may ask for; -1: no bound.",
             &OperatorRow::max_parallelism);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<HostRow>& schema_of() {
  static const auto schema = [] {
    TableSchema<HostRow> t("hosts", "The hosts of the cluster. Written at the start.", chunk_small);
    t.column("host_id", "", "Counts from 0.", &HostRow::host_id);
    t.column("name", "", "Name in the platform.", &HostRow::name);
    t.column("cores", "cores", "Number of cores.", &HostRow::cores);
    t.column("speed_flops_per_s", "flops/s", "Speed of one core.", &HostRow::speed_flops_per_s);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<InstanceRow>& schema_of() {
  static const auto schema = [] {
    using R = InstanceRow;
    TableSchema<R> t("instances", "One row per operator instance, appended when it starts.", chunk_small);
    t.column("instance_id", "", "Counts from 0 over the run; never used again.", &R::instance_id);
    t.column("operator_id", "", "Its operator.", &R::operator_id);
    t.column("index", "", "Which of the operator's instances it is, from 0.", &R::index);
    t.column("host_id", "", "Where it runs.", &R::host_id);
    t.column(
        "deployment", "",
        "Which deployment of the job it belongs to; each reconfiguration that restarts instances begins one.",
        &R::deployment);
    t.column("start_s", "s", "When it started.", &R::start_s);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<InstanceStopRow>& schema_of() {
  static const auto schema = [] {
    using R = InstanceStopRow;
    TableSchema<R> t(
        "instance_stops",
        "Appended when an instance stops. Instances without a row here live to the end of the run.",
        chunk_small);
    t.column("instance_id", "", "As in `instances`.", &R::instance_id);
    t.column("stop_s", "s", "When it stopped.", &R::stop_s);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<OperatorWindowRow>& schema_of() {
  static const auto schema = [] {
    using R = OperatorWindowRow;
    TableSchema<R> t(
        "operator_windows",
        "One row per metric window and operator: what a policy can see, whether there is one or not. "
        "Times and records are sums over the operator's instances.",
        chunk_big);
    window_columns(t);
    t.column("operator_id", "", "Which operator.", &R::operator_id);
    t.column("deployment", "", "Deployment of the job at the window's end.", &R::deployment);
    t.column("running", "", "False when any part of the window was a restart.", &R::running);
    t.column("parallelism", "instances", "At the window's end.", &R::parallelism);
    t.column("records_in", "records", "Processed during the window.", &R::records_in);
    t.column("records_out", "records", "Emitted during the window.", &R::records_out);
    time_columns(t);
    t.column("true_processing_rate_per_s", "records/s",
             "Sum over instances of records in per useful second: capacity. NaN if nothing was processed.",
             &R::true_processing_rate_per_s);
    t.column("true_output_rate_per_s", "records/s", "The same of records out.", &R::true_output_rate_per_s);
    t.column("observed_processing_rate_per_s", "records/s", "Records in per second of the window.",
             &R::observed_processing_rate_per_s);
    t.column("observed_output_rate_per_s", "records/s", "Records out per second of the window.",
             &R::observed_output_rate_per_s);
    queue_columns(t);
    t.column("offered_per_s", "records/s",
             "Sources: rate from outside; of a window that a restart cut off between two arrivals, the "
             "expected one. "
             "NaN for other operators.",
             &R::offered_per_s);
    t.column("backlog_records", "records",
             "Sources: waiting outside of the job at the window's end. NaN for other operators.",
             &R::backlog_records);
    t.column("optimal_parallelism", "instances",
             "Least parallelism that sustains the offered rate of this window, as the oracle computes it; "
             "-1: unknown.",
             &R::optimal_parallelism);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<InstanceWindowRow>& schema_of() {
  static const auto schema = [] {
    using R = InstanceWindowRow;
    TableSchema<R> t("instance_windows",
                     "One row per metric window and instance. Not written while more instances live than the "
                     "run's setting allows.",
                     chunk_big);
    window_columns(t);
    t.column("instance_id", "", "Which instance.", &R::instance_id);
    t.column("operator_id", "", "Its operator.", &R::operator_id);
    t.column("records_in", "records", "Processed during the window.", &R::records_in);
    t.column("records_out", "records", "Emitted during the window.", &R::records_out);
    time_columns(t);
    queue_columns(t);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<JobWindowRow>& schema_of() {
  static const auto schema = [] {
    using R = JobWindowRow;
    TableSchema<R> t("job_windows", "One row per metric window and job.", chunk_big);
    window_columns(t);
    t.column("job_id", "", "Which job.", &R::job_id);
    t.column("deployment", "", "Its deployment at the window's end.", &R::deployment);
    t.column("running", "", "False when any part of the window was a restart.", &R::running);
    t.column("offered_per_s", "records/s", "Rate from outside, all sources.", &R::offered_per_s);
    t.column("achieved_per_s", "records/s", "Rate at which sources brought records into the job.",
             &R::achieved_per_s);
    t.column("latency_count", "records",
             "Results that arrived at sinks during the window: those that the latencies are of.",
             &R::latency_count);
    t.column("latency_mean_s", "s",
             "From a record's arrival time at the source to its result at the sink. NaN without results.",
             &R::latency_mean_s);
    t.column("latency_p50_s", "s", "Median.", &R::latency_p50_s);
    t.column("latency_p95_s", "s", "95th percentile.", &R::latency_p95_s);
    t.column("latency_p99_s", "s", "99th percentile.", &R::latency_p99_s);
    t.column("latency_max_s", "s", "Largest.", &R::latency_max_s);
    t.column("in_flight_records", "records",
             "Origins inside of the job that are not complete, at the window's end.", &R::in_flight_records);
    t.column("sources_stopped_share", "share of time",
             "For which sources were stopped by backpressure, mean over source instances.",
             &R::sources_stopped_share);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<HostWindowRow>& schema_of() {
  static const auto schema = [] {
    using R = HostWindowRow;
    TableSchema<R> t("host_windows", "One row per metric window of a job and host.", chunk_big);
    window_columns(t);
    t.column("host_id", "", "Which host.", &R::host_id);
    t.column("job_id", "", "Whose metric window it is.", &R::job_id);
    t.column(
        "cpu_used_share", "share of cores",
        "Core time that the instances of all jobs really took, per core time of the host. Two that share a "
        "core take half of it each, though both are useful (`useful_s`) all the time.",
        &R::cpu_used_share);
    t.column("sent_bytes", "bytes", "By this job over the network to other hosts.", &R::sent_bytes);
    t.column("received_bytes", "bytes", "By this job from other hosts.", &R::received_bytes);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<DecisionRow>& schema_of() {
  static const auto schema = [] {
    using R = DecisionRow;
    TableSchema<R> t("decisions",
                     "What policies saw and concluded, also when they did nothing on purpose. Longer texts "
                     "end in an ellipsis here; "
                     "summary.json has them in full.",
                     chunk_small);
    t.column("decision_id", "", "Counts from 0 over the run.", &R::decision_id);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("time_s", "s", "When.", &R::time_s);
    t.column("policy", "", "Who decided.", &R::policy);
    t.column("symptom", "", "What was seen.", &R::symptom);
    t.column("diagnosis", "", "What it was taken for.", &R::diagnosis);
    t.column("reason", "", "Why this answer.", &R::reason);
    t.column("targets", "operators", "How many operators were to change; 0: nothing was done.", &R::targets);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<ActionRow>& schema_of() {
  static const auto schema = [] {
    using R = ActionRow;
    TableSchema<R> t("actions",
                     "One row per action and operator that it changes, appended when the action has ended "
                     "(or the run has).",
                     chunk_small);
    t.column("action_id", "", "Counts from 0 over the run; shared by the operators that change together.",
             &R::action_id);
    t.column("decision_id", "", "The decision behind it; -1: none.", &R::decision_id);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("operator_id", "",
             "Which operator; -1: workers of the job (of Spark, executors) have started or were released.",
             &R::operator_id);
    t.column("from_parallelism", "instances", "Before.", &R::from_parallelism);
    t.column("to_parallelism", "instances", "Asked for, after clipping.", &R::to_parallelism);
    t.column("requested_s", "s", "When the policy asked.", &R::requested_s);
    t.column("ended_s", "s", "When it was over; NaN: still under way at the end of the run.", &R::ended_s);
    t.column(
        "status", "",
        "`done`, `clipped` (done, but not as far as asked), `refused`, `failed`, or `running` at the end.",
        &R::status);
    t.column("downtime_s", "s", "For which the job stood still.", &R::downtime_s);
    t.column("state_moved_bytes", "bytes", "State that was written, read or sent for it.",
             &R::state_moved_bytes);
    t.column("records_lost", "records", "Lost by it, where the engine's guarantee allows that.",
             &R::records_lost);
    t.column("detail", "", "What the engine says about it.", &R::detail);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<SplitRow>& schema_of() {
  static const auto schema = [] {
    using R = SplitRow;
    TableSchema<R> t(
        "splits",
        "How policies split rates among the instances of operators: one row per instance of each "
        "operator that an action changes, appended when the action has ended (or the run has).",
        chunk_small);
    t.column("action_id", "", "Counts from 0 over the run, together with `actions`.", &R::action_id);
    t.column("decision_id", "", "The decision behind it; -1: none.", &R::decision_id);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("operator_id", "", "Whose input is split.", &R::operator_id);
    t.column("instance", "", "Of that operator, from 0 on.", &R::instance);
    t.column("share", "", "Of the operator's input; those of its instances add up to 1.", &R::share);
    t.column("requested_s", "s", "When the policy asked.", &R::requested_s);
    t.column("ended_s", "s", "In force from then on, if done; NaN: still under way at the end of the run.",
             &R::ended_s);
    t.column("status", "", "`done`, `refused`, `failed`, or `running` at the end.", &R::status);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<CatchUpRow>& schema_of() {
  static const auto schema = [] {
    using R = CatchUpRow;
    TableSchema<R> t(
        "catch_ups",
        "One row per action that the job caught up with, appended when it has: at the end of the "
        "first window after the action in which no more records wait outside than before it, "
        "unless another action came first.",
        chunk_small);
    t.column("action_id", "", "Which action.", &R::action_id);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("catch_up_s", "s", "From the action's end on.", &R::catch_up_s);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<MicroBatchRow>& schema_of() {
  static const auto schema = [] {
    using R = MicroBatchRow;
    TableSchema<R> t(
        "micro_batches",
        "One row per batch of an engine in micro-batches (Spark), appended when its job is over. "
        "Total delay: `ended_s` - `submitted_s`.",
        chunk_small);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("batch", "", "Counts from 0.", &R::batch);
    t.column("made_s", "s", "The time of the batch: what came in before belongs to it.", &R::made_s);
    t.column("submitted_s", "s", "The driver has made its job, files are listed.", &R::submitted_s);
    t.column("started_s", "s", "It had waited for other jobs until then (scheduling delay).", &R::started_s);
    t.column("ended_s", "s", "All its tasks are over (processing time).", &R::ended_s);
    t.column("records", "", "From sources.", &R::records);
    t.column("tasks", "", "That were launched for it.", &R::tasks);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<LatencyBucketRow>& schema_of() {
  static const auto schema = [] {
    using R = LatencyBucketRow;
    TableSchema<R> t(
        "latency_histogram",
        "Latencies of the whole run, the filled buckets of a log-linear histogram. Written at the end.",
        chunk_small);
    t.column("job_id", "", "Of which job.", &R::job_id);
    t.column("from_s", "s", "Lower bound of the bucket, inclusive.", &R::from_s);
    t.column("to_s", "s", "Upper bound, exclusive.", &R::to_s);
    t.column("records", "records", "Results with a latency in between.", &R::records);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<FinalOperatorRow>& schema_of() {
  static const auto schema = [] {
    using R = FinalOperatorRow;
    TableSchema<R> t("final_operators", "State of each operator at the end of the run.", chunk_small);
    t.column("operator_id", "", "Which operator.", &R::operator_id);
    t.column("parallelism", "instances", "At the end.", &R::parallelism);
    t.column("records_in", "records", "Processed in the whole run.", &R::records_in);
    t.column("records_out", "records", "Emitted in the whole run.", &R::records_out);
    t.column("optimal_parallelism", "instances", "For the offered rate of the end; -1: unknown.",
             &R::optimal_parallelism);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<FinalJobRow>& schema_of() {
  static const auto schema = [] {
    using R = FinalJobRow;
    TableSchema<R> t(
        "final_jobs",
        "Where the weight of each job's records ended, which is one for each and is shared among what it "
        "becomes: emitted = delivered + filtered + dropped + in flight. Numbers of records where no operator "
        "makes several of one.",
        chunk_small);
    t.column("job_id", "", "Which job.", &R::job_id);
    t.column("emitted_records", "records", "Brought in by sources, replays not counted.",
             &R::emitted_records);
    t.column("delivered_records", "records", "Weight that ended at sinks.", &R::delivered_records);
    t.column("filtered_records", "records", "Weight of which nothing came: filtered.", &R::filtered_records);
    t.column("dropped_records", "records", "Weight that was lost or shed.", &R::dropped_records);
    t.column("replayed_records", "records", "Sent again after a failure.", &R::replayed_records);
    t.column("in_flight_records", "records", "Weight under way at the end.", &R::in_flight_records);
    t.column("policy_idle", "", "The policy was never asked, or never had anything to go by.",
             &R::policy_idle);
    return t;
  }();
  return schema;
}

template <>
const TableSchema<FinalRow>& schema_of() {
  static const auto schema = [] {
    using R = FinalRow;
    TableSchema<R> t("final", "One row, written last: without it the run did not come to an orderly end.",
                     chunk_small);
    t.column("simulated_s", "s", "Simulated time at the end.", &R::simulated_s);
    t.column("wall_s", "s", "What it took.", &R::wall_s);
    t.column("events", "events", "Events of the calendar.", &R::events);
    t.column("fingerprint", "", "Of the event trajectory, hexadecimal.", &R::fingerprint);
    t.column("complete", "", "False when the run was stopped before the time asked for.", &R::complete);
    return t;
  }();
  return schema;
}

std::vector<const TableInfo*> run_file_tables() {
  return {&schema_of<JobRow>().info(),
          &schema_of<OperatorRow>().info(),
          &schema_of<HostRow>().info(),
          &schema_of<InstanceRow>().info(),
          &schema_of<InstanceStopRow>().info(),
          &schema_of<OperatorWindowRow>().info(),
          &schema_of<InstanceWindowRow>().info(),
          &schema_of<JobWindowRow>().info(),
          &schema_of<HostWindowRow>().info(),
          &schema_of<DecisionRow>().info(),
          &schema_of<ActionRow>().info(),
          &schema_of<SplitRow>().info(),
          &schema_of<CatchUpRow>().info(),
          &schema_of<MicroBatchRow>().info(),
          &schema_of<LatencyBucketRow>().info(),
          &schema_of<FinalOperatorRow>().info(),
          &schema_of<FinalJobRow>().info(),
          &schema_of<FinalRow>().info()};
}

}  // namespace weir
