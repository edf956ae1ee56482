#pragma once

#include <filesystem>
#include <string>

namespace weir::test {

// Records what `command` traces, with LTTng's userspace tracer, into folder/recorded. False, and said, where
// LTTng is not installed. A daemon that runs is used, else one is started for as long as it takes; one
// recording at a time.
bool record_with_lttng(const std::filesystem::path& folder, const std::string& command);

}  // namespace weir::test
