#!/usr/bin/env python3
"""One burst under every system and policy that can react: units lost and late, recovery, cores held."""

import json

import _burst_table as burst
import _runs

# Whatever is not named is a default of the policy. Chosen here: a period and a threshold, which are not published, above the noise of a
# Poisson process (three deviations of 320 records are 17 %);
WATCHING = {"interval_s": 10, "threshold": 0.2}
# windows as experiments shorten them, since the defaults are made for hours.
SHORT = {"metrics_window_s": 120, "stabilization_s": 60, "scale_down_interval_s": 300}
ROWS = {
    ("synergy", "static"): {"type": "static"},
    ("synergy", "static-reservation"): {"type": "static-reservation"},
    ("synergy", "dynamic-adaptation"): {"type": "dynamic-adaptation", **WATCHING},
    ("synergy", "adaptation-with-reservation"): {"type": "adaptation-with-reservation", **WATCHING},
    ("synergy", "barre"): {"type": "barre", **WATCHING},
    ("flink", "static"): {"type": "static"},
    ("flink", "static 10+4"): {"type": "static"},
    ("flink", "threshold"): {"type": "threshold"},
    ("flink", "ds2"): {"type": "ds2"},
    ("flink", "flink-autoscaler"): {"type": "flink-autoscaler"},
    ("flink", "flink-autoscaler short"): {"type": "flink-autoscaler", **SHORT},
    ("flink", "hpa"): {"type": "hpa"},
    ("flink", "keda"): {"type": "keda"},
    ("flink", "drs"): {"type": "drs"},
    ("flink", "contune"): {"type": "contune"},
    ("flink", "twres"): {"type": "twres"},
    ("flink", "oracle"): {"type": "oracle"},
    ("heron", "static"): {"type": "static"},
    ("heron", "dhalion paper"): {"type": "dhalion", "variant": "paper"},
    ("heron", "dhalion 0.17.8"): {"type": "dhalion", "variant": "heron-0.17.8"},
    ("heron", "ds2"): {"type": "ds2", "interval_s": 60},
    ("harmonicio", "static"): {"type": "static"},
    ("harmonicio", "irm documented"): {"type": "irm", "preset": "documented"},
    ("harmonicio", "irm configured"): {"type": "irm", "preset": "configured"},
    ("spark", "static"): {"type": "static"},
    ("spark", "dynamic-allocation core"): {"type": "spark-dynamic-allocation", "mode": "core"},
    ("spark", "dynamic-allocation streaming"): {"type": "spark-dynamic-allocation", "mode": "streaming"},
}
SYSTEMS = ("synergy", "flink", "heron", "harmonicio", "spark")
POLICIES = list(dict.fromkeys(policy for _, policy in ROWS))
MEASURES = ("arrived", "lost_percent", "late_percent", "latency_p99_s", "back_s", "recovery_s", "held_slot_s", "used_core_s")
HEAD = ("lost %", "late %", "p99 s", "first back s", "for good s", "held 1000 slot-s", "used of held %", "without burst: lost %, late %")


def settings(row, seed, burst_per_s):
    words = ["--seed", seed, "--set", f"jobs[0].policy={json.dumps(ROWS[row])}"]
    if row[1] == "static 10+4":
        words += ["--set", "jobs[0].workload.operators[0].parallelism=10", "--set", "jobs[0].workload.operators[1].parallelism=4"]
    if burst_per_s != burst.BURST_PER_S:
        words += ["--set", f"jobs[0].workload.sources[0].arrivals.phases[1].rate_per_s={burst_per_s}"]
    return words


def told(values, digits):
    """Mean and half of the 95 % interval; where some are unknown, how many are not."""
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return f"{len(known)} of {len(values)} runs"
    mean, half = _runs.interval(values)
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


def line(row, busy, calm):
    def of(measure, digits, scale=1.0, runs=busy):
        return told([None if r[measure] is None else r[measure] * scale for r in runs], digits)

    share = told([100 * r["used_core_s"] / r["held_slot_s"] for r in busy], 0)
    cells = [of("lost_percent", 2), of("late_percent", 1), of("latency_p99_s", 1), of("back_s", 0), of("recovery_s", 0), of("held_slot_s", 1, 1e-3),
             share, f"{of('lost_percent', 2, runs=calm)}, {of('late_percent', 2, runs=calm)}"]
    return f"| {row[0]}: {row[1]} | {' | '.join(cells)} |"


def fluids():
    """What a fluid would do: (row, measure): value."""
    late, recovery = burst.static_fluid(5 / burst.WORK_S)
    shared_late, shared_recovery = burst.static_fluid()
    values = {("synergy", "static", "lost_percent"): burst.even_shares_fluid(), ("spark", "static", "late_percent"): shared_late,
              ("spark", "static", "recovery_s"): shared_recovery}
    for system in ("flink", "heron", "harmonicio"):
        values[system, "static", "recovery_s"] = recovery
        if system != "heron":  # which holds up the other application, too
            values[system, "static", "late_percent"] = late
    return values


def colour_of(style, system):
    return dict(zip(SYSTEMS, (style.VERMILLION, style.BLUE, style.GREEN, style.PURPLE, style.ORANGE)))[system]


def draw_points(style, place, rows, busy, measure, scale):
    """Means with intervals; black what a fluid would do; an arrow where not all runs got there."""
    fluid = fluids()
    for at, row in enumerate(rows):
        colour, values = colour_of(style, row[0]), [r[measure] for r in busy[row]]
        if (*row, measure) in fluid:
            place.plot([fluid[(*row, measure)] * scale], [at], "|", color="black", markersize=9, markeredgewidth=1.2)
        if None in values:
            place.plot([(burst.UNTIL_S - burst.BURST_FROM_S) * scale], [at], ">", color=colour, markersize=3.5)
            continue
        mean, half = _runs.interval(values)
        place.errorbar([mean * scale], [at], xerr=[[min(half, mean) * scale], [half * scale]], fmt="o", color=colour, markersize=3, capsize=1.5,
                       elinewidth=0.7)
    place.grid(axis="y", color="0.92", linewidth=0.5)
    place.set_xlim(left=-0.03 * place.get_xlim()[1])


def draw_table(output, rows, busy):
    import _style as style

    fig, axes = style.figure(1, 4, width_in=style.PAGE_IN, height_in=0.8 + 0.165 * len(rows), sharey=True, width_ratios=(1, 1, 1, 1.25))
    panels = (("lost_percent", 1, "lost (%)"), ("late_percent", 1, f"late, > {burst.LATE_S:g} s (%)"), ("recovery_s", 1 / 60, "recovery\nfor good (min)"))
    for place, (measure, scale, label) in zip(axes, panels):
        draw_points(style, place, rows, busy, measure, scale)
        place.set_xlabel(label)
    axes[1].plot([], [], "|", color="black", markersize=9, markeredgewidth=1.2, label="fluid")
    axes[1].legend(loc="upper right")
    axes[2].axvline((burst.BURST_TO_S - burst.BURST_FROM_S) / 60, color="0.6", linewidth=0.7, linestyle=":")
    for at, row in enumerate(rows):
        for measure, alpha in (("held_slot_s", 0.35), ("used_core_s", 1)):
            mean = _runs.interval([r[measure] * 1e-3 for r in busy[row]])[0]
            axes[3].barh(at, mean, height=0.6, color=colour_of(style, row[0]), alpha=alpha)
    axes[3].axvline(burst.CORES * burst.UNTIL_S * 1e-3, color="0.6", linewidth=0.7, linestyle=":")
    axes[3].set_xlabel("1000 slot-s held,\ncore-s used (dark)")
    axes[0].set_yticks(range(len(rows)), [f"{s}: {p}" for s, p in rows], fontsize=6.5)
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    style.save(fig, output, "burst-table")


def draw_waiting(output, rows, minutes):
    """By the minute, of the first repetition; not more than seven lines a panel."""
    import _style as style

    panels = []
    for system in SYSTEMS:
        of = [row for row in rows if row[0] == system]
        panels += [of[first:first + 7] for first in range(0, len(of), 7)]
    columns = min(3, len(panels))
    fig, axes = style.figure(-(-len(panels) // columns), columns, width_in=style.PAGE_IN, height_in=0.2 + 2.2 * -(-len(panels) // columns),
                             sharey=True, sharex=True, squeeze=False)
    colours = (style.BLACK, style.ORANGE, style.SKY, style.GREEN, style.BLUE, style.VERMILLION, style.PURPLE)
    for place in axes.flat[len(panels):]:
        place.axis("off")
    for place, of in zip(axes.flat, panels):
        place.axvspan(burst.BURST_FROM_S / 60, burst.BURST_TO_S / 60, color="0.92", zorder=0)
        for k, (row, colour) in enumerate(zip(of, colours)):
            times = [(m + 0.5) * burst.MINUTE_S / 60 for m in range(len(minutes[row]))]
            place.plot(times, minutes[row], ("-", "--")[k % 2], color=colour, linewidth=0.9, label=row[1])
        place.set(title=of[0][0], yscale="log", ylim=(0.03, 1e6), yticks=[0.1, 1, 10, 100, 1000], xlim=(20, 80))
        place.legend(loc="upper right", fontsize=5.2, labelspacing=0.25, borderaxespad=0.1)
    for place in axes[-1]:
        place.set_xlabel("time (min)")
    for place in axes[:, 0]:
        place.set_ylabel("waiting, in\nseconds of arrivals")
    style.save(fig, output, "burst-table-waiting")


def main():
    arguments = _runs.figure_arguments("burst-table", __doc__, repetitions=(5, "of each row, 2 or more"),
                                       systems=(",".join(SYSTEMS), "which systems, with commas between"),
                                       policies=(",".join(POLICIES), "which policies"))
    if arguments.repetitions < 2:
        raise _runs.WrongInput("a confidence interval needs 2 repetitions or more")
    systems = _runs.chosen(arguments.systems, list(SYSTEMS), "system")
    policies = _runs.chosen(arguments.policies, POLICIES, "policy")
    rows = [row for row in ROWS if row[0] in systems and row[1] in policies]
    if not rows:
        raise _runs.WrongInput("none of these systems has one of these policies")
    seeds = range(1, arguments.repetitions + 1)
    keys = [(row, rate, seed) for row in rows for rate in (burst.BURST_PER_S, burst.BASE_PER_S) for seed in seeds]
    runs = dict(zip(keys, _runs.Weir(arguments.weir).run_all(
        (f"bursts/{row[0]}", arguments.output / "runs" / f"{row[0]}-{row[1]}-{rate}-{seed}".replace(" ", ""), settings(row, seed, rate))
        for row, rate, seed in keys)))
    of = {key: burst.measures(run, key[1]) for key, run in runs.items()}
    busy = {row: [of[row, burst.BURST_PER_S, seed] for seed in seeds] for row in rows}
    calm = {row: [of[row, burst.BASE_PER_S, seed] for seed in seeds] for row in rows}
    data = []
    for row in rows:
        for load, results in (("burst", busy[row]), ("none", calm[row])):
            for measure in MEASURES:
                for seed, result in zip(seeds, results):
                    value = result[measure]
                    data.append([row[0], row[1], load, seed, measure, "" if value is None else f"{value:.6g}"])
    arrived = {seed: {of[row, burst.BURST_PER_S, seed]["arrived"] for row in rows} for seed in seeds}
    print("records that arrived, by seed: " + ", ".join("/".join(f"{n:.0f}" for n in sorted(a)) for a in arrived.values()))
    print(f"| | {' | '.join(HEAD)} |\n|---|{'--:|' * len(HEAD)}")
    for row in rows:
        print(line(row, busy[row], calm[row]))
    for (system, policy, measure), value in fluids().items():
        if (system, policy) in rows:
            data.append([system, policy, "fluid", "", measure, f"{value:.6g}"])
            print(f"| fluid: {system}, {policy}, {measure} | {value:.2f} |")
    _runs.write_csv(arguments.output / "burst-table.csv", ["system", "policy", "load", "seed", "measure", "value"], data)
    draw_table(arguments.output, rows, busy)
    draw_waiting(arguments.output, rows, {row: burst.waiting_s(runs[row, burst.BURST_PER_S, 1]) for row in rows})


if __name__ == "__main__":
    _runs.main(main)
