#!/usr/bin/env python3
"""What each policy makes of Nexmark's queries and word count on Flink, under a step, a daily curve and recorded tweets."""

import json

import _runs

SCENARIO = "nexmark/policies"
TRACE = _runs.HOME.parent / "shared/traces/tweets-aapl-5min.csv"
UNTIL_S = 3600
# Sources of each workload, and their full rates: a quarter of DS2's (Table 3), at which three to seven instances of the main
# operator are busy. (A run simulates an hour; the time that it takes goes with the rate.)
WORKLOADS = {
    "q1": ("ds2-nexmark-q1", {"bids": 1e6}),
    "q2": ("ds2-nexmark-q2", {"bids": 1e6}),
    "q3": ("ds2-nexmark-q3", {"auctions": 125e3, "persons": 25e3}),
    "q5": ("ds2-nexmark-q5", {"bids": 125e3}),
    "q8": ("ds2-nexmark-q8", {"auctions": 105e3, "persons": 30e3}),
    "q11": ("ds2-nexmark-q11", {"bids": 250e3}),
    "word-count": ("ds2-word-count", {"arrivals": 500e3}),
}
LOADS = ("step", "daily", "tweets")
# In an hour the autoscaler's defaults act twice or thrice; experiments shorten its windows.
SHORT = {"metrics_window_s": 120, "stabilization_s": 60, "scale_down_interval_s": 300}
POLICIES = {
    "static": {"type": "static"},
    "ds2": {"type": "ds2", "interval_s": 30, "warm_up_intervals": 1},
    "dhalion": {"type": "dhalion"},
    "threshold": {"type": "threshold"},
    "flink-autoscaler-1.4": {"type": "flink-autoscaler", "preset": "1.4"},
    "flink-autoscaler-1.6": {"type": "flink-autoscaler", "preset": "1.6"},
    "flink-autoscaler-1.7": {"type": "flink-autoscaler", "preset": "1.7"},
    "flink-autoscaler-short": {"type": "flink-autoscaler", "preset": "1.7", **SHORT},
    "hpa": {"type": "hpa"},
    "keda": {"type": "keda"},
    "contune": {"type": "contune"},
    "oracle": {"type": "oracle"},
}
COLUMNS = ["workload", "load", "policy", "steps", "convergence s", "oscillations", "achieved / offered", "backlog s",
           "latency p99 s", "late", "slot-seconds", "of oracle", "over", "under"]
LATE_S = 5.0
TICKS = (1, 1.5, 2, 3, 4.5)


def arrivals(load, rate_per_s):
    if load == "step":
        phases = [(900, 0.25), (1500, 0.75), (1200, 0.25)]
        return {"type": "phases", "phases": [{"duration_s": d, "rate_per_s": f * rate_per_s} for d, f in phases]}
    if load == "daily":
        return {"type": "sine", "base_rate_per_s": 0.45 * rate_per_s, "amplitude_per_s": 0.35 * rate_per_s,
                "period_s": UNTIL_S}
    # 28 hours in one, as in the scenario tweets-wordcount; its peak is about 0.8 of the rate.
    return {"type": "trace", "path": str(TRACE), "value": "count", "start_s": 915600, "end_s": 1016400, "speed_up": 28,
            "speed_up_keeps": "rates", "scale": rate_per_s * SCALE_OF_PEAK}


# Of the trace's rate (events in 5 minutes) at its peak, so that the peak is 0.8 of the rate.
def scale_of_peak():
    if not TRACE.exists():
        return None
    import csv
    import datetime

    rows = list(csv.reader(TRACE.read_text().splitlines()))[1:]
    at = [datetime.datetime.fromisoformat(r[0]) for r in rows]
    counts = [float(r[1]) for r, t in zip(rows, at) if 915600 <= (t - at[0]).total_seconds() < 1016400]
    return 0.8 / (max(counts) / 300)


SCALE_OF_PEAK = scale_of_peak()


def late_share(run):
    """Share of the windows in which a result came whose 99th percentile was above LATE_S."""
    windows = run.table("job_windows")
    told = windows["latency_p99_s"][windows["latency_count"] > 0]
    return float((told > LATE_S).mean()) if len(told) else float("nan")


def row(workload, load, policy, run, oracle_slot_s):
    s = run.summary
    scaling = s["scaling"]

    def seconds(value):
        return f"{value:.3g}" if value is not None else "-"

    backlog = s["throughput"].get("backlog_records") or 0.0
    return [workload, load, policy, scaling["steps"],
            seconds(scaling["convergence_time_s"]) if scaling["converged"] else "-", scaling["oscillations"],
            f"{s['throughput']['ratio']:.3f}", seconds(backlog / s["throughput"]["offered_per_s"]),
            seconds(s["latency_s"]["p99"]), f"{late_share(run):.2f}", f"{scaling['slot_seconds']:.0f}",
            f"{scaling['slot_seconds'] / oracle_slot_s:.2f}" if oracle_slot_s else "-",
            f"{scaling['over_provisioned']:.0f}", f"{scaling['under_provisioned']:.0f}"]


def jobs(arguments, cells):
    for workload, load, policy in cells:
        name, sources = WORKLOADS[workload]
        dataflow = {"type": name, **{source: arrivals(load, rate) for source, rate in sources.items()}}
        yield SCENARIO, arguments.output / "runs" / workload / load / policy, [
            "--set", f"jobs[0].workload={json.dumps(dataflow)}", "--set", f"jobs[0].policy={json.dumps(POLICIES[policy])}"]


def draw(arguments, rows, workloads, loads, policies):
    import _style as style

    fig, axes = style.figure(1, len(loads), width_in=style.PAGE_IN, height_in=3.2, sharex=True, sharey=True)
    places = axes if len(loads) > 1 else [axes]
    markers = "osv^<>DPX*hp"
    for place, load in zip(places, loads):
        for k, policy in enumerate(policies):
            points = [r for r in rows if r[1] == load and r[2] == policy and r[11] != "-"]
            place.plot([float(r[11]) for r in points], [float(r[9]) for r in points], markers[k % len(markers)],
                       color={"oracle": "black", "contune": "navy"}.get(policy, f"C{k % 10}"), markersize=4, linestyle="", alpha=0.8, label=policy)
        place.set_title(load)
        place.set_xlabel("slot-seconds / oracle's")
        place.set_xscale("log")
        place.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        place.minorticks_off()
    places[0].set_ylabel(f"share of windows, p99 > {LATE_S:g} s")
    places[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=6)
    style.save(fig, arguments.output, "nexmark-policies")


def main():
    arguments = _runs.figure_arguments(
        "nexmark-policies", __doc__, workloads=(",".join(WORKLOADS), "which workloads, with commas between"),
        loads=(",".join(LOADS), "which loads"), policies=(",".join(POLICIES), "which policies"))
    workloads = _runs.chosen(arguments.workloads, list(WORKLOADS), "workload")
    loads = _runs.chosen(arguments.loads, list(LOADS), "load")
    policies = _runs.chosen(arguments.policies, list(POLICIES), "policy")
    if SCALE_OF_PEAK is None and "tweets" in loads:
        print(f"without {TRACE.name}, which is not here, the load \"tweets\" is left out")
        loads.remove("tweets")
    cells = [(w, l, p) for w in workloads for l in loads for p in policies]
    runs = dict(zip(cells, _runs.Weir(arguments.weir).run_all(jobs(arguments, cells))))
    rows = []
    for w, l, p in cells:
        oracle = runs.get((w, l, "oracle"))
        rows.append(row(w, l, p, runs[w, l, p], oracle.summary["scaling"]["slot_seconds"] if oracle else None))
    _runs.write_csv(arguments.output / "nexmark-policies.csv", COLUMNS, rows)
    text = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * 3 + "--:|" * (len(COLUMNS) - 3)]
    text += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in rows]
    print("\n".join(text))
    (arguments.output / "nexmark-policies.md").write_text("\n".join(text) + "\n")
    draw(arguments, rows, workloads, loads, policies)


if __name__ == "__main__":
    _runs.main(main)
