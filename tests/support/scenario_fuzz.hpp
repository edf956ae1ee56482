#pragma once

#include <string_view>

namespace weir::test {

// Reads any bytes as a document, with overrides: the document ends at the first zero byte, and each further
// piece between zero bytes is an argument of --set. Aborts when the reader breaks a promise: whatever comes
// in, errors are collected, printable and one line each; what was read without errors is written and read
// back the same.
void fuzz_scenario(std::string_view bytes);

}  // namespace weir::test
