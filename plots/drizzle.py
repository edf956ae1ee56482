#!/usr/bin/env python3
"""Drizzle (SOSP 2017): group scheduling against Spark, a stage without data and Yahoo's streaming benchmark on 128 machines."""

import json
import statistics

import _runs

FOLDER = "papers/drizzle"
GROUPS, CORES = (1, 25, 50, 100), 4
CALIBRATED = {(4, 1), (128, 1), (4, 100)}
SPARK_S, DRIZZLE_S = (0.4, 0.5, 0.7, 1.0), (0.1, 0.2, 0.4, 0.5, 0.7, 1.0)
COSTS_US, COSTS_AT_S = (4, 9, 14), 0.5
COST_US = 9


def single_stage(weir, output, points):
    """Milliseconds a batch, by (machines, group)."""
    keys = [(int(p["machines"]), int(p["group"])) for p in points]
    jobs = []
    for machines, group in keys:
        sets = {"cluster.hosts[0].count": machines, "jobs[0].workload.operators[0].parallelism": machines * CORES,
                "jobs[0].engine.direct.partitions": machines * CORES, "jobs[0].engine.group.batches": group}
        jobs.append((f"{FOLDER}/single-stage", output / "runs" / f"single-{machines}-{group}",
                     ["--until", 1.2] + [a for k, v in sets.items() for a in ("--set", f"{k}={v}")]))
    times = {}
    for (machines, group), run in zip(keys, weir.run_all(jobs)):
        table = run.table("micro_batches")
        ended = sorted(table["ended_s"])
        whole = len(ended) // group * group
        times[machines, group] = 1e3 * (ended[whole - 1] - min(table["made_s"])) / whole
    return times


def group_batches():
    """Of a group in the scenario."""
    return json.loads((_runs.HOME / "scenarios" / FOLDER / "yahoo-drizzle.json").read_text())["jobs"][0]["engine"]["group"]["batches"]


def yahoo(weir, output):
    """Milliseconds from the end of a batch's interval to its result, of each batch, by (system, interval, cost). Of Drizzle: of two groups."""
    whole = 2 * group_batches()
    until_s = {"spark": lambda s: max(6, 12 * s), "drizzle": lambda s: (whole + 1) * s + 1}
    keys = [("spark", s, COST_US) for s in SPARK_S] + [("drizzle", s, COST_US) for s in DRIZZLE_S]
    keys += [(system, COSTS_AT_S, c) for c in COSTS_US if c != COST_US for system in ("spark", "drizzle")]
    jobs = [(f"{FOLDER}/yahoo-{system}", output / "runs" / f"{system}-{interval}-{cost}",
             ["--until", until_s[system](interval), "--set", f"jobs[0].engine.batch_interval_s={interval}", "--set",
              f"jobs[0].workload.operators[0].cost.per_record_us={cost}"]) for system, interval, cost in keys]
    latencies = {}
    for key, run in zip(keys, weir.run_all(jobs)):
        table = run.table("micro_batches")
        batches = sorted(zip(table["made_s"], table["ended_s"]))
        latencies[key] = [1e3 * (ended - made) for made, ended in batches[:whole if key[0] == "drizzle" else None]]
    return latencies


def draw(output, points, times, latencies):
    import _style as style

    fig, axes = style.figure(1, 2, width_in=style.PAGE_IN, height_in=2.6)
    colors = dict(zip(GROUPS, (style.VERMILLION, style.SKY, style.GREEN, style.BLUE)))
    for group in GROUPS:
        machines = sorted({m for m, g in times if g == group})
        name = "Spark" if group == 1 else f"groups of {group}"
        axes[0].plot(machines, [times[m, group] for m in machines], label=f"weir, {name}", color=colors[group], **style.PREDICTED)
        known = [(int(p["machines"]), float(p["time_ms"])) for p in points if int(p["group"]) == group]
        axes[0].plot([m for m, _ in known], [t for _, t in known], label="published" if group == 1 else None,
                     **dict(style.PUBLISHED, markeredgecolor=colors[group]))
    fitted = sorted(CALIBRATED)
    axes[0].plot([m for m, _ in fitted], [times[k] for k in fitted], label="fitted to", color=style.BLACK, linestyle="none", marker="x", markersize=4)
    axes[0].set(xscale="log", yscale="log", xlabel="machines of 4 cores", ylabel="time of a batch of one stage (ms)", xticks=machines)
    axes[0].set_xticks(machines, [str(m) for m in machines])
    axes[0].minorticks_off()
    axes[0].legend(loc="upper left", ncol=1)
    looks = {"spark": (SPARK_S, style.VERMILLION, "s"), "drizzle": (DRIZZLE_S, style.BLUE, "^")}
    for system, (intervals, color, marker) in looks.items():
        axes[1].plot(intervals, [latencies[system, s, COST_US] for s in intervals], label=f"weir, {system.capitalize()} (predicted)",
                     color=color, marker=marker, markersize=3, **style.PREDICTED)
    axes[1].axhline(100, color=style.BLACK, linestyle=":", linewidth=0.9, label="published: Drizzle is below")
    axes[1].set(xlabel="batch interval (s)", ylabel="last event to result, median (ms)", ylim=(0, 800), xlim=(0, None))
    axes[1].legend(loc="upper left")
    style.save(fig, output, "drizzle")


def main():
    arguments = _runs.figure_arguments("drizzle", __doc__)
    weir, points = _runs.Weir(arguments.weir), _runs.published("drizzle")
    times, of_batches = single_stage(weir, arguments.output, points), yahoo(weir, arguments.output)
    latencies = {key: statistics.median(all_of) for key, all_of in of_batches.items()}
    rows = [["published", "", "single-stage", p["machines"], p["group"], p["time_ms"]] for p in points]
    rows += [["weir", "calibrated" if k in CALIBRATED else "predicted", "single-stage", *k, f"{v:.4g}"] for k, v in times.items()]
    rows += [["weir", "predicted", f"yahoo-{system}", interval, cost, f"{v:.4g}"] for (system, interval, cost), v in latencies.items()]
    for (system, interval, cost), all_of in of_batches.items():
        rows.append(["weir", "predicted", f"yahoo-{system}, slowest batch", interval, cost, f"{max(all_of):.4g}"])
    _runs.write_csv(arguments.output / "drizzle.csv", ["source", "kind", "run", "machines_or_interval_s", "group_or_cost_us", "time_ms"], rows)
    draw(arguments.output, points, times, latencies)
    print("| | " + " | ".join("Spark" if g == 1 else f"groups of {g}" for g in GROUPS) + " |")
    print("|---|" + "--:|" * len(GROUPS))
    known = {(int(p["machines"]), int(p["group"])): float(p["time_ms"]) for p in points}
    for machines in sorted({m for m, _ in times}):
        cells = [f"{known[machines, g]:g}, {times[machines, g]:.3g}{' (fitted)' if (machines, g) in CALIBRATED else ''}" for g in GROUPS]
        print(f"| {machines} machines | " + " | ".join(cells) + " |")
    print("| interval, an event | Spark | Drizzle | ratio | Drizzle, slowest | later than the next is due |")
    print("|---|--:|--:|--:|--:|--:|")
    for system, interval, cost in latencies:
        if system != "drizzle":
            continue
        spark, drizzle = latencies.get(("spark", interval, cost)), latencies["drizzle", interval, cost]
        all_of = of_batches["drizzle", interval, cost]
        late = sum(latency > 1e3 * interval for latency in all_of)
        print(f"| {interval} s, {cost} us | {f'{spark:.0f} ms' if spark else 'cannot'} | {drizzle:.0f} ms | {f'{spark / drizzle:.1f}' if spark else ''} "
              f"| {max(all_of):.0f} ms | {late} of {len(all_of)} |")


if __name__ == "__main__":
    _runs.main(main)
