#pragma once

#include <string>
#include <string_view>

#include "sim/scenario/errors.hpp"
#include "sim/scenario/node.hpp"

// Values from the command line, put into the tree before it is read, so that they are checked like everything
// else. What they cause later is reported with the argument instead of file and line.
//
//   jobs[0].policy.high=0.7      by index                 jobs.wc.policy.high=0.7   by "name" in an array
//   jobs.wc.policy=ds2           a component by name      platform.hosts={"count": 4}
//   operators["a.b"].x=1         a key that is not plain
//
// The value is JSON when it can be read as JSON, else a text. Objects and members on the way are made; array
// items must exist. On the way into a component that is a bare name, "ds2" becomes {"type": "ds2"}.

namespace weir {

// `argument` is what follows --set: `path.to.key=VALUE`.
void apply_override(Document& document, std::string_view argument, Errors& errors);

// For other options that set values; `label` is the argument as errors name it: `--policy ds2`.
void set_value(Document& document, std::string_view path, std::string_view value, std::string label,
               Errors& errors);

}  // namespace weir
