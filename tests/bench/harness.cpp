#include "tests/bench/harness.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace weir::bench {

namespace {

double clock_s(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

Stopwatch::Stopwatch() : cpu_s_(clock_s(CLOCK_PROCESS_CPUTIME_ID)), wall_s_(clock_s(CLOCK_MONOTONIC)) {}

Sample Stopwatch::finish(double work) const {
  Sample sample;
  sample.cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s_;
  sample.wall_s = clock_s(CLOCK_MONOTONIC) - wall_s_;
  sample.work = work;
  return sample;
}

Sample run_apart(const Measurement& measurement) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    close(ends[0]);
    try {
      Sample sample = measurement();
      sample.peak_rss_mib = peak_rss_mib();
      const bool told = write(ends[1], &sample, sizeof sample) == static_cast<ssize_t>(sizeof sample);
      _exit(told ? 0 : 1);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    _exit(1);
  }
  close(ends[1]);
  Sample sample;
  const ssize_t got = read(ends[0], &sample, sizeof sample);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (got != static_cast<ssize_t>(sizeof sample) || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("a measurement failed");
  }
  return sample;
}

std::vector<std::vector<Sample>> alternate(const std::vector<Measurement>& sides, int rounds) {
  std::vector<std::vector<Sample>> samples(sides.size());
  for (int round = rounds > 1 ? -1 : 0; round < rounds; ++round) {
    for (std::size_t side = 0; side < sides.size(); ++side) {
      const Sample sample = run_apart(sides[side]);
      if (round >= 0) samples[side].push_back(sample);
    }
  }
  return samples;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

double median_rate(const std::vector<Sample>& samples) {
  std::vector<double> rates;
  for (const Sample& sample : samples) rates.push_back(sample.work / sample.cpu_s);
  return median(rates);
}

double median_of(const std::vector<Sample>& samples, double Sample::*member) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.*member);
  return median(values);
}

double median_ratio(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ratios.push_back((a[i].work / a[i].cpu_s) / (b[i].work / b[i].cpu_s));
  }
  return median(ratios);
}

std::string rate_text(double per_s) {
  if (per_s >= 1e6) return fmt::format("{:.2f} M/s", per_s / 1e6);
  if (per_s >= 1e3) return fmt::format("{:.1f} k/s", per_s / 1e3);
  return fmt::format("{:.1f} /s", per_s);
}

void Report::heading(const std::string& title) {
  fmt::print("\n{}\n", title);
  std::fflush(stdout);
}

void Report::line(const std::string& what, const std::string& measured, const std::string& aim) {
  fmt::print("  {:<58} {:>14}  {}\n", what, measured, aim);
  std::fflush(stdout);
}

void Report::ratio(const std::string& what, double measured, double aim, bool most) {
  const bool met = most ? measured <= aim : measured >= aim;
  if (!met) ++missed_;
  line(what, fmt::format("{:.2f}", measured),
       fmt::format("{} {:g}: {}", most ? "at most" : "at least", aim, met ? "met" : "MISSED"));
}

}  // namespace weir::bench
