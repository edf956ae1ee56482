#include "sim/record/reference.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/record/rows.hpp"

using namespace weir;

TEST_CASE("docs/reference/run-h5.md is what the code says", "[record]") {
  const std::string path = WEIR_SOURCE_DIR "/docs/reference/run-h5.md";
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) std::ofstream(path) << run_h5_reference();
  std::ostringstream committed;
  committed << std::ifstream(path).rdbuf();
  INFO("WEIR_UPDATE_DOCS=1 weir_tests \"docs/reference/run-h5.md*\" writes it anew");
  CHECK(committed.str() == run_h5_reference());
}

TEST_CASE("every table and column of run.h5 has a name of its own and a meaning", "[record]") {
  std::set<std::string> tables;
  for (const TableInfo* table : run_file_tables()) {
    CHECK(tables.insert(table->name).second);
    CHECK(!table->help.empty());
    std::set<std::string> columns;
    for (const ColumnInfo& column : table->columns) {
      INFO(table->name << "/" << column.name);
      CHECK(columns.insert(column.name).second);
      CHECK(!column.help.empty());
      const bool ends_in_seconds =
          column.name.size() > 2 && column.name.substr(column.name.size() - 2) == "_s";
      if (ends_in_seconds && column.name.find("_per_s") == std::string::npos) CHECK(column.unit == "s");
    }
  }
}
