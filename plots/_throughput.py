"""The highest frequency that a stream can have: the search of the benchmark's throttling program, and halving.

The benchmark's program (HASTE-project/benchmarking-tools, throttling_app) raises and lowers the frequency of a stream
while Spark works, by what the last batches took. Here a run is repeated with one more phase for each change, so
that each change comes at the time, and with the load that is left over, that the program would see.
"""

import hashlib
import json
import math
import pathlib
import shutil
from dataclasses import dataclass

import _runs

START_PER_S = 1
SETTLING_S, SETTLING_BATCHES = 3, 2  # after a change, during which batches are not looked at
BATCHES = 13  # that are seen before the next change ("full run"); 3 in the published logs
# Mean total delay as a share of the batch interval, and the next frequency.
STEPS = ((0.01, lambda f: f * 50), (0.1, lambda f: f * 5), (0.5, lambda f: int(f * 1.75) + 1), (0.9, lambda f: int(f * 1.03) + 1))
DELAY, LISTING, SOURCE, BOUND, NONE = "delay", "listing", "source", "bound", "not even 1/s"
CHANGES_MAX = 60
HISTORY = 14  # batch intervals before a change that a run repeats: files stay for twelve
BEHIND = 0.98  # of what is offered: the source is slower than that


CORES, LINK_BYTES_PER_S = 40, 1.3e9 / 8
SCENARIO = "papers/throughput/"


FIT_COST_S, LINK_FIT, FILES_FIT = 0.02, 10_000_000, 100_000  # of the logs: bytes of a file, and bytes at most
BLOCK_S = 0.05  # of a receiver: what comes is counted by blocks
GROWTH = 0.01  # of what comes: what waits may grow by it where HarmonicIO is said to sustain a frequency


def kind(system, size, cost_s):
    """Of Spark's files in the logs the largest are what the link is fitted to, and small ones the time of a task."""
    fitted = system == "spark-file" and cost_s == FIT_COST_S and (size == LINK_FIT or size <= FILES_FIT)
    return "calibrated" if fitted else "predicted"


def bound(size, cost_s):
    """What no system can exceed for long on these cores and links, and why."""
    limits = {"cpu": CORES / cost_s if cost_s > 0 else math.inf, "network": LINK_BYTES_PER_S / size}
    why = min(limits, key=limits.get)
    return limits[why], why


def tolerance(system, per_s):
    """By how much what is found may exceed the bound: what waits may grow; else what came in some batches is counted whole."""
    if system == "harmonicio":
        return per_s * GROWTH / (1 - GROWTH)
    return max(1, per_s * BLOCK_S) / (BATCHES * interval_of(system))


def interval_of(system):
    """Of its batches, in s."""
    return json.loads((_runs.HOME / "scenarios" / f"{SCENARIO}{system}.json").read_text())["jobs"][0]["engine"]["batch_interval_s"]


def settings(size, cost_s, arrivals, until_s):
    """A message has a microsecond more than what it costs."""
    return ["--set", f"jobs[0].workload.sources[0].record_bytes={size}", "--set", f"jobs[0].workload.operators[0].cost.per_record_us={cost_s * 1e6 + 1!r}",
            "--set", f"jobs[0].workload.sources[0].arrivals={json.dumps(arrivals)}", "--until", f"{until_s!r}"]


def of_spark(weir, directory, source, size, cost_s, wanted=BATCHES):
    """Highest frequency, reason, steps: of the scenario of this source, by the published search. Kept in the directory."""
    interval_s = interval_of(source)

    def run_phases(phases):
        arrivals = {"type": "phases", "phases": [{"duration_s": d, "rate_per_s": f} for d, f in phases], "after": "stop"}
        until_s = sum(d for d, _ in phases)
        return weir.run(SCENARIO + source, directory / "run", settings(size, cost_s, arrivals, until_s))

    return kept(weir, directory, source, [size, cost_s, wanted],
                lambda: search(run_phases, interval_s, wanted, 1.1 * bound(size, cost_s)[0]))


def kept(weir, directory, source, what, compute):
    """A result that is there already is taken, when the same program made it of the same scenario and rules."""
    mark, _ = weir.stamp(SCENARIO + source, what)
    mark += hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    file = directory / "result.json"
    if file.exists() and (known := json.loads(file.read_text()))["made_of"] == mark:
        return known["result"]
    result = compute()
    shutil.rmtree(directory / "run", ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
    # At once: half a result would be taken for one.
    new = directory / "result.json.new"
    new.write_text(json.dumps({"made_of": mark, "result": result}))
    new.replace(file)
    return result


@dataclass
class Batch:
    made_s: float
    submitted_s: float
    started_s: float
    ended_s: float
    listing_s: float
    records: int

    @property
    def delay_s(self):
        return self.ended_s - self.submitted_s


def batches(run):
    """Of a run, by time. Those that have not ended are not there."""
    table = run.table("micro_batches")
    rows = sorted(zip(*(map(float, table[c]) for c in ("made_s", "submitted_s", "started_s", "ended_s")), map(int, table["records"])))
    found, free_s = [], 0.0
    for made_s, submitted_s, started_s, ended_s, records in rows:
        found.append(Batch(made_s, submitted_s, started_s, ended_s, submitted_s - max(made_s, free_s), records))
        free_s = submitted_s
    return found


def look(seen, now_s, set_s, frequency, interval_s, wanted):
    """What the program does at this time: None (nothing yet), ("set", frequency) or ("end", reason)."""
    from_s = set_s + SETTLING_S + SETTLING_BATCHES * interval_s
    recent = [b for b in seen if b.made_s > from_s and b.ended_s <= now_s]
    if not recent:
        return None
    processed_s = max((now_s - b.made_s for b in seen if b.started_s <= now_s < b.ended_s), default=0.0)
    slow_listings = [b for b in seen if b.made_s > from_s and b.submitted_s <= now_s and b.listing_s > 0.95 * interval_s]
    mean_s = sum(b.delay_s for b in recent) / len(recent)
    if (frequency > 1 and recent[-1].delay_s > 5 * interval_s) or processed_s > 5 * interval_s:
        return "set", lower(frequency)
    if frequency > 1 and len(slow_listings) > 2:
        return "end", LISTING
    if len(recent) > 5 and mean_s > 2 * interval_s:
        return "set", lower(frequency)
    if len(recent) <= wanted:
        return None
    value = following(mean_s, frequency, interval_s)
    return ("end", DELAY) if value is None else ("set", value)


def following(mean_s, frequency, interval_s):
    """The next frequency after that mean total delay; None: this is the highest."""
    for share, step in STEPS:
        if mean_s < share * interval_s:
            return step(frequency)
    return None if mean_s < interval_s else lower(frequency)


def lower(frequency):
    return int(max(1, frequency / 2))


def lowest_between(low, high):
    """A frequency between the two, or None if they are as near as the finest step."""
    middle = int(math.sqrt(low * high))
    return middle if low < middle and high > low * 1.03 + 1 else None


def search(run_phases, interval_s, wanted=BATCHES, most_per_s=math.inf):
    """The highest frequency, why the search ended, and its steps [(set at, frequency, mean delay)].

    run_phases([(duration_s, frequency), ...]) -> Run. Beyond the program's own rules: after a frequency that was too high the
    stream starts anew on an empty system; one that was too high is not set again, the next is between; it ends when the
    stream does not come as fast as it should (then what came is the result), and with nothing when 1/s is too much;
    `most_per_s` is a frequency that is not exceeded.
    """
    phases, steps, frequency, set_s, kept, too_high = [], [], START_PER_S, 0.0, 0, math.inf
    forgotten_s = 0.0  # before the first phase
    while len(steps) < CHANGES_MAX:
        seen, now_s, verdict = wait(run_phases, phases, frequency, set_s, interval_s, wanted)
        recent = [b for b in seen if b.made_s > set_s + SETTLING_S + SETTLING_BATCHES * interval_s and b.ended_s <= now_s]
        mean_s = sum(b.delay_s for b in recent) / len(recent) if recent else math.inf
        came_per_s = sum(b.records for b in recent) / (len(recent) * interval_s) if recent else 0.0
        steps.append((forgotten_s + set_s, frequency, mean_s if recent else None))
        what, value = verdict
        if what == "end":
            return frequency, value, steps
        if value >= frequency and len(recent) > wanted and came_per_s < BEHIND * frequency:
            return came_per_s, SOURCE, steps
        if value > frequency:
            kept = frequency
            if frequency >= most_per_s:
                return frequency, BOUND, steps
            phases, cut_s = newest(phases + [(now_s - set_s, frequency)], HISTORY * interval_s, interval_s)
            forgotten_s += cut_s
            set_s = now_s - cut_s
            target = min(value, most_per_s)
        elif frequency == START_PER_S:
            return 0, NONE, steps
        else:
            too_high = frequency
            forgotten_s += now_s
            phases, set_s = [], 0.0
            target = max(value, kept)
        if target >= too_high or target <= kept:
            target = lowest_between(kept, too_high)
            if target is None:
                return kept, DELAY, steps
        frequency = target
    return kept, DELAY, steps


def newest(phases, history_s, interval_s):
    """The last phases, and how much before them was cut off: whole batch intervals."""
    total_s = sum(d for d, _ in phases)
    cut_s = left_s = max(0, math.floor((total_s - history_s) / interval_s)) * interval_s
    shorter = []
    for duration_s, frequency in phases:
        taken_s = min(left_s, duration_s)
        left_s -= taken_s
        if duration_s > taken_s:
            shorter.append((duration_s - taken_s, frequency))
    return shorter, cut_s


def wait(run_phases, phases, frequency, set_s, interval_s, wanted):
    """Until the program does something: what it saw, when, and what it does."""
    span_s = SETTLING_S + (SETTLING_BATCHES + wanted + 3) * interval_s
    while True:
        seen = batches(run_phases(phases + [(span_s, frequency)]))
        now_s = set_s + interval_s
        while now_s < set_s + span_s:
            now_s += 1
            verdict = look(seen, now_s, set_s, frequency, interval_s, wanted)
            if verdict is not None:
                return seen, now_s, verdict
        if span_s > 8 * (wanted + 5) * interval_s:  # nobody will see the batch end
            return seen, now_s, ("set", lower(frequency))
        span_s *= 2
