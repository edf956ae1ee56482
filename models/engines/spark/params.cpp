#include "models/engines/spark/params.hpp"

#include <fmt/format.h>

#include "sim/scenario/node.hpp"

namespace weir::spark {

namespace {

const char* const guide = "Spark 2.x, streaming-programming-guide.md";
const char* const chosen = "not published; chosen";
const char* const file_logs = "HASTE-project/benchmarking-tools, logs of file streaming of 2018-04-29";

ParamTable<ReceiverParams> receiver_table() {
  ParamTable<ReceiverParams> t("receiver");
  t.real("block_interval_ms", &ReceiverParams::block_interval_ms,
         {.unit = "ms",
          .help = "What a receiver takes in for so long becomes a block: a partition of a batch, and a task.",
          .source = "Spark, spark.streaming.blockInterval"},
         Range{.low = 1, .high = 1e9});
  t.boolean("replicate", &ReceiverParams::replicate,
            {.help = "A block is copied to a second host before it counts as received.",
             .source = std::string(guide) + ", MEMORY_AND_DISK_SER_2"});
  return t;
}

ParamTable<FileParams> file_table() {
  ParamTable<FileParams> t("file");
  t.real("listing_per_file_ms", &FileParams::listing_per_file_ms,
         {.unit = "ms",
          .help = "What listing the directory takes for each file in it, before each batch.",
          .source = std::string(file_logs) + ": 0.2 to 0.6 ms"},
         between(0, 1e6));
  t.real("kept_s", &FileParams::kept_s,
         {.unit = "s",
          .help = "How long a file stays in the directory.",
          .source = std::string(file_logs) + ": deleted after 60 s"},
         between(0, 1e9));
  t.text("host", &FileParams::host,
         {.help = "The host of the file server, from which tasks read their files over the network; empty: "
                  "reading is part of the operator's cost."});
  return t;
}

ParamTable<DirectParams> direct_table() {
  ParamTable<DirectParams> t("direct");
  t.integer("partitions", &DirectParams::partitions,
            {.help = "Of the topic of each source: a task for each in every batch, with records or without.",
             .source = guide},
            between(1, 16384));
  t.text("host", &DirectParams::host,
         {.help = "The host of the broker, from which tasks read over the network; empty: reading is part of "
                  "the operator's cost."});
  return t;
}

ParamTable<DriverParams> driver_table() {
  ParamTable<DriverParams> t("driver");
  t.real("generation_ms", &DriverParams::generation_ms,
         {.unit = "ms",
          .help = "Time of the job generator for each batch, besides listing files.",
          .source = chosen},
         between(0, 1e6));
  t.real("stage_ms", &DriverParams::stage_ms,
         {.unit = "ms",
          .help = "Time of the scheduler for each stage of a job, before its tasks.",
          .source = std::string(file_logs) + ": delay of 0.062 s without files, of which this is most"},
         between(0, 1e6));
  t.real("task_ms", &DriverParams::task_ms,
         {.unit = "ms",
          .help = "Time of the scheduler to launch a task: one after the other for the whole cluster.",
          .source = std::string(file_logs) + ": 4.5 to 6 ms for each file, which is a task"},
         between(0, 1e6));
  t.real("result_ms", &DriverParams::result_ms,
         {.unit = "ms", .help = "And to take its result.", .source = "contained in task_ms"},
         between(0, 1e6));
  t.real("rpc_ms", &DriverParams::rpc_ms,
         {.unit = "ms", .help = "A message between driver and executor, one way.", .source = chosen},
         between(0, 1e6));
  return t;
}

ParamTable<BackpressureParams> backpressure_table() {
  const char* const source = "Spark, streaming.backpressure.pid; PIDRateEstimator.scala";
  ParamTable<BackpressureParams> t("backpressure");
  t.boolean("enabled", &BackpressureParams::enabled,
            {.help = "Sources take in no more than the PID controller says after each batch.",
             .source = "Spark, spark.streaming.backpressure.enabled"});
  t.real("proportional", &BackpressureParams::proportional,
         {.help = "Weight of the error: the rate asked for less the one processed.", .source = source},
         between(0, 1e6));
  t.real("integral", &BackpressureParams::integral,
         {.help = "Weight of the backlog, by the scheduling delay.", .source = source}, between(0, 1e6));
  t.real("derivative", &BackpressureParams::derivative,
         {.help = "Weight of the change of the error.", .source = source}, between(0, 1e6));
  t.real("min_rate_per_s", &BackpressureParams::min_rate_per_s,
         {.unit = "records/s", .help = "The least that a source takes in.", .source = source}, positive());
  return t;
}

}  // namespace

ParamTable<SparkParams> spark_table() {
  using P = SparkParams;
  ParamTable<P> t("engine spark");
  t.real("batch_interval_s", &P::batch_interval_s,
         {.unit = "s", .help = "A batch, and a job, for what came in during each interval."},
         Range{.low = 1e-3, .high = 1e6});
  t.real("first_batch_s", &P::first_batch_s,
         {.unit = "s",
          .help = "When the first batch is made; null: after an interval. (Spark makes them at multiples of "
                  "the interval of the time of day.)"},
         positive());
  t.integer("concurrent_jobs", &P::concurrent_jobs,
            {.help = "Jobs that run at a time; others wait in their order.",
             .source = "Spark, spark.streaming.concurrentJobs"},
            between(1, 1e6));
  t.choice("scheduling", &P::scheduling,
           {.help = "Whose task is launched first. fifo: of the earliest job; fair: of the job of which the "
                    "fewest run (each in a pool of its own).",
            .source = "Spark, spark.scheduler.mode"},
           {{"fifo", Scheduling::fifo}, {"fair", Scheduling::fair}});
  t.choice(
      "input", &P::input,
      {.help = "How sources are read. receiver: a receiver for each source instance takes a core, stores "
               "blocks, and each is a task. file: each record is a file, and a task. direct: each "
               "partition of a topic is a task."},
      {{"receiver", InputKind::receiver}, {"file", InputKind::file}, {"direct", InputKind::direct}});
  t.object("receiver", &P::receiver, receiver_table(), {.help = "Of the input `receiver`."});
  t.object("file", &P::file, file_table(), {.help = "Of the input `file`."});
  t.object("direct", &P::direct, direct_table(), {.help = "Of the input `direct`."});
  t.object("backpressure", &P::backpressure, backpressure_table(), {.help = "Limits what sources take in."});
  t.object(
      "driver", &P::driver, driver_table(),
      {.help = "What the driver takes: jobs and tasks are launched by one thread, one after the other."});
  t.integer("shuffle_partitions", &P::shuffle_partitions,
            {.help = "Partitions, and so tasks, behind each shuffle; 0: as many as there are cores.",
             .source = "Spark, spark.default.parallelism"},
            between(0, 16384));
  t.real("task_setup_ms", &P::task_setup_ms,
         {.unit = "ms",
          .help = "Core time of an executor for each task besides its records: reading the task, telling the "
                  "result.",
          .source = chosen},
         between(0, 1e6));
  t.integer("executor_cores", &P::executor_cores,
            {.help = "Cores of an executor, each of which runs a task at a time. All are slots of one host: "
                     "so many neighbours in the order of placement.",
             .source = "Spark, spark.executor.cores"},
            between(1, 1024));
  t.integer("initial_executors", &P::initial_executors,
            {.unit = "executors",
             .help = "Executors at the start; null: as many as the operators' parallelism has room for.",
             .source = "Spark, spark.dynamicAllocation.initialExecutors"},
            between(0, 16384));
  t.real("executor_start_s", &P::executor_start_s,
         {.unit = "s", .help = "From the request of an executor until it takes tasks.", .source = chosen},
         between(0, 1e6));
  t.real("metrics_interval_s", &P::metrics_interval_s, {.unit = "s", .help = "Length of a metric window."},
         Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &P::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.check({"batch_interval_s", "receiver", "input"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.input != InputKind::receiver || p.receiver.block_interval_ms <= p.batch_interval_s * 1e3) return;
    errors.add(
        at.at_or_self("receiver").at_or_self("block_interval_ms"),
        fmt::format("blocks of {} ms, but batches of {} s", p.receiver.block_interval_ms, p.batch_interval_s),
        "no longer than batch_interval_s");
  });
  return t;
}

}  // namespace weir::spark
