#pragma once

#include <string>

namespace weir {

// docs/reference/run-h5.md, from the schemas in rows.cpp. A test compares the committed page with it;
// WEIR_UPDATE_DOCS=1 in the environment makes that test write the page instead.
std::string run_h5_reference();

}  // namespace weir
