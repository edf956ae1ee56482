#include "sim/record/pag_rows.hpp"

namespace weir {

template <>
const TableSchema<PagWorkerRow>& schema_of() {
  static const TableSchema<PagWorkerRow> schema =
      TableSchema<PagWorkerRow>("pag_workers",
                                "The threads of the simulated system whose activities were traced.", 1024)
          .column("worker_id", "", "Counts from 0, over all jobs.", &PagWorkerRow::worker_id)
          .column("job_id", "", "Its job.", &PagWorkerRow::job_id)
          .column("operator_id", "", "What it runs; -1: the engine's own.", &PagWorkerRow::operator_id)
          .column("index", "", "Which instance of the operator; -1: the engine's own.", &PagWorkerRow::index)
          .column("host_id", "", "Where it was deployed first; -1: on no host of the cluster.",
                  &PagWorkerRow::host_id)
          .column("name", "", "For people.", &PagWorkerRow::name);
  return schema;
}

template <>
const TableSchema<PagEdgeRow>& schema_of() {
  static const TableSchema<PagEdgeRow> schema =
      TableSchema<PagEdgeRow>(
          "pag_edges",
          "The edges of the program activity graph, in blocks of one worker each (pag_blocks). An "
          "activity moves the worker's position to its end, a message does not.",
          8192)
          .column("gap_ns", "ns",
                  "An activity's begin, or a message's arrival, after the worker's position at that place.",
                  &PagEdgeRow::gap_ns)
          .column("duration_ns", "ns", "How long the activity lasted, or the message was under way.",
                  &PagEdgeRow::duration_ns)
          .column("peer", "", "The worker that sent the message; -1: an activity.", &PagEdgeRow::peer)
          .column("operator_id", "", "For which operator; -1: none.", &PagEdgeRow::operator_id)
          .column("activity", "",
                  "1 input, 2 buffer, 3 scheduling, 4 processing, 5 barrier, 6 serialization, 7 "
                  "deserialization, 8 fault "
                  "tolerance, 9 control message, 10 data message, 11 unknown, 12 waiting, 13 busy waiting, "
                  "14 blocked by "
                  "backpressure.",
                  &PagEdgeRow::activity)
          .deflate(4)
          .long_table();
  return schema;
}

template <>
const TableSchema<PagLoadRow>& schema_of() {
  static const TableSchema<PagLoadRow> schema =
      TableSchema<PagLoadRow>("pag_loads", "What the edges of pag_edges carried, row by row.", 8192)
          .column("records", "records", "Processed, or in the message.", &PagLoadRow::records)
          .column("size_bytes", "bytes", "Of the message.", &PagLoadRow::size_bytes)
          .deflate(1)
          .long_table();
  return schema;
}

template <>
const TableSchema<PagBlockRow>& schema_of() {
  static const TableSchema<PagBlockRow> schema =
      TableSchema<PagBlockRow>(
          "pag_blocks",
          "Which rows of pag_edges belong together. Written after its rows: readers that follow trust "
          "only rows that a block names.",
          1024)
          .column("worker_id", "", "Whose timeline it continues.", &PagBlockRow::worker_id)
          .column("rows", "", "How many.", &PagBlockRow::rows)
          .column("first_row", "", "Where they begin in pag_edges.", &PagBlockRow::first_row)
          .column("position_ns", "ns", "The worker's position before the first row.",
                  &PagBlockRow::position_ns)
          .column("from_ns", "ns", "The earliest begin of an activity, or sending of a message, in it.",
                  &PagBlockRow::from_ns)
          .column("to_ns", "ns", "The latest end of an activity, or arrival of a message, in it.",
                  &PagBlockRow::to_ns);
  return schema;
}

template <>
const TableSchema<PagCommitRow>& schema_of() {
  static const TableSchema<PagCommitRow> schema =
      TableSchema<PagCommitRow>("pag_commits",
                                "Now and then: up to when all is written that happened. Written last: who "
                                "follows a run shows what is "
                                "before it.",
                                256)
          .column("until_ns", "ns", "Up to this simulated time.", &PagCommitRow::until_ns)
          .column("edges", "", "So many rows of pag_edges hold it.", &PagCommitRow::edges)
          .column("blocks", "", "So many rows of pag_blocks do.", &PagCommitRow::blocks);
  return schema;
}

template <>
const TableSchema<PagSettingsRow>& schema_of() {
  static const TableSchema<PagSettingsRow> schema =
      TableSchema<PagSettingsRow>("pag_settings", "What was to be traced; one row.", 1)
          .column("from_ns", "ns", "From this simulated time on.", &PagSettingsRow::from_ns)
          .column("to_ns", "ns", "Up to this one; the largest integer: to the end.", &PagSettingsRow::to_ns)
          .column("sample_window_ns", "ns",
                  "Simulated time is cut into windows of this length, beginning at 0; 0: it is not.",
                  &PagSettingsRow::sample_window_ns)
          .column("sample_every", "", "Of so many windows the first is traced; 1: all.",
                  &PagSettingsRow::sample_every);
  return schema;
}

std::vector<const TableInfo*> pag_tables() {
  return {&schema_of<PagWorkerRow>().info(), &schema_of<PagEdgeRow>().info(),
          &schema_of<PagLoadRow>().info(),   &schema_of<PagBlockRow>().info(),
          &schema_of<PagCommitRow>().info(), &schema_of<PagSettingsRow>().info()};
}

}  // namespace weir
