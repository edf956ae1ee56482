#include "sim/record/reference.hpp"

#include <fmt/format.h>

#include "sim/record/pag_rows.hpp"
#include "sim/record/rows.hpp"
#include "sim/record/run_file.hpp"

namespace weir {

namespace {

constexpr char introduction[] = R"(# run.h5

<!-- Generated from sim/record/rows.cpp; do not edit. -->

Every run writes `run.h5`, an HDF5 file (1.10 or newer) with what was measured and decided. A table is a group with one 1-D dataset per
column, all of one length; each dataset has the attributes `unit` and `help`. Tables refer to each other by integer ids.
Times are simulated seconds from the start of the run, unless the name says wall. Unknown reals are NaN, unknown
integers -1. Text is UTF-8 of fixed length, padded with zeros; what is longer ends in an ellipsis.

This is schema version {}; new columns and tables may be added within a version, nothing is renamed or removed.

```python
import h5py, pandas
with h5py.File("run.h5") as f:
    operators = pandas.DataFrame({{c: f["operators"][c][:] for c in f["operators"]}})
    windows = pandas.DataFrame({{c: f["operator_windows"][c][:] for c in f["operator_windows"]}})
```

**While the run goes on** open with `h5py.File("run.h5", "r", libver="latest", swmr=True)` and call `refresh()` on the datasets
for news. The columns of a table are written one after the other: use the shortest length. This needs a file system
with POSIX semantics; on NFS wait for the end. Where a file system has no locks, set `HDF5_USE_FILE_LOCKING=FALSE`.

**After a kill** the file is still marked as being written, and an ordinary open says so ("file is already open for write"). Nothing is
lost up to the last flush: open it as above with `swmr=True`, or clear the mark on a copy with `h5clear -s copy.h5`. The table
`final` is empty then, and there is no `summary.json`.

## Attributes of the group `meta`

| name | meaning |
|---|---|
| `schema_version` | of this page |
| `scenario`, `policy`, `engine` | their names |
| `seed` | of all random streams |
| `scenario_sha256` | of the resolved scenario, as in manifest.json |
| `metrics_interval_s` | length of a metric window |
| `weir_version`, `weir_commit`, `simgrid_version` | what wrote the file |
)";

std::string type_name(const ColumnInfo& column) {
  switch (column.type) {
    case ColumnType::real:
      return "float64";
    case ColumnType::integer:
      return "int64";
    case ColumnType::small_integer:
      return "int32";
    case ColumnType::tiny_integer:
      return "int8";
    case ColumnType::boolean:
      return "bool";
    case ColumnType::text:
      break;
  }
  return fmt::format("text, {} bytes", column.size_bytes);
}

constexpr char traced[] = R"(
# With --trace pag

The program activity graph of the run: what each thread of the simulated system did at each moment, and what it received from whom.
`weir analyze` reads it. Where batches hold many records, a service with gaps is written as work in one piece and then
waiting, and a batch as one message, its first record's; record by record, everything is exact. `pag_loads` is there with
`--trace-loads`.
)";

void describe(std::string& page, const std::vector<const TableInfo*>& tables) {
  for (const TableInfo* table : tables) {
    page += fmt::format("\n## {}\n\n{}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n",
                        table->name, table->help);
    for (const ColumnInfo& column : table->columns)
      page +=
          fmt::format("| `{}` | {} | {} | {} |\n", column.name, type_name(column), column.unit, column.help);
  }
}

}  // namespace

std::string run_h5_reference() {
  std::string page = fmt::format(introduction, run_file_schema_version);
  describe(page, run_file_tables());
  page += traced;
  describe(page, pag_tables());
  return page;
}

}  // namespace weir
