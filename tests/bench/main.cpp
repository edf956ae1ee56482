#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "tests/bench/analyzer.hpp"
#include "tests/bench/hold_model.hpp"
#include "tests/bench/pipeline.hpp"
#include "tests/bench/scenario_run.hpp"

// Benchmarks: how fast weir is next to what else one could use, and how its costs grow.
//
//   weir_bench [--rounds N] [--smoke] [kernel] [pipeline] [instances] [memory] [papers] [nexmark] [analyzer]
//   [trace]
//
// Prints a table. The exit code does not depend on any time: aims that are missed are marked and counted.
// --smoke runs everything once, very short: it shows that the benchmarks work, and its numbers mean nothing.

namespace weir::bench {

namespace {

struct Settings {
  int rounds = 7;
  bool smoke = false;
  std::vector<std::string> parts;
  bool wants(const char* part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

std::string cost_text(const std::vector<Sample>& samples) {
  return fmt::format("{:.3f} us/event", 1e6 / median_rate(samples));
}

void kernel(const Settings& settings, Report& report) {
  for (const GapKind gaps : {GapKind::drawn, GapKind::prepared}) {
    for (const int sources : {16, 256}) {
      HoldModel model;
      model.sources = sources;
      model.gaps = gaps;
      model.events = settings.smoke ? 20'000 : 2'000'000;
      const auto samples =
          alternate({[=] { return hold_on_calendar(model, 0); }, [=] { return hold_on_calendar(model, 8); },
                     [=] { return hold_on_binary_heap(model); }, [=] { return hold_on_coroutines(model); },
                     [=] { return hold_on_bare_coroutines(model); }},
                    settings.rounds);
      report.heading(fmt::format(
          "kernel: {} sources of exponential events, gaps {}", sources,
          gaps == GapKind::drawn ? "drawn from a random stream each" : "prepared (nothing but the kernel)"));
      report.line("weir's calendar in SimGrid's loop", cost_text(samples[0]),
                  rate_text(median_rate(samples[0])));
      report.line("  the same, 8 SimGrid flows under way", cost_text(samples[1]));
      report.line("binary heap, no order, no checks", cost_text(samples[2]),
                  rate_text(median_rate(samples[2])));
      report.line("coroutines and event objects", cost_text(samples[3]), rate_text(median_rate(samples[3])));
      report.line("coroutines, bare handles in a heap", cost_text(samples[4]),
                  rate_text(median_rate(samples[4])));
      report.ratio("events/s, weir over binary heap", median_ratio(samples[0], samples[2]), 0.5);
      report.ratio("events/s, weir with 8 flows over binary heap", median_ratio(samples[1], samples[2]), 0.5);
      report.ratio("events/s, weir over coroutines and event objects", median_ratio(samples[0], samples[3]),
                   1.3);
      report.line("events/s, weir over bare coroutines",
                  fmt::format("{:.2f}", median_ratio(samples[0], samples[4])));
    }
  }
}

void pipelines(const Settings& settings, Report& report) {
  // As much work for each side as it does in about a second.
  Pipeline long_run, short_run;
  long_run.until_s = settings.smoke ? 0.1 : 600;
  short_run.until_s = settings.smoke ? 0.05 : 20;
  const auto actors = [=](ActorService service, ActorChannels channels, ActorSettings simgrid) {
    return [=] { return pipeline_with_actors(short_run, service, channels, simgrid); };
  };
  const auto samples =
      alternate({[=] { return pipeline_in_weir(long_run); },
                 actors(ActorService::execute, ActorChannels::windowed, ActorSettings::plain),
                 actors(ActorService::execute, ActorChannels::windowed, ActorSettings::tuned),
                 actors(ActorService::sleep, ActorChannels::windowed, ActorSettings::tuned),
                 actors(ActorService::execute, ActorChannels::rendezvous, ActorSettings::tuned)},
                settings.rounds);
  report.heading(
      "pipeline: source, map, keyed sink, four of each, on two hosts; batches through all of them");
  report.line("weir, metrics recorded", rate_text(median_rate(samples[0])),
              fmt::format("{:.2f} events a batch",
                          median_of(samples[0], &Sample::value) / median_of(samples[0], &Sample::work)));
  report.line("plain SimGrid actors and mailboxes, Execs", rate_text(median_rate(samples[1])),
              "SimGrid's default settings");
  report.line("tuned actors and mailboxes, Execs", rate_text(median_rate(samples[2])),
              "CM02, no cross-traffic");
  report.line("  the same, sleeps for Execs", rate_text(median_rate(samples[3])));
  report.line("  the same, rendezvous for channels", rate_text(median_rate(samples[4])));
  report.ratio("batches/s, weir over plain actors", median_ratio(samples[0], samples[1]), 40);
  report.line("batches/s, weir over tuned actors",
              fmt::format("{:.2f}", median_ratio(samples[0], samples[2])));
  report.line("batches/s, weir over tuned actors that sleep",
              fmt::format("{:.2f}", median_ratio(samples[0], samples[3])));
  report.line("batches/s, weir over tuned actors with rendezvous",
              fmt::format("{:.2f}", median_ratio(samples[0], samples[4])));
}

// Parallel chains of three instances; a source makes 100 batches a second.
void instances(const Settings& settings, Report& report) {
  const double batches = settings.smoke ? 20'000 : 400'000;
  const auto side = [=](int count) {
    return [=] {
      const int of_operator = count / 3;
      const double until_s = batches / (100.0 * of_operator);
      return timed_run(
                 scenario_of_text(pipeline_scenario(of_operator, 102'400, 7, until_s, 1, "forward", 1024)),
                 false)
          .sample;
    };
  };
  const auto samples = alternate({side(10), side(100), side(1'000), side(10'000)}, settings.rounds);
  report.heading("scale: chains of source, map and sink; building the run included");
  const int counts[] = {9, 99, 999, 9999};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    report.line(fmt::format("{} instances", counts[i]), cost_text(samples[i]),
                fmt::format("{:.0f} MiB", median_of(samples[i], &Sample::peak_rss_mib)));
  }
  report.ratio("cost of an event, 9999 instances over 9", median_ratio(samples[0], samples[3]), 4, true);
}

void memory(const Settings& settings, Report& report) {
  const auto side = [&](double until_s) {
    return [=] {
      Pipeline pipeline;
      pipeline.until_s = until_s;
      return pipeline_in_weir(pipeline);
    };
  };
  const double until_s = settings.smoke ? 1 : 20;
  const auto samples = alternate({side(until_s), side(10 * until_s)}, std::min(settings.rounds, 3));
  report.heading("memory: the pipeline, metrics recorded");
  for (int i = 0; i < 2; ++i) {
    report.line(fmt::format("peak resident memory after {:g} simulated s", i == 0 ? until_s : 10 * until_s),
                fmt::format("{:.1f} MiB", median_of(samples[i], &Sample::peak_rss_mib)));
  }
  report.ratio("memory, ten times the simulated time over once",
               median_of(samples[1], &Sample::peak_rss_mib) / median_of(samples[0], &Sample::peak_rss_mib),
               1.05, true);
}

void papers(const Settings& settings, Report& report) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = std::filesystem::path(WEIR_SOURCE_DIR) / "scenarios/papers/ds2";
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("fig6-heron-") && name.ends_with(".json")) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  report.heading(
      "papers: scenarios of DS2's figure 6 as shipped, metrics recorded, seconds of processor time");
  if (files.empty()) report.line("none yet", "-");
  for (const std::filesystem::path& file : files) {
    const auto samples = alternate({[&] {
                                     ScenarioOverrides overrides;
                                     if (settings.smoke) overrides.until_s = 60;
                                     const TimedRun run = timed_run(scenario_of_file(file, overrides), true);
                                     Sample sample = run.sample;
                                     sample.value = run.summary.simulated_s;
                                     return sample;
                                   }},
                                   std::min(settings.rounds, 3));
    report.line(file.stem(), rate_text(median_rate(samples[0])),
                fmt::format("events; {:g} simulated s", samples[0][0].value));
    report.ratio("  processor time, s", median_of(samples[0], &Sample::cpu_s), 2, true);
  }
}

// Nexmark's rates of the DS2 paper, sixteen instances of everything; bids are 46 of 50 events.
std::string nexmark_scenario(const char* query, double bids_per_s, const char* main, double until_s) {
  return fmt::format(
      R"({{"weir": 1, "name": "nexmark", "until_s": {}, "cluster": {{"hosts": [{{"count": 8, "cores": 16}}]}},
    "jobs": [{{"name": "nexmark", "engine": "flink", "policy": "static", "workload": {{"type": "{}",
      "arrivals": {{"type": "constant", "rate_per_s": {}}}, "source_parallelism": 16,
      "source_cost": {{"per_record_us": 2}} {}}}}}]}})",
      until_s, query, bids_per_s * 50 / 46, main);
}

void nexmark(const Settings& settings, Report& report) {
  const double until_s = settings.smoke ? 6 : 120;
  const auto side = [=](const char* query, double bids_per_s, const char* main) {
    return [=] {
      const TimedRun run =
          timed_run(scenario_of_text(nexmark_scenario(query, bids_per_s, main, until_s)), true);
      Sample sample = run.sample;
      sample.value = run.summary.simulated_s / sample.cpu_s;
      return sample;
    };
  };
  const auto samples = alternate(
      {side("nexmark-q5", 500e3, R"(, "window": {"parallelism": 16})"), side("nexmark-q1", 4e6, "")},
      settings.rounds);
  report.heading("nexmark: 16 instances of each operator, metrics recorded");
  const char* const names[] = {"Q5, 500 k bids/s", "Q1, 4 M bids/s"};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    report.line(names[i], rate_text(median_rate(samples[i])), "events");
    report.ratio("  simulated seconds a second", median_of(samples[i], &Sample::value), 50);
  }
}

// A shuffle among 8 hosts: p senders with 10,000 records/s of 100 bytes each, p receivers, p x p channels.
// The links are used to a tenth of a per cent, or to 80 %: then nearly every transfer shares them with
// others.
std::string shuffle_scenario(int p, bool contended, double until_s) {
  const double used_gbit_per_s = p / 8.0 * 10'000 * 100 * 8 * 1e-9;
  return fmt::format(
      R"({{"weir": 1, "name": "shuffle", "until_s": {}, "fidelity": {{"batch_span_ms": 20}},
    "cluster": {{"hosts": [{{"count": 8, "cores": 64, "nic_gbit_per_s": {}}}]}},
    "jobs": [{{"name": "job", "engine": "flink", "policy": "static", "workload": {{"type": "dataflow",
      "sources": [{{"name": "s", "parallelism": {}, "arrivals": {{"type": "constant", "rate_per_s": {}}}}}],
      "operators": [{{"name": "t", "logic": "sink", "parallelism": {}, "cost": {{"per_record_us": 10}}}}],
      "edges": [{{"from": "s", "to": "t", "partitioning": "rebalance"}}]}}}}]}})",
      until_s, used_gbit_per_s / (contended ? 0.8 : 0.001), p, p * 10'000.0, p);
}

void shuffles(const Settings& settings, Report& report) {
  const double until_s = settings.smoke ? 1 : 20;
  const auto side = [=](int p, bool contended) {
    return [=] { return timed_run(scenario_of_text(shuffle_scenario(p, contended, until_s)), true).sample; };
  };
  const int wide = settings.smoke ? 16 : 64;
  const auto samples = alternate({side(8, false), side(wide, false), side(8, true), side(wide, true)},
                                 std::min(settings.rounds, 3));
  report.heading(fmt::format("shuffle on Flink, 8 hosts: 8 x 8 and {0} x {0} channels", wide));
  const double more_channels = wide * wide / 64.0;
  for (const int contended : {0, 1}) {
    const auto& few = samples[static_cast<std::size_t>(2 * contended)];
    const auto& many = samples[static_cast<std::size_t>(2 * contended + 1)];
    const char* const links = contended != 0 ? "links used to 80 %" : "wide links";
    report.line(fmt::format("{}, {} x {}", links, wide, wide), rate_text(median_rate(many)),
                fmt::format("events; {:.3f} s of processor time a simulated second",
                            median_of(many, &Sample::cpu_s) / until_s));
    report.ratio(fmt::format("  cost of a simulated second over 8 x 8, by the growth of channels, {}", links),
                 median_of(many, &Sample::cpu_s) / median_of(few, &Sample::cpu_s) / more_channels, 1, true);
  }
  report.line("  links used to 80 % over wide links",
              fmt::format("{:.2f} times the processor time",
                          median_of(samples[3], &Sample::cpu_s) / median_of(samples[1], &Sample::cpu_s)));
}

// The longest sides have 50 million edges and more.
void analyzers(const Settings& settings, Report& report) {
  const double whole_s = settings.smoke ? 0.05 : 96;
  const auto windows = [=](double window_s) {
    return [=] { return analyze_windows({.duration_s = whole_s, .window_s = window_s}); };
  };
  const auto file = [=](double duration_s) {
    return [=] { return analyze_file({.duration_s = duration_s, .window_s = whole_s / 96}); };
  };
  const auto recorded = [&] {
    ScenarioOverrides overrides;
    if (settings.smoke) overrides.until_s = 30;
    return analyze_run(
        scenario_of_file(std::filesystem::path(WEIR_SOURCE_DIR) / "scenarios/word-count.json", overrides));
  };
  const auto samples =
      alternate({windows(whole_s / 96), windows(whole_s / 12), file(whole_s / 4), file(whole_s), recorded},
                std::min(settings.rounds, 3));
  const auto work = [&](int side) { return median_of(samples[side], &Sample::work) * 1e-6; };
  report.heading("analyzer: 64 workers, log-normal times, a fifth of the edges messages; one thread");
  report.line("edges to summaries, short windows", rate_text(median_rate(samples[0])),
              fmt::format("{:.1f} M edges, {:.2f} M in a window", work(0),
                          median_of(samples[0], &Sample::value) * 1e-6));
  report.line("edges to summaries, windows eight times as long", rate_text(median_rate(samples[1])),
              fmt::format("{:.1f} M edges, {:.2f} M in a window", work(1),
                          median_of(samples[1], &Sample::value) * 1e-6));
  report.line(
      "file to summaries, short windows", rate_text(median_rate(samples[3])),
      fmt::format("{:.1f} M edges, {:.2f} bytes an edge", work(3), median_of(samples[3], &Sample::value)));
  report.line("file to summaries, the shipped word count", rate_text(median_rate(samples[4])),
              fmt::format("{:.1f} M edges", work(4)));
  report.ratio("edges to summaries, M edges/s", median_rate(samples[0]) * 1e-6, 8);
  report.ratio("file to summaries, M edges/s", median_rate(samples[3]) * 1e-6, 4);
  report.ratio("cost of an edge, windows eight times as long over short ones",
               median_ratio(samples[0], samples[1]), 1.5, true);
  report.ratio("memory, four times the trace over once",
               median_of(samples[3], &Sample::peak_rss_mib) / median_of(samples[2], &Sample::peak_rss_mib),
               1.1, true);
  report.line("peak resident memory, file to summaries",
              fmt::format("{:.0f} MiB", median_of(samples[3], &Sample::peak_rss_mib)));
}

// Shipped scenarios with --trace pag and without, metrics recorded either way.
void trace(const Settings& settings, Report& report) {
  report.heading("recording a trace: processor time with --trace pag over that without");
  const std::filesystem::path folder = std::filesystem::path(WEIR_SOURCE_DIR) / "scenarios";
  for (const char* name :
       {"word-count", "bursty-wordcount", "papers/ds2/fig6-heron-ds2", "papers/ds2/fig6-heron-dhalion"}) {
    const auto side = [&](bool traced) {
      return [&settings, traced, file = folder / (std::string(name) + ".json")] {
        ScenarioOverrides overrides;
        if (settings.smoke) overrides.until_s = 30;
        return timed_run(scenario_of_file(file, overrides), true, traced).sample;
      };
    };
    const auto samples = alternate({side(false), side(true)}, std::min(settings.rounds, 5));
    report.ratio(fmt::format("{}", name), median_ratio(samples[0], samples[1]), 2, true);
  }
}

int run(const Settings& settings) {
  Report report;
  fmt::print("Medians of {} rounds in which the sides take turns; processor time.\n", settings.rounds);
  if (settings.wants("kernel")) kernel(settings, report);
  if (settings.wants("pipeline")) pipelines(settings, report);
  if (settings.wants("instances")) instances(settings, report);
  if (settings.wants("memory")) memory(settings, report);
  if (settings.wants("papers")) papers(settings, report);
  if (settings.wants("nexmark")) nexmark(settings, report);
  if (settings.wants("shuffle")) shuffles(settings, report);
  if (settings.wants("analyzer")) analyzers(settings, report);
  if (settings.wants("trace")) trace(settings, report);
  fmt::print("\n{} of the aims missed\n", report.missed());
  return 0;
}

}  // namespace

}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--smoke") {
      settings.smoke = true;
      settings.rounds = 1;
    } else if (argument == "--rounds" && i + 1 < argc) {
      settings.rounds = std::max(1, std::atoi(argv[++i]));
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr,
                   "usage: weir_bench [--rounds N] [--smoke] "
                   "[kernel|pipeline|instances|memory|papers|nexmark|analyzer|trace]…\n");
      return 2;
    } else {
      settings.parts.push_back(argument);
    }
  }
  try {
    return weir::bench::run(settings);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
