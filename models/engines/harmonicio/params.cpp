#include "models/engines/harmonicio/params.hpp"

namespace weir {

ParamTable<HarmonicIoParams> harmonicio_table() {
  using P = HarmonicIoParams;
  ParamTable<P> t("engine harmonicio");
  t.text("master_host", &P::master_host,
         {.help = "The host of the master, through whose network queued messages go; empty: the first one."});
  t.real("request_ms", &P::request_ms,
         {.unit = "ms",
          .help = "The master answers one request at a time, and takes so long for each.",
          .source = "not published; chosen"},
         between(0, 60'000));
  t.integer("ports_per_worker", &P::ports_per_worker,
            {.unit = "containers",
             .help = "Containers on a worker, of all operators together, at most.",
             .source = "9000 to 9009; 50 in the thesis' configuration"},
            between(1, 16384));
  t.real("container_start_s", &P::container_start_s,
         {.unit = "s",
          .help = "From the request to a worker until the container asks for messages.",
          .source = "docker_master.py: it waits 1 s after docker run; how long that takes is not published"},
         between(0, 1e6));
  t.real("container_idle_timeout_s", &P::container_idle_timeout_s,
         {.unit = "s",
          .help = "A container that was started while the job runs exits when it got no message for so long.",
          .source = "worker configuration; 5 in the thesis' configuration"},
         Range{.low = 1e-3, .high = 1e9});
  t.integer("initial_containers", &P::initial_containers,
            {.unit = "containers",
             .help = "Of each operator, running from the start and for good; default: as many as its "
                     "parallelism."},
            between(0, 16384));
  t.real("metrics_interval_s", &P::metrics_interval_s,
         {.unit = "s", .help = "Length of a metric window.", .source = "a container's CPU is that of 1 s"},
         Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &P::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.object("tracing_cost", &P::tracing_cost, tracing_cost_table(),
           {.help = "What it costs the simulated system to trace itself."});
  return t;
}

}  // namespace weir
