#include "models/engines/spark/params.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/scenario/node.hpp"

namespace weir::spark {

namespace {

const char* const guide = "Spark 2.x, streaming-programming-guide.md";
const char* const chosen = "not published; chosen";
const char* const file_logs = "HASTE-project/benchmarking-tools, logs of file streaming of 2018-04-29";

// Of a time that is not zero, in whole nanoseconds.
bool is_multiple(double whole_s, double part_s) {
  return to_nanos(whole_s) > 0 && to_nanos(whole_s) % to_nanos(part_s) == 0;
}

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
  t.text(
      "host", &ReceiverParams::host,
      {.help = "The host from which receivers get their stream over the network (TCP); empty: no link of the "
               "cluster leads there."});
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
            {.help = "Of the topic of each source: a task for each in every batch, with records or without. "
                     "A source that reads a topic of a broker has as many as that.",
             .source = guide},
            between(1, 16384));
  t.text("host", &DirectParams::host,
         {.help = "The host of the broker, from which tasks read over the network; empty: reading is part of "
                  "the operator's cost. A source that reads a topic of a broker (`brokers`) gets its records "
                  "from there."});
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

ParamTable<GroupParams> group_table() {
  const char* const source = "Venkataraman et al., Drizzle, SOSP 2017";
  ParamTable<GroupParams> t("group");
  t.integer(
      "batches", &GroupParams::batches,
      {.help = "The driver schedules so many batches at once, as it would one; their tasks are started by "
               "the executors. 1: Spark, every task by the driver.",
       .source = source},
      between(1, 1e6));
  t.real("local_launch_ms", &GroupParams::local_launch_ms,
         {.unit = "ms",
          .help = "From when a task of a group may start until it does, besides its set-up.",
          .source = chosen},
         between(0, 1e6));
  return t;
}

ParamTable<StateParams> state_table() {
  ParamTable<StateParams> t("state");
  t.real(
      "update_per_key_us", &StateParams::update_per_key_us,
      {.unit = "us",
       .help = "Core time for each key that the state has, and for each different key of the batch, in every "
               "batch: reading it from memory, and the update function.",
       .source = chosen},
      between(0, 1e9));
  return t;
}

ParamTable<CheckpointParams> checkpoint_table() {
  ParamTable<CheckpointParams> t("checkpoint");
  t.real("interval_s", &CheckpointParams::interval_s,
         {.unit = "s",
          .help = "How often; null: the first multiple of the slide that is 10 s or more.",
          .source = "Spark 2.x, DStream.scala"},
         positive());
  t.real("write_per_key_us", &CheckpointParams::write_per_key_us,
         {.unit = "us", .help = "Time of a core to write a key.", .source = chosen}, between(0, 1e9));
  t.real("read_per_key_us", &CheckpointParams::read_per_key_us,
         {.unit = "us",
          .help = "And to read it again, of a partition that was lost with its executor.",
          .source = chosen},
         between(0, 1e9));
  t.text("host", &CheckpointParams::host,
         {.help = "The host of the file system, to which it goes over the network; empty: writing is part of "
                  "write_per_key_us."});
  return t;
}

ParamTable<RecoveryParams> recovery_table() {
  ParamTable<RecoveryParams> t("recovery");
  t.boolean("external_shuffle", &RecoveryParams::external_shuffle,
            {.help = "What tasks write for a shuffle outlives their executor: another process of the host "
                     "serves it.",
             .source = "Spark 2.x, spark.shuffle.service.enabled"});
  t.real("fetch_wait_s", &RecoveryParams::fetch_wait_s,
         {.unit = "s",
          .help = "How long a task that is fetching from a lost executor tries again before it fails.",
          .source = "Spark 2.x, spark.shuffle.io.maxRetries (3) times spark.shuffle.io.retryWait (5 s)"},
         between(0, 1e6));
  t.real("resubmit_ms", &RecoveryParams::resubmit_ms,
         {.unit = "ms",
          .help = "From when the driver knows that a stage cannot read what it needs until it submits the "
                  "stages that make it again.",
          .source = "Spark 2.x, DAGScheduler.RESUBMIT_TIMEOUT"},
         between(0, 1e6));
  return t;
}

ParamTable<DataSetParams> data_set_table() {
  const char* const source = "Spark 2.x, DStream.transform with RDD.join, CoGroupedRDD.scala";
  ParamTable<DataSetParams> t("data set");
  t.real("keys", &DataSetParams::keys, {.help = "That it has, evenly over the partitions.", .source = source},
         between(0, 1e12));
  t.real("bytes_per_key", &DataSetParams::bytes_per_key,
         {.unit = "bytes", .help = "Of a key and its value.", .source = chosen}, between(0, 1e9));
  t.real("merge_per_key_us", &DataSetParams::merge_per_key_us,
         {.unit = "us",
          .help = "Core time for each key of the data set in every batch: a join goes through all of both.",
          .source = chosen},
         between(0, 1e9));
  t.boolean(
      "cached", &DataSetParams::cached,
      {.help = "It stays in memory, partitioned as the batches are; else it is read again for each batch.",
       .source = "Spark 2.x, RDD.persist"});
  t.text("host", &DataSetParams::host,
         {.help = "From where it is read, over the network, unless it is cached; empty: reading is part of "
                  "merge_per_key_us."});
  return t;
}

ParamTable<WindowParams> window_table() {
  const char* const source =
      "Spark 2.x, PairDStreamFunctions.scala, WindowedDStream.scala, ReducedWindowedDStream.scala";
  ParamTable<WindowParams> t("window");
  t.real("length_s", &WindowParams::length_s,
         {.unit = "s", .help = "What came in so long.", .source = source}, positive());
  t.real("slide_s", &WindowParams::slide_s,
         {.unit = "s", .help = "A result, and a job, so often.", .source = source}, positive());
  t.boolean(
      "inverse", &WindowParams::inverse,
      {.help = "Each result is made of the one before, the batches that leave and those that enter; else of "
               "all batches of the window.",
       .source = source});
  t.boolean("combine", &WindowParams::combine,
            {.help = "What a task sends is joined by key before it is written, as for reduceByKey.",
             .source = "Spark 2.x, PairRDDFunctions.scala, mapSideCombine"});
  t.real("merge_per_key_us", &WindowParams::merge_per_key_us,
         {.unit = "us",
          .help = "Core time for each key of each reduced batch, or result, that is merged: reading it from "
                  "memory, where it is serialized, and looking it up.",
          .source = chosen},
         between(0, 1e9));
  t.check({"length_s", "slide_s"}, [](const WindowParams& p, const Node& at, Errors& errors) {
    if (p.length_s < p.slide_s)
      errors.add(at.at_or_self("length_s"),
                 fmt::format("{} s is shorter than slide_s, {} s", p.length_s, p.slide_s),
                 "slide_s at least: else batches belong to no window");
  });
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
  t.integer(
      "batches_max", &P::batches_max,
      {.help = "So many batches, and no more; null: without end. 1, with first_batch_s when all data is "
               "there: a plain batch job."},
      between(1, 1e9));
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
  t.texts(
      "combine", &P::combine,
      {.help =
           "Operators: what a task sends to them is joined by key before it is written, as for reduceByKey.",
       .source = "Spark 2.x, PairRDDFunctions.scala, mapSideCombine"});
  t.object(
      "group", &P::group, group_table(),
      {.help =
           "Group scheduling, and shuffles that are scheduled before their data is there, as Drizzle does."});
  t.objects(
      "windows", &P::windows, window_table(),
      {.help = "By operator, one at most: what a shuffle by key brings to it, in windows. Jobs are made for "
               "its slides."});
  t.objects(
      "states", &P::states, state_table(),
      {.help =
           "By operator, one at most and no windows with it: what a shuffle by key brings to it updates a "
           "state, which every batch makes anew, with all its keys."});
  t.object("checkpoint", &P::checkpoint, checkpoint_table(),
           {.help = "Of a state, or of a window with an inverse function: a job after the batch writes it."});
  t.objects("joins", &P::joins, data_set_table(),
            {.help = "By operator behind a shuffle by key: a data set that each batch is joined with."});
  t.object("recovery", &P::recovery, recovery_table(),
           {.help = "Of what an executor held that is lost (the job's `failures`)."});
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
  t.check({"batch_interval_s", "windows"}, [](const P& p, const Node& at, Errors& errors) {
    for (const auto& [op, window] : p.windows) {
      for (const auto& [name, length_s] :
           {std::pair{"length_s", window.length_s}, {"slide_s", window.slide_s}}) {
        if (is_multiple(length_s, p.batch_interval_s)) continue;
        errors.add(at.at_or_self("windows").at_or_self(op).at_or_self(name),
                   fmt::format("{} s is no multiple of batch_interval_s, {} s", length_s, p.batch_interval_s),
                   "a multiple of batch_interval_s");
      }
    }
  });
  t.check({"windows", "states", "group"}, [](const P& p, const Node& at, Errors& errors) {
    if (!(p.windows.empty() && p.states.empty()) && p.group.batches > 1)
      errors.add(
          at.at_or_self("group").at_or_self("batches"),
          fmt::format("groups of {} batches, which may overlap, but a window or a state needs those before",
                      p.group.batches),
          "1, or no windows and states");
  });
  t.check({"input", "group"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.input == InputKind::file && p.group.batches > 1)
      errors.add(at.at_or_self("group").at_or_self("batches"),
                 fmt::format("groups of {} batches, and what files the later ones have is not known when the "
                             "group is scheduled",
                             p.group.batches),
                 "1, or another input");
  });
  t.check({"batch_interval_s", "windows", "checkpoint"}, [](const P& p, const Node& at, Errors& errors) {
    const double slide_s = p.windows.empty() ? p.batch_interval_s : p.windows.begin()->second.slide_s;
    if (p.checkpoint.interval_s && to_nanos(slide_s) > 0 && !is_multiple(*p.checkpoint.interval_s, slide_s))
      errors.add(at.at_or_self("checkpoint").at_or_self("interval_s"),
                 fmt::format("{} s is no multiple of {} s", *p.checkpoint.interval_s, slide_s),
                 "a multiple of the slide of the window, or of batch_interval_s for a state");
  });
  t.check({"windows", "states", "concurrent_jobs"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.windows.size() + p.states.size() > 1)
      errors.add(at.at_or_self(p.windows.size() > 1 ? "windows" : "states"),
                 fmt::format("{} windows, {} states", p.windows.size(), p.states.size()), "one at most");
    if (!(p.windows.empty() && p.states.empty()) && p.concurrent_jobs > 1)
      errors.add(
          at.at_or_self("concurrent_jobs"),
          fmt::format("{} jobs at a time, but a window or a state needs those before", p.concurrent_jobs),
          "1");
  });
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
