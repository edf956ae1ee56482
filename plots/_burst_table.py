"""What the figure burst-table measures of a run, and what a fluid would do.

A run has a burst from BURST_FROM_S to BURST_TO_S; records that wait are those outside of the job and those inside that are not done.
"""

BURST_FROM_S, BURST_TO_S, UNTIL_S = 1800, 2400, 4800  # as in scenarios/bursts
BASE_PER_S, STEADY_PER_S, BURST_PER_S = 32, 32, 96
WORK_S = 0.1  # of a core, for a record
LATE_S = 10.0
CORES = 16
MINUTE_S = 60
MARGIN_S = 0.1  # sim/record/catching_up.hpp


def arriving_per_s(time_s, burst_per_s=BURST_PER_S):
    """Expected, of both applications."""
    return STEADY_PER_S + (burst_per_s if BURST_FROM_S <= time_s < BURST_TO_S else BASE_PER_S)


def waiting_records(run):
    """At the ends of the metric windows of the only job: times, and how many are outside of the job or not done inside."""
    job, operators = run.table("job_windows"), run.table("operator_windows")
    waiting = {float(end): float(inside) for end, inside in zip(job["end_s"], job["in_flight_records"])}
    for end, outside in zip(operators["end_s"], operators["backlog_records"]):
        if outside == outside:
            waiting[float(end)] += float(outside)
    return sorted(waiting.items())


def waiting_s(run, burst_per_s=BURST_PER_S):
    """By the minute, from 0 on: how many seconds' arrivals wait, the mean over the metric windows that end in it. By Little's law a latency."""
    minutes = [[] for _ in range(UNTIL_S // MINUTE_S)]
    for end, records in waiting_records(run):
        at = min(int((end - 1e-6) // MINUTE_S), len(minutes) - 1)
        minutes[at].append(records / arriving_per_s(end - 1e-6, burst_per_s))
    return [sum(m) / len(m) for m in minutes]


def recovery_s(minutes):
    """From the burst's start: until the level before the burst is reached the first time, and until for good; None if not by the end of the
    run. The level is the greatest of as many minutes before the burst as it lasts, and a tenth of a second, as sources' catching up with
    an action is judged. 0: it was never left."""
    first, last = BURST_FROM_S // MINUTE_S, BURST_TO_S // MINUTE_S
    level = max(minutes[2 * first - last:first]) + MARGIN_S
    above = [m > level for m in minutes]
    if not any(above[first:]):
        return 0.0, 0.0
    began = above.index(True, first)
    back = next((m for m in range(began, len(above)) if not above[m]), None)
    left = len(above) - 1 - above[::-1].index(True)
    return (None if back is None else (back - first) * float(MINUTE_S),
            None if left == len(above) - 1 else (left + 1 - first) * float(MINUTE_S))


def late_records(run):
    """Delivered after LATE_S; of a bucket of the histogram that it divides, in proportion."""
    rows = run.table("latency_histogram")
    late = 0.0
    for low, high, count in zip(rows["from_s"], rows["to_s"], rows["records"]):
        if high > LATE_S:
            late += count * min(1.0, (high - LATE_S) / (high - low))
    return late


def held_slot_s(run):
    """Instances that work, containers, executors (of a core); of nodes that cannot be given back, all of them."""
    summary = run.summary
    if summary["engine"] == "synergy":
        return CORES * summary["simulated_s"]
    if summary["engine"] == "spark":
        return summary["engine_figures"]["executor_seconds"]
    sources = sum(1 for name in ("bursting", "steady") if name in summary["operators"])
    return summary["scaling"]["slot_seconds"] - sources * summary["simulated_s"]


def used_core_s(run):
    windows, hosts = run.table("host_windows"), run.table("hosts")
    cores = dict(zip(hosts["host_id"], hosts["cores"]))
    return sum(float((end - start) * used * cores[host]) for start, end, used, host in
               zip(windows["start_s"], windows["end_s"], windows["cpu_used_share"], windows["host_id"]))


def measures(run, burst_per_s=BURST_PER_S):
    books, waiting = run.summary["conservation"], waiting_records(run)[-1][1]
    outside = run.summary["throughput"].get("backlog_records") or 0
    arrived = books["emitted"] + outside
    # What waits at the end and came more than LATE_S before.
    never = max(0.0, waiting - arriving_per_s(UNTIL_S, burst_per_s) * LATE_S)
    back_s, good_s = recovery_s(waiting_s(run, burst_per_s))
    return {"arrived": arrived, "lost_percent": 100 * (books["dropped"] - books["replayed"]) / arrived,
            "late_percent": 100 * (late_records(run) + never) / arrived, "latency_p99_s": run.summary["latency_s"]["p99"],
            "back_s": back_s, "recovery_s": good_s, "held_slot_s": held_slot_s(run), "used_core_s": used_core_s(run)}


# ---------------------------------------------------------------- fluids


def queue_fluid(served_per_s, base_per_s, burst_per_s):
    """Of a server of that rate which never changes: share of its records that are late, and seconds from the burst's start until none waits."""
    length = BURST_TO_S - BURST_FROM_S
    grows, drains = burst_per_s - served_per_s, served_per_s - base_per_s
    most, bound = grows * length, LATE_S * served_per_s
    late = burst_per_s * (length - bound / grows) + base_per_s * (most - bound) / drains
    return late, length + most / drains


def static_fluid(served_per_s=None):
    """Late share (%) of all records and recovery (s) with instances for `served_per_s` of the bursting application, or, none, with executors
    for both, shared."""
    all_records = (BASE_PER_S + STEADY_PER_S) * UNTIL_S + (BURST_PER_S - BASE_PER_S) * (BURST_TO_S - BURST_FROM_S)
    if served_per_s is None:
        late, recovery = queue_fluid(10 / WORK_S, BASE_PER_S + STEADY_PER_S, BURST_PER_S + STEADY_PER_S)
    else:
        late, recovery = queue_fluid(served_per_s, BASE_PER_S, BURST_PER_S)
    return 100 * late / all_records, recovery


def even_shares_fluid():
    """Lost share (%) of all records where each application is dealt evenly to twelve nodes, eight of which they share."""
    all_records = (BASE_PER_S + STEADY_PER_S) * UNTIL_S + (BURST_PER_S - BASE_PER_S) * (BURST_TO_S - BURST_FROM_S)
    on_shared_per_s = (BURST_PER_S + STEADY_PER_S) * 8 / 12
    return 100 * (on_shared_per_s - 8 / WORK_S) * (BURST_TO_S - BURST_FROM_S) / all_records
