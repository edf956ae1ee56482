#!/usr/bin/env python3
"""BARRE's evaluation: missed units, order, on time and delay against the intensity of a burst, a burst over time, and one of one application."""

import json
import subprocess

import _runs

SCENARIO = "papers/barre/evaluation"
POLICIES = {"static": "burst-unaware", "static-reservation": "static reservation, 20 %", "dynamic-adaptation": "dynamic adaptation",
            "adaptation-with-reservation": "adaptation and reservation", "barre": "BARRE"}
INTENSITIES = (0, 20, 40, 60, 80, 100)
BURST_S = (10, 40, 10)  # before, during, after
APPLICATIONS = 4
ALONE = (80, 100)  # intensities at which one application bursts alone, too
DEADLINE_S = 0.7  # as in the scenario
FEASIBLE = 2.0  # calibrated, with the 80 % that BARRE sustains: twice the rates are just feasible
MEASURES = {"missed_percent": "missed units (%)", "order_kept_percent": "in order (%)", "on_time_percent": "on time (%)",
            "delay_ms": "delay (ms)"}


def kind(policy, measure):
    """The rate was set so that BARRE misses nothing up to 80 %, the latency of a hop for the least delay. Nothing is predicted: the queues, the
    composition to begin with, the policies' period and threshold were chosen with first results in sight."""
    return "calibrated" if policy == "barre" and measure in ("missed_percent", "delay_ms") else "chosen"


def structure(seed):
    return ["--set", f"jobs[0].workload.structure_seed={seed}", "--set", f"jobs[0].placement.seed={seed}"]


def rate_per_s(weir, seed, applications=APPLICATIONS):
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


def settings(seed, rate, intensity, bursting):
    phases = [{"duration_s": BURST_S[0], "rate_per_s": rate}, {"duration_s": BURST_S[1], "rate_per_s": rate * (1 + intensity / 100)},
              {"duration_s": BURST_S[2], "rate_per_s": rate}]
    return [*structure(seed), "--seed", seed, "--set", f"jobs[0].workload.burst_arrivals.phases={json.dumps(phases)}",
            "--set", f"jobs[0].workload.arrivals.rate_per_s={rate}", "--set", f"jobs[0].workload.bursting={bursting}"]


def measures(run):
    figures, summary = run.summary["engine_figures"], run.summary
    return {"missed_percent": 100 * figures["missed_share"], "order_kept_percent": 100 * (1 - summary["reordering"]["share"]),
            "on_time_percent": 100 * (1 - figures["late_share"]), "delay_ms": 1e3 * summary["latency_s"]["mean"]}


def late_share(latencies_s):
    """Of a window's results, from its percentiles (50, 95, 99, 100), between which it is interpolated; below the median there are none."""
    shares = (0.5, 0.95, 0.99, 1.0)
    if not latencies_s[-1] > DEADLINE_S:
        return 0.0
    if latencies_s[0] >= DEADLINE_S:
        return 1.0
    for (low, below), (high, up_to) in zip(zip(latencies_s, shares), zip(latencies_s[1:], shares[1:])):
        if high > DEADLINE_S:
            return 1 - below - (up_to - below) * max(0.0, DEADLINE_S - low) / (high - low)
    return 0.0


def missed_over_time(run):
    """Units missed in each window, by its end: dropped is what came and is neither delivered nor under way."""
    w = run.table("job_windows")
    missed, under_way = [], 0
    for k in range(len(w["end_s"])):
        arrived = w["offered_per_s"][k] * (w["end_s"][k] - w["start_s"][k])
        dropped = arrived - w["latency_count"][k] - (int(w["in_flight_records"][k]) - under_way)
        under_way = int(w["in_flight_records"][k])
        late = late_share([float(w[f"latency_{at}_s"][k]) for at in ("p50", "p95", "p99", "max")]) if w["latency_count"][k] else 0
        missed.append(max(0.0, float(dropped)) + late * int(w["latency_count"][k]))
    return [float(t) for t in w["end_s"]], missed


def reconfigurations(run):
    """When shares were asked for and when they were in force, from the burst's start on."""
    splits = run.table("splits")
    times = sorted({(float(a), float(b)) for a, b in zip(splits["requested_s"], splits["ended_s"])})
    return [t for t in times if t[0] > BURST_S[0]]


def draw_over_time(place, style, looks, burst, shown):
    for policy, run in burst.items():
        place.plot(*missed_over_time(run), color=looks[policy][0], linewidth=0.9)
    place.set_yscale("symlog", linthresh=5)
    place.set(xlabel="time (s)", ylabel="missed units/s", ylim=(0, None), title=f"a burst by {shown} %, first repetition")
    place.set_yticks([0, 5, 10, 20, 50, 100, 200], ["0", "5", "10", "20", "50", "100", "200"])
    place.minorticks_off()
    for time_s in (BURST_S[0], BURST_S[0] + BURST_S[1]):
        place.axvline(time_s, color="0.5", linewidth=0.7, linestyle=":")
    if "barre" in burst and (changes := reconfigurations(burst["barre"])):
        place.plot([changes[0][1]], [0], "^", color=looks["barre"][0], markersize=5, clip_on=False, zorder=5)
        place.set_xlabel("time (s); dotted: the burst,\ntriangle: BARRE's new shares in force")


def draw(output, table, burst, shown):
    import _style as style

    looks = dict(zip(POLICIES, ((style.BLACK, "x"), (style.ORANGE, "s"), (style.SKY, "^"), (style.PURPLE, "v"), (style.VERMILLION, "o"))))
    fig, axes = style.figure(2, 3, width_in=style.PAGE_IN, height_in=3.9)
    for place, (measure, label) in zip(axes.flat, MEASURES.items()):
        for policy, (colour, marker) in looks.items():
            points = [(i, *table[policy, i, APPLICATIONS][measure]) for i in INTENSITIES if (policy, i, APPLICATIONS) in table]
            most = 100 if measure.endswith("percent") else float("inf")
            place.errorbar([p[0] for p in points], [p[1] for p in points], color=colour, marker=marker,
                           yerr=[[min(p[2], p[1]) for p in points], [min(p[2], most - p[1]) for p in points]],
                           markersize=3.5, capsize=1.5, elinewidth=0.7, label=POLICIES[policy],
                           **(style.CALIBRATED if kind(policy, measure) == "calibrated" else style.PREDICTED))
        place.set(xlabel="intensity (%)", ylabel=label)
        if measure == "delay_ms":
            means = [table[case][measure][0] for case in table if case[2] == APPLICATIONS]
            place.set_ylim(0.85 * min(means), 1.25 * max(means))
    for place, (low, high) in ((axes.flat[0], (0, 25)), (axes.flat[2], (75, 100)), (axes.flat[3], (450, 700))):
        place.axhspan(low, high, color="0.93", zorder=0, label="published: the figure's axis")
    axes.flat[0].axvline(80, color="0.6", linewidth=0.8, linestyle=":")
    axes.flat[0].axvline(20, color="0.6", linewidth=0.8, linestyle=":")
    axes.flat[0].text(79, axes.flat[0].get_ylim()[1], "published: others, BARRE\n(calibrated)", fontsize=5.5, ha="right", va="top")
    draw_over_time(axes.flat[4], style, looks, burst, shown)
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
    cases = [(policy, intensity, bursting) for bursting in (APPLICATIONS, 1) for policy in POLICIES for intensity in intensities
             if bursting > 1 or intensity in ALONE]
    keys = [(case, seed) for case in cases for seed in seeds]
    runs = dict(zip(keys, _runs.Weir(arguments.weir).run_all(
        (SCENARIO, arguments.output / "runs" / f"{policy}-{intensity}-{bursting}-{seed}",
         [*policy_of(policy), *settings(seed, rates[seed], intensity, bursting)])
        for (policy, intensity, bursting), seed in keys)))
    table, rows = {}, []
    for row in _runs.published("barre-burst"):
        rows.append(["published", row["kind"], row["policy"], row["intensity_percent"], row["measure"], row["value"], "", ""])
    for case in cases:
        policy, intensity, bursting = case
        of = [measures(runs[case, seed]) for seed in seeds]
        table[case] = {m: _runs.interval([o[m] for o in of]) for m in MEASURES}
        for measure, (mean, half) in table[case].items():
            what = kind(policy, measure) if bursting > 1 else "chosen"
            rows.append(["weir", what, policy, intensity, measure, f"{mean:.3f}", f"{half:.3f}", bursting])
    _runs.write_csv(arguments.output / "barre-burst.csv",
                    ["source", "kind", "policy", "intensity_percent", "measure", "value", "half_of_95_percent_interval", "applications_bursting"], rows)
    shown = 80 if 80 in intensities else intensities[-1]
    draw(arguments.output, table, {policy: runs[(policy, shown, APPLICATIONS), 1] for policy in POLICIES}, shown)
    print("missed (%), in order (%), on time (%), delay (ms), with half of the 95 % interval")
    for policy, intensity, bursting in cases:
        cells = (f"{mean:.1f} ± {half:.1f}" for mean, half in table[policy, intensity, bursting].values())
        print(f"| {POLICIES[policy]}, {intensity} %{'' if bursting > 1 else ', one bursts'} | {' | '.join(cells)} |")


if __name__ == "__main__":
    _runs.main(main)
