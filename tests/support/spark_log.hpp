#pragma once

#include <string>

// A small event log of Spark: a job of one stage with two tasks on two executors of one core, and a second
// stage with one.

namespace weir::test {

std::string small_spark_log();

}  // namespace weir::test
