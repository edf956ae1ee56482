#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/analyzer/analysis.hpp"

// An analysis, for people and for programs.

namespace weir::analyzer {

// `source`: for the names of workers and operators.
// A window by itself, as one line: for people, and as JSON.
std::string window_text(const WindowResult& window);
std::string window_json_text(const WindowResult& window);
std::string report_text(const Analysis& analysis, const TraceSource& source, const AnalysisOptions& options,
                        const std::string& name);

// { windows: [ { window, start_s, end_s, edges, messages, paths, paths_log10, cp_sum } ], activity,
// straggler, operator,
//   communication: [ { …its keys…, cp, conventional, single_path, duration_s, edges } ],
//   colocation: [ { workers: [two names], cp, share, messages } ], left_out, … }
// and, if they were asked for, k_hop, metrics and invariants: the columns of report_csv.
// `paths` is null where a double cannot hold it; paths_log10 is null where there is no path.
nlohmann::ordered_json report_json(const Analysis& analysis, const TraceSource& source,
                                   const AnalysisOptions& options);

// A field as RFC 4180 has it: in quotation marks if it holds commas, quotation marks or line ends.
std::string csv_field(const std::string& text);
// A line for each: what was left out of a trace, with how often.
std::string left_out_text(const std::map<std::string, std::int64_t>& left_out);

// Which table a CSV is of.
enum class CsvTable { summaries, k_hop, metrics, invariants };

//   summaries   summary,activity,worker,operator,from,to,cp,conventional,single_path,duration_s,edges
//   k_hop       window,activity,worker,edges,duration_s
//   metrics     window,from,to,activity,activities,duration_s,records
//   invariants  invariant,window,worker,to,activity,operator,begin_s,end_s,duration_s,count,peers
std::string report_csv(const Analysis& analysis, const TraceSource& source,
                       CsvTable table = CsvTable::summaries);

}  // namespace weir::analyzer
