#!/usr/bin/env python3
"""CellProfiler on Spark Streaming: allocated executors and busy cores over time, with 40 and with 3 concurrent jobs, and one after the other."""

import _runs

FOLDER = "papers/spark-cellprofiler"
RUNS = {"concurrent-40": 2, "concurrent-3": 1, "in-turn": 1}  # and executors at the start
RECORDED = {"concurrent-40": "concurrent-40", "concurrent-3": "concurrent-3", "in-turn": "concurrent-3"}
CORES = 40
RAMP = (3, 4, 6, 10, 18, 34, 40)
BUSY_FROM_S, BUSY_TO_S = 24, 600


def known(points, run, quantity):
    return [(p["time_s"], p["value"]) for p in points if (p["run"], p["quantity"]) == (run, quantity)]


def staircase(points, run):
    pairs = [(float(t), int(v)) for t, v in known(points, run, "executors")]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def busy_cores(run):
    """Ends of the windows, and the cores that were busy in them."""
    hosts = run.table("host_windows")
    ends = sorted(set(hosts["end_s"]))
    cores = dict(zip(run.table("hosts")["host_id"], run.table("hosts")["cores"]))
    busy = {end: 0.0 for end in ends}
    for end, host, share in zip(hosts["end_s"], hosts["host_id"], hosts["cpu_used_share"]):
        busy[end] += share * cores[host]
    return ends, [busy[end] for end in ends]


def at(times, values, time_s):
    return [v for t, v in zip(times, values) if t <= time_s][-1]


def last_done_s(ends, busy):
    return max(end for end, cores in zip(ends, busy) if cores > 0)


def dips(times, values):
    """Least numbers of executors between two that are greater, after the first and before the last 40."""
    full = [i for i, v in enumerate(values) if v == CORES]
    if not full:
        return []
    inside = [(times[i], values[i]) for i in range(full[0], full[-1] + 1)]
    found, lowest = [], None
    for time_s, value in inside:
        if value == CORES:
            found += [lowest] if lowest else []
            lowest = None
        elif lowest is None or value < lowest[1]:
            lowest = (time_s, value)
    return found


def compare(name, points, run):
    """Rows: quantity, kind, recorded, ours."""
    times, values = run.workers(RUNS[name])
    ends, busy = busy_cores(run)
    log = RECORDED[name]
    # Made after the recording was looked at: whatever it says is no prediction.
    kind = "calibrated" if name == "in-turn" else "predicted"
    rows = [("busy core-seconds", "calibrated", known(points, log, "busy_core_s")[0][1], f"{sum(busy) * (ends[1] - ends[0]):.0f}")]
    recorded_s, recorded = staircase(points, log)
    if name == "concurrent-40":
        ours = ", ".join(str(v) for v in values[1:values.index(CORES) + 1])
        rows.append(("executors as they are added", "predicted", ", ".join(str(v) for v in recorded[1:8]), ours))
        rows.append(("40 executors at", "predicted", "12 s", f"{times[values.index(CORES)]:.1f} s"))
        window = [b / CORES for e, b in zip(ends, busy) if BUSY_FROM_S < e <= BUSY_TO_S]
        rows.append((f"CPU from {BUSY_FROM_S} s to {BUSY_TO_S} s", "predicted", "98 % or more", f"{100 * sum(window) / len(window):.1f} %"))
        for time_s in (625, 630, 640, 650, 660, 670, 680, 690, 760):
            rows.append((f"executors at {time_s} s", "predicted", str(at(recorded_s, recorded, time_s)), str(at(times, values, time_s))))
    else:
        said = lambda numbers: ", ".join(str(v) for v in numbers) or "none"
        recorded_dips, ours = known(points, log, "dip"), dips(times, values)
        rows.append(("dips of executors", kind, said(v for _, v in recorded_dips), said(v for _, v in ours)))
        if name == "in-turn":
            rows.append(("dips at (s)", kind, said(t for t, _ in recorded_dips), said(round(t - times[1]) for t, _ in ours)))
    last_s = last_done_s(ends, busy) - begin_s(name, times)
    rows.append(("last work at", kind, f"{known(points, log, 'last_done')[0][0]} s", f"{last_s:.0f} s"))
    return rows


def begin_s(name, times):
    """What recorded times count from: the first file, or, where that is not known, the first executor that is added."""
    return 0.0 if name == "concurrent-40" else times[1]


def draw(output, points, runs):
    import _style as style

    fig, axes = style.figure(len(RUNS), 1, width_in=style.PAGE_IN, height_in=4.9)
    for ax, (name, run) in zip(axes, runs.items()):
        times, values = run.workers(RUNS[name])
        begin = begin_s(name, times)
        ends, busy = busy_cores(run)
        ax.step([t - begin for t in times], values, where="post", label="weir, executors (predicted)", color=style.BLUE, **style.PREDICTED)
        ax.plot([e - begin for e in ends], busy, label="weir, busy cores (sum calibrated)", color=style.SKY, linewidth=0.8)
        log = RECORDED[name]
        recorded_s, recorded = staircase(points, log)
        ax.step(recorded_s, recorded, where="post", label="recorded, executors", color=style.BLACK, linestyle=":", linewidth=0.9)
        marks = known(points, log, "busy_at_least") + known(points, log, "dip")
        ax.plot([float(t) for t, _ in marks], [int(v) for _, v in marks], label="recorded: busy until, or dips", color=style.BLACK,
                linestyle="none", marker="o", markersize=3, markerfacecolor="none")
        ax.set(ylabel="cores", ylim=(0, 46), xlim=(0, 900))
        said = {"in-turn": "in-turn (interval of jobs fitted)"}.get(name, name)
        ax.text(0.5, 0.06, said, transform=ax.transAxes, ha="center", va="bottom", fontsize=6)
    axes[-1].set(xlabel="time after the first file (concurrent-3 and in-turn: the first executor that is added) (s)")
    style.shared_legend(fig, axes[0], 2, 0.42, below=False)
    style.save(fig, output, "spark-cellprofiler")


def main():
    arguments = _runs.figure_arguments("spark-cellprofiler", __doc__)
    weir, points = _runs.Weir(arguments.weir), _runs.published("spark-cellprofiler")
    done = weir.run_all((f"{FOLDER}/{name}", arguments.output / "runs" / name, []) for name in RUNS)
    runs = dict(zip(RUNS, done))
    rows, lines = [], []
    for name, run in runs.items():
        for quantity, kind, recorded, ours in compare(name, points, run):
            rows += [["published", kind, name, quantity, recorded], ["weir", kind, name, quantity, ours]]
            lines.append(f"| {name}: {quantity} | {kind} | {recorded} | {ours} |")
    _runs.write_csv(arguments.output / "spark-cellprofiler.csv", ["source", "kind", "run", "quantity", "value"], rows)
    draw(arguments.output, points, runs)
    print("| | | recorded | weir |")
    print("|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    _runs.main(main)
