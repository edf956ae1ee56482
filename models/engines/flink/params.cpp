#include "models/engines/flink/params.hpp"

#include <fmt/format.h>

#include "sim/scenario/node.hpp"

namespace weir::flink {

namespace {

ParamTable<DebloatParams> debloat_table() {
  ParamTable<DebloatParams> t("flink buffer debloat");
  t.boolean(
      "enabled", &DebloatParams::enabled,
      {.help = "Receivers ask for smaller buffers, so that what is under way to them is served in about "
               "the target time.",
       .source = "taskmanager.network.memory.buffer-debloat.enabled"});
  t.real("target_s", &DebloatParams::target_s,
         {.unit = "s", .help = "That it should take.", .source = "….buffer-debloat.target"}, positive());
  t.real("period_ms", &DebloatParams::period_ms,
         {.unit = "ms", .help = "Between two looks.", .source = "….buffer-debloat.period"},
         Range{.low = 1, .high = 1e6});
  t.integer(
      "samples", &DebloatParams::samples,
      {.unit = "looks", .help = "That the size is averaged over.", .source = "….buffer-debloat.samples"},
      between(1, 1'000'000));
  t.real("threshold_share", &DebloatParams::threshold_share,
         {.unit = "",
          .help = "Smaller changes are not announced.",
          .source = "….buffer-debloat.threshold-percentages"},
         between(0, 1));
  return t;
}

ParamTable<NetworkParams> network_table() {
  ParamTable<NetworkParams> t("flink network");
  t.integer("segment_bytes", &NetworkParams::segment_bytes,
            {.unit = "bytes", .help = "Of a network buffer.", .source = "taskmanager.memory.segment-size"},
            between(256, 1 << 30));
  t.integer("exclusive_per_channel", &NetworkParams::exclusive_per_channel,
            {.unit = "buffers",
             .help = "That each channel has for itself at its receiver.",
             .source = "taskmanager.network.memory.buffers-per-channel"},
            between(1, 1000));
  t.integer("floating_per_gate", &NetworkParams::floating_per_gate,
            {.unit = "buffers",
             .help = "That the channels of an input gate share, for those with a backlog.",
             .source = "taskmanager.network.memory.floating-buffers-per-gate"},
            between(0, 100'000));
  t.integer(
      "max_per_channel", &NetworkParams::max_per_channel,
      {.unit = "buffers",
       .help = "In one subpartition, the one being filled included: a task with a fuller one has no room "
               "for output.",
       .source = "taskmanager.network.memory.max-buffers-per-channel"},
      between(2, 100'000));
  t.integer("overdraft_per_gate", &NetworkParams::overdraft_per_gate,
            {.unit = "buffers",
             .help = "That a task which is just emitting may take beyond its pool.",
             .source = "taskmanager.network.memory.max-overdraft-buffers-per-gate"},
            between(0, 100'000));
  t.object("debloat", &NetworkParams::debloat, debloat_table(),
           {.help = "Smaller buffers under backpressure."});
  t.real("buffer_timeout_ms", &NetworkParams::buffer_timeout_ms,
         {.unit = "ms",
          .help = "Buffers that are not full are sent every so often; 0: each record at once; -1: never.",
          .source = "execution.buffer-timeout"},
         between(-1, 1e6));
  t.check({"buffer_timeout_ms"}, [](const NetworkParams& p, const Node& at, Errors& errors) {
    if (p.buffer_timeout_ms < 0 && p.buffer_timeout_ms != -1)
      errors.add(at.at_or_self("buffer_timeout_ms"), fmt::format("is {}", p.buffer_timeout_ms),
                 "-1, or from 0 on, ms");
  });
  return t;
}

ParamTable<CheckpointParams> checkpoints_table() {
  ParamTable<CheckpointParams> t("flink checkpoints");
  t.real("interval_s", &CheckpointParams::interval_s,
         {.unit = "s",
          .help = "Between the begins of two; 0: none.",
          .source = "execution.checkpointing.interval"},
         between(0, 1e6));
  t.real("min_pause_s", &CheckpointParams::min_pause_s,
         {.unit = "s",
          .help = "From the end of one to the begin of the next, at least.",
          .source = "execution.checkpointing.min-pause"},
         between(0, 1e6));
  t.real("timeout_s", &CheckpointParams::timeout_s,
         {.unit = "s",
          .help = "One that is not complete by then is aborted.",
          .source = "execution.checkpointing.timeout"},
         positive());
  t.boolean("unaligned", &CheckpointParams::unaligned,
            {.help = "Barriers overtake the data in buffers, which becomes part of the checkpoint.",
             .source = "execution.checkpointing.unaligned"});
  t.real("changed_share", &CheckpointParams::changed_share,
         {.unit = "",
          .help = "Of the state that a checkpoint uploads; below 1 it is incremental. A savepoint has all.",
          .source = "state.backend.incremental"},
         between(0, 1));
  t.real("upload_mb_per_s", &CheckpointParams::upload_mb_per_s,
         {.unit = "MB/s", .help = "At which a task writes its state to the checkpoint storage."}, positive());
  t.real("sync_ms", &CheckpointParams::sync_ms,
         {.unit = "ms", .help = "Of a snapshot, before its upload begins."}, between(0, 1e6));
  t.text("storage_host", &CheckpointParams::storage_host,
         {.help = "The host that keeps checkpoints: state goes there over the network of the cluster, and "
                  "comes back from there, besides the rates above. Empty: no link of the cluster is used.",
          .source = "execution.checkpointing.dir"});
  t.check({"interval_s"}, [](const CheckpointParams& p, const Node& at, Errors& errors) {
    if (p.interval_s > 0 && p.interval_s < 0.01)
      errors.add(at.at_or_self("interval_s"), fmt::format("{} is less than Flink allows", p.interval_s),
                 "0, or at least 0.01, s");
  });
  return t;
}

ParamTable<BackendParams> backend_table() {
  ParamTable<BackendParams> t("flink state backend");
  t.choice(
      "type", &BackendParams::type,
      {.help = "heap: what state costs is the work of its operator. rocksdb: threads of its own take cores "
               "besides, and checkpoints may be incremental.",
       .source = "state.backend.type"},
      {{"heap", BackendKind::heap}, {"rocksdb", BackendKind::rocksdb}});
  t.real("write_buffer_mb", &BackendParams::write_buffer_mb,
         {.unit = "MB",
          .help = "Of records, after which a background thread has something to do.",
          .source = "state.backend.rocksdb.writebuffer.size"},
         positive());
  t.integer("background_threads", &BackendParams::background_threads,
            {.unit = "threads",
             .help = "Of each task with keyed state, for flushes and compactions.",
             .source = "state.backend.rocksdb.thread.num"},
            between(1, 64));
  t.real(
      "background_us_per_record", &BackendParams::background_us_per_record,
      {.unit = "us",
       .help = "Work of the background threads for a record of a task with keyed state.",
       .source = "calibrated: published Nexmark runs, Q18 (one update of keyed state for a bid) on 8 slots: "
                 "11.77 cores less 8, for 65 s and 50 M events"},
      between(0, 1e6));
  return t;
}

}  // namespace

ParamTable<FlinkParams> flink_table() {
  ParamTable<FlinkParams> t("engine flink");
  t.object("network", &FlinkParams::network, network_table(), {.help = "Buffers and their flow control."});
  t.object("checkpoints", &FlinkParams::checkpoints, checkpoints_table(),
           {.help = "When they are taken, and what they cost."});
  t.object("state_backend", &FlinkParams::state_backend, backend_table(),
           {.help = "Where keyed state is kept, and what it takes besides the operators' work."});
  t.integer("max_parallelism", &FlinkParams::max_parallelism,
            {.unit = "key groups",
             .help = "Of every operator, and no less than it begins with; 0: 1.5 times the initial "
                     "parallelism, up to a power of two, at least 128.",
             .source = "pipeline.max-parallelism"},
            between(0, 32768));
  t.boolean(
      "slot_sharing", &FlinkParams::slot_sharing,
      {.help = "A slot holds an instance of each operator, and a job takes as many as its widest operator "
               "has instances; else each instance has its own.",
       .source = "the default slot sharing group"});
  t.boolean(
      "operator_chaining", &FlinkParams::operator_chaining,
      {.help = "Operators joined by a forward edge, with as many instances each and no other input, are "
               "one task on one thread; while slots are shared.",
       .source = "pipeline.operator-chaining"});
  t.real(
      "metrics_interval_s", &FlinkParams::metrics_interval_s,
      {.unit = "s",
       .help = "Length of a metric window; Flink updates its meters every 5 s, DS2's instrumentation writes "
               "every 10 s.",
       .source = "MeterView, TimerGauge: UPDATE_INTERVAL_SECONDS"},
      Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &FlinkParams::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.choice("rescale", &FlinkParams::rescale,
           {.help = "How the parallelism is changed: by a savepoint with which the job stops; from the next "
                    "checkpoint; or at once, from the latest checkpoint.",
            .source = "Flink CLI `stop`; FLIP-461; FLIP-159"},
           {{"stop-with-savepoint", Rescale::stop_with_savepoint},
            {"in-place", Rescale::in_place},
            {"reactive", Rescale::reactive}});
  t.integer("max_checkpoint_failures", &FlinkParams::max_checkpoint_failures,
            {.unit = "checkpoints",
             .help = "In place: after so many that were aborted it restarts from the latest complete one.",
             .source = "jobmanager.adaptive-scheduler.rescale-trigger.max-checkpoint-failures"},
            between(1, 1'000'000));
  const char* chosen =
      "chosen so that a small job is rescaled in place in 7 to 9 s with an awaited checkpoint";
  t.real("cancel_s", &FlinkParams::cancel_s,
         {.unit = "s", .help = "Until all tasks are cancelled.", .source = chosen}, between(0, 1e6));
  t.real("allocate_s", &FlinkParams::allocate_s,
         {.unit = "s",
          .help = "Until the slots are there: 0 if they are free; 10 to 30 if pods start.",
          .source = chosen},
         between(0, 1e6));
  t.real("deploy_s", &FlinkParams::deploy_s,
         {.unit = "s", .help = "Until all tasks are deployed.", .source = chosen}, between(0, 1e6));
  t.real("restore_mb_per_s", &FlinkParams::restore_mb_per_s,
         {.unit = "MB/s", .help = "At which a task reads its state back."}, positive());
  t.object("tracing_cost", &FlinkParams::tracing_cost, tracing_cost_table(),
           {.help = "What it costs the simulated system to trace itself."});
  t.check({"state_backend", "checkpoints"}, [](const FlinkParams& p, const Node& at, Errors& errors) {
    if (p.state_backend.type == BackendKind::rocksdb || p.checkpoints.changed_share == 1) return;
    errors.add(at.at_or_self("checkpoints").at_or_self("changed_share"),
               "an incremental checkpoint of state on the heap", "1, or a state_backend of type \"rocksdb\"");
  });
  t.check({"rescale", "checkpoints"}, [](const FlinkParams& p, const Node& at, Errors& errors) {
    if (p.rescale == Rescale::stop_with_savepoint || p.checkpoints.interval_s > 0) return;
    errors.add(at.at_or_self("rescale"), "a restart from a checkpoint, and none are taken",
               "\"stop-with-savepoint\", or checkpoints with an interval_s above 0");
  });
  return t;
}

}  // namespace weir::flink
