#pragma once

#include <cstddef>
#include <string_view>

#include "sim/kernel/time.hpp"

// The fields of a text table (recorded traces, metrics): numbers, instants, and how a line is cut into
// fields. Nothing here allocates.

namespace weir {

// `separator` ' ' means any run of blanks and tabs; then an ISO date and the time of day behind it are one
// field. Double quotes around a whole field are taken off. An index beyond the last field gives false.
bool trace_field(std::string_view line, char separator, std::size_t index, std::string_view* field);

std::string_view trimmed(std::string_view text);

// A decimal number in units of unit_ns nanoseconds, exactly; false for garbage or beyond +-292 years.
bool parse_time_number(std::string_view text, Nanos unit_ns, Nanos* time_ns);

// ISO 8601: date, or date and time with `T` or a blank between, seconds and their decimals optional, then
// `Z`, an offset, or nothing (taken as UTC). Nanoseconds since 1970. False for anything else, also for 31
// April.
bool parse_iso_time(std::string_view text, Nanos* time_ns);

bool looks_like_iso_time(std::string_view text);

// True for a plain decimal number, also one that overflows (then *value is infinite) and "nan" or "inf".
bool parse_value(std::string_view text, double* value);

// A missing measurement: empty, null, NA, N/A, none, -.
bool is_gap(std::string_view text);

// ASCII, without regard to upper and lower case.
bool same_word(std::string_view a, std::string_view b);

}  // namespace weir
