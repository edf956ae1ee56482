#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/scenario_fuzz.hpp"

// libFuzzer's entry. Build with clang: cmake -DWEIR_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++, target
// scenario_fuzz.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::test::fuzz_scenario({reinterpret_cast<const char*>(data), size});
  return 0;
}
