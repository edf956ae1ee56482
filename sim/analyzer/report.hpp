#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/analyzer/analysis.hpp"

// An analysis, for people and for programs.

namespace weir::analyzer {

// `source`: for the names of workers and operators.
std::string report_text(const Analysis& analysis, const TraceSource& source, const std::string& name);

// { windows: [ { start_s, end_s, edges, messages, paths, paths_log10, cp_sum } ], activity, straggler,
// operator,
//   communication: [ { …its keys…, cp, conventional, single_path, duration_s, edges } ], left_out, … }
// `paths` is null where a double cannot hold it; paths_log10 is null where there is no path.
nlohmann::ordered_json report_json(const Analysis& analysis, const TraceSource& source);

// A field as RFC 4180 has it: in quotation marks if it holds commas, quotation marks or line ends.
std::string csv_field(const std::string& text);

// One table: summary,activity,worker,operator,from,to,cp,conventional,single_path,duration_s,edges
std::string report_csv(const Analysis& analysis, const TraceSource& source);

}  // namespace weir::analyzer
