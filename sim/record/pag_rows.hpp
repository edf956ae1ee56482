#pragma once

#include <cstdint>
#include <vector>

#include "sim/record/rows.hpp"

// The program activity graph of a run, as tables of run.h5 (docs/reference/run-h5.md has the columns).
//
//   pag_workers   who: the threads of the simulated system, one a row
//   pag_edges     what they did, and what they received: rows of one worker stand together in blocks
//   pag_blocks    which rows are whose
//   pag_commits   up to when everything is there, for readers that follow a run
//   pag_settings  what was to be traced: one row
//
// In a block, rows go along the worker's timeline. Its position is where the last activity ended (for the
// first row, position_ns of the block). An activity begins gap_ns after the position (0, but for workers that
// come and go) and lasts duration_ns; the position moves to its end. A message was received gap_ns after the
// position (which may be negative), and had been sent duration_ns earlier by `peer`; the position stays.
//
// So small numbers stand where times would: what takes 25 bytes takes 0.4 to 4 in the file.

namespace weir {

struct PagWorkerRow {
  std::int32_t worker_id = 0;
  std::int32_t job_id = 0;
  std::int32_t operator_id = -1;
  std::int32_t index = -1;
  std::int32_t host_id = -1;
  FixedText<64> name;
};

struct PagEdgeRow {
  std::int64_t gap_ns = 0;
  std::int64_t duration_ns = 0;
  std::int32_t peer = -1;
  std::int32_t operator_id = -1;
  std::int8_t activity = 0;
};

struct PagLoadRow {
  std::int64_t records = 0;
  std::int64_t size_bytes = 0;
};

struct PagBlockRow {
  std::int32_t worker_id = 0;
  std::int32_t rows = 0;
  std::int64_t first_row = 0;
  std::int64_t position_ns = 0;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
};

struct PagCommitRow {
  std::int64_t until_ns = 0;
  std::int64_t edges = 0;
  std::int64_t blocks = 0;
};

struct PagSettingsRow {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::int64_t sample_window_ns = 0;
  std::int64_t sample_every = 1;
};

template <>
const TableSchema<PagWorkerRow>& schema_of<PagWorkerRow>();
template <>
const TableSchema<PagEdgeRow>& schema_of<PagEdgeRow>();
template <>
const TableSchema<PagLoadRow>& schema_of<PagLoadRow>();
template <>
const TableSchema<PagBlockRow>& schema_of<PagBlockRow>();
template <>
const TableSchema<PagCommitRow>& schema_of<PagCommitRow>();
template <>
const TableSchema<PagSettingsRow>& schema_of<PagSettingsRow>();

// Of runs that were traced, in the order of the reference page.
std::vector<const TableInfo*> pag_tables();

}  // namespace weir
