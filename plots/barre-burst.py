#!/usr/bin/env python3
"""BARRE's evaluation: missed units, order, on time and delay against the intensity of a burst, and a burst over time."""

import json
import subprocess

import _runs

SCENARIO = "papers/barre/evaluation"
POLICIES = {"static": "burst-unaware", "static-reservation": "static reservation, 20 %", "dynamic-adaptation": "dynamic adaptation",
            "adaptation-with-reservation": "adaptation and reservation", "barre": "BARRE"}
INTENSITIES = (0, 20, 40, 60, 80, 100)
BURST_S = (10, 40, 10)  # before, during, after
FEASIBLE = 2.0  # calibrated, with the 80 % that BARRE sustains: twice the rates are just feasible
MEASURES = {"missed_percent": "missed units (%)", "order_kept_percent": "in order (%)", "on_time_percent": "on time (%)",
            "delay_ms": "delay (ms)"}


def kind(policy, measure):
    """The rate was set so that BARRE misses nothing up to 80 %, the latency of a hop for the least delay. Nothing is predicted: the queues, the
    composition to begin with, the policies' period and threshold were chosen with first results in sight."""
    return "calibrated" if policy == "barre" and measure in ("missed_percent", "delay_ms") else "chosen"


def structure(seed):
    return ["--set", f"jobs[0].workload.structure_seed={seed}", "--set", f"jobs[0].placement.seed={seed}"]


def rate_per_s(weir, seed, applications=4):
    """At which a burst of all applications by FEASIBLE - 1 ends on the border of the region."""
    words = ["plan", SCENARIO, "--at", ",".join("0" * applications), "--json", *structure(seed)]
    done = subprocess.run([weir, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    # Not with the last digits of a linear program, by which the records would come in another order.
    return float(f'{json.loads(done.stdout)["look_up"]["headroom_max_per_s"] / FEASIBLE:.6g}')


def policy_of(name):
    watching = {} if name.startswith("static") else {"interval_s": 2, "threshold": 0.2}
    return ["--set", f"jobs[0].policy={json.dumps({'type': name, **watching})}"]


def settings(seed, rate, intensity):
    phases = [{"duration_s": BURST_S[0], "rate_per_s": rate}, {"duration_s": BURST_S[1], "rate_per_s": rate * (1 + intensity / 100)},
              {"duration_s": BURST_S[2], "rate_per_s": rate}]
    return [*structure(seed), "--seed", seed, "--set", f"jobs[0].workload.burst_arrivals.phases={json.dumps(phases)}",
            "--set", f"jobs[0].workload.arrivals.rate_per_s={rate}"]


def measures(run):
    figures, summary = run.summary["engine_figures"], run.summary
    return {"missed_percent": 100 * figures["missed_share"], "order_kept_percent": 100 * (1 - summary["reordering"]["share"]),
            "on_time_percent": 100 * (1 - figures["late_share"]), "delay_ms": 1e3 * summary["latency_s"]["mean"]}


def over_time(run):
    """Units/s that arrive and that are delivered, by the end of each window."""
    windows = run.table("job_windows")
    seconds = windows["end_s"] - windows["start_s"]
    return windows["end_s"], windows["offered_per_s"], windows["latency_count"] / seconds


def draw(output, table, burst, shown):
    import _style as style

    looks = dict(zip(POLICIES, ((style.BLACK, "x"), (style.ORANGE, "s"), (style.SKY, "^"), (style.PURPLE, "v"), (style.VERMILLION, "o"))))
    fig, axes = style.figure(2, 3, width_in=style.PAGE_IN, height_in=3.9)
    for place, (measure, label) in zip(axes.flat, MEASURES.items()):
        for policy, (colour, marker) in looks.items():
            points = [(i, *table[policy, i][measure]) for i in INTENSITIES if (policy, i) in table]
            place.errorbar([p[0] for p in points], [p[1] for p in points], yerr=[p[2] for p in points], color=colour, marker=marker,
                           markersize=3.5, capsize=1.5, elinewidth=0.7, label=POLICIES[policy],
                           **(style.CALIBRATED if kind(policy, measure) == "calibrated" else style.PREDICTED))
        place.set(xlabel="intensity (%)", ylabel=label)
    for place, (low, high) in ((axes.flat[0], (0, 25)), (axes.flat[2], (75, 100)), (axes.flat[3], (450, 700))):
        place.axhspan(low, high, color="0.93", zorder=0, label="published: the figure's axis")
    axes.flat[0].axvline(80, color="0.6", linewidth=0.8, linestyle=":")
    axes.flat[0].axvline(20, color="0.6", linewidth=0.8, linestyle=":")
    axes.flat[0].text(79, axes.flat[0].get_ylim()[1], "published: others, BARRE\n(calibrated)", fontsize=5.5, ha="right", va="top")
    for policy, (times, offered, delivered) in burst.items():
        if policy == "barre":
            axes.flat[4].plot(times, offered, color="0.7", linewidth=2)
        axes.flat[4].plot(times, delivered, color=looks[policy][0], linewidth=0.9)
    axes.flat[4].set(xlabel="time (s)", ylabel="units/s", title=f"a burst by {shown} %: delivered, and\n(grey) offered")
    axes.flat[5].axis("off")
    axes.flat[5].legend(*axes.flat[0].get_legend_handles_labels(), loc="center")
    style.save(fig, output, "barre-burst")


def main():
    arguments = _runs.figure_arguments("barre-burst", __doc__, repetitions=(5, "of each point, 2 or more"),
                                       intensities=(",".join(map(str, INTENSITIES)), "in percent, with commas between"))
    if arguments.repetitions < 2:
        raise _runs.WrongInput("a confidence interval needs 2 repetitions or more")
    intensities = [int(i) for i in _runs.chosen(arguments.intensities, [str(i) for i in INTENSITIES], "intensity")]
    seeds = range(1, arguments.repetitions + 1)
    rates = {seed: rate_per_s(arguments.weir, seed) for seed in seeds}
    keys = [(policy, intensity, seed) for policy in POLICIES for intensity in intensities for seed in seeds]
    runs = dict(zip(keys, _runs.Weir(arguments.weir).run_all(
        (SCENARIO, arguments.output / "runs" / f"{policy}-{intensity}-{seed}", [*policy_of(policy), *settings(seed, rates[seed], intensity)])
        for policy, intensity, seed in keys)))
    table, rows = {}, []
    for row in _runs.published("barre-burst"):
        rows.append(["published", row["kind"], row["policy"], row["intensity_percent"], row["measure"], row["value"], ""])
    for policy in POLICIES:
        for intensity in intensities:
            of = [measures(runs[policy, intensity, seed]) for seed in seeds]
            table[policy, intensity] = {m: _runs.interval([o[m] for o in of]) for m in MEASURES}
            for measure, (mean, half) in table[policy, intensity].items():
                rows.append(["weir", kind(policy, measure), policy, intensity, measure, f"{mean:.3f}", f"{half:.3f}"])
    _runs.write_csv(arguments.output / "barre-burst.csv",
                    ["source", "kind", "policy", "intensity_percent", "measure", "value", "half_of_95_percent_interval"], rows)
    shown = 80 if 80 in intensities else intensities[-1]
    draw(arguments.output, table, {policy: over_time(runs[policy, shown, 1]) for policy in POLICIES}, shown)
    print("missed (%), in order (%), on time (%), delay (ms), with half of the 95 % interval")
    for policy in POLICIES:
        for intensity in intensities:
            cells = (f"{mean:.1f} ± {half:.1f}" for mean, half in table[policy, intensity].values())
            print(f"| {POLICIES[policy]}, {intensity} % | {' | '.join(cells)} |")


if __name__ == "__main__":
    _runs.main(main)
