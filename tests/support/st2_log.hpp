#pragma once

#include <string>
#include <vector>

#include "sim/analyzer/st2_construction.hpp"

// Logs of ST2 for tests.

namespace weir::test {

// As weir reads them: MessagePack, an array of eleven a record.
std::string st2_bytes(const std::vector<analyzer::St2Record>& records);

// Two workers, epoch 1, in nanoseconds:
//
//   worker 0   10 start 5   20 data sent   50 end, 4 records   60 control sent   70 start 6   90 end
//             100 control received
//   worker 1   12 start 5   22 end   30 start 8   45 data received   65 end, 3 records
//              80 control received   85 control sent   95 start 8   99 end
std::vector<analyzer::St2Record> small_st2_log();

}  // namespace weir::test
