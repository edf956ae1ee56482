#pragma once

#include <nlohmann/json.hpp>
#include <string>

// A validator for the part of JSON Schema that our schemas use; an unknown keyword fails, so that a test
// cannot pass because a rule was overlooked. It is the oracle for the reader: what one accepts the other
// must.

namespace weir::test {

// Empty when `value` is valid, else the reason. `root` holds the $defs.
std::string schema_error(const nlohmann::json& schema, const nlohmann::json& root,
                         const nlohmann::json& value);

}  // namespace weir::test
