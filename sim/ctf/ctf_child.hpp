#pragma once

#include <filesystem>
#include <string>
#include <vector>

// The side of CtfReader that runs libbabeltrace2.

namespace weir::ctf {

// Messages through the pipe: a tag, and what follows it. Integers are as in memory, texts a length of 4 bytes
// and bytes.
enum class Tag : char {
  event_class = 'C',  // text: its name; they count from 0
  label = 'L',        // u32 field, i64 number, text
  environment = 'V',  // text key, text value
  event = 'E',      // i64 time, u32 stream, u32 class, i64 payload bytes; for each field a type, i64 or text
  discarded = 'D',  // i64 how many
  error = '!',      // text
  end = '.',
};

// Sends everything; returns after `end` or `error`, or when nobody listens.
void send_trace(const std::vector<std::filesystem::path>& directories, const std::vector<std::string>& fields,
                int pipe);

}  // namespace weir::ctf
