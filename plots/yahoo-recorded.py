#!/usr/bin/env python3
"""A recorded run of the Yahoo benchmark: capacity calibrated on two hours, four hours and other numbers of workers predicted."""

import json
import pathlib
import subprocess

import _runs

SCENARIO = "papers/phoebe/yahoo-recorded"
TRAIN_S, REPLAY_S, WORKERS = 7200, 10, 12
# The contention that was measured on a Flink job of small records (ContTune's published rates): what another number of
# workers depends on, and one number of workers does not show.
SIGMAS = (0.0, 0.03)


# ------------------------------------------------------------------ data


def calibrate(arguments):
    """What `weir calibrate` says of the recording, and its rows."""
    traces = pathlib.Path(arguments.traces) if arguments.traces else _runs.HOME.parent / "shared/traces"
    files = {metric: traces / f"phoebe-ysb-12workers-{name}.psv"
             for metric, name in (("offered", "workRate"), ("achieved", "thrRate"), ("latency", "latency"))}
    for file in files.values():
        if not file.exists():
            raise _runs.WrongInput(f"the recorded run is not part of weir, and {file} is not here (--traces says where it is)")
    rows = arguments.output / "calibration-rows.csv"
    command = [arguments.weir, "calibrate", *(f"--{m}={f}" for m, f in files.items()), f"--workers={WORKERS}",
               f"--train-until={TRAIN_S}", f"--replay={REPLAY_S}", "--json", f"--series={rows}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout), files["offered"], rows


def recorded_columns(path):
    import csv

    import numpy as np

    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) if row[name] else np.nan for row in rows])
            for name in ("time_s", "offered_per_s", "achieved_per_s", "latency_s")}


def trailing_mean(values, rows):
    import numpy as np

    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - rows)
    return (sums[ends] - sums[begins]) / (ends - begins)


def metered(run, calibration):
    """Achieved rate and latency of a simulated run, second by second, as the job's meters would have told them."""
    import numpy as np

    stage, windows, job = run.operator_id("stage-1"), run.table("operator_windows"), run.table("job_windows")
    mine = windows["operator_id"] == stage
    size = int(round(run.summary["simulated_s"]))
    achieved, latency = np.zeros(size), np.full(size, np.nan)
    at = np.clip(np.round(windows["end_s"][mine]).astype(int) - 1, 0, size - 1)
    achieved[at] = windows["observed_processing_rate_per_s"][mine]
    at = np.clip(np.round(job["end_s"]).astype(int) - 1, 0, size - 1)
    latency[at] = job["latency_p95_s"]
    for i in range(size):  # while nothing comes out, what was told last stays
        if np.isnan(latency[i]):
            latency[i] = latency[i - 1] if i > 0 else 0
    rows = int(round(calibration["meter_window_s"]))
    return trailing_mean(achieved, rows), trailing_mean(latency + calibration["latency_floor_s"], rows)


# ------------------------------------------------------------------ scores


def rmse(a, b, rows):
    import numpy as np

    difference = (a - b)[rows]
    return float(np.sqrt(np.nanmean(difference ** 2)))


def scores(recorded, achieved, latency, calibration):
    """Rows of the table: part, what, model, baseline."""
    import numpy as np

    time_s, window = recorded["time_s"], calibration["meter_window_s"]
    measured = trailing_mean(recorded["offered_per_s"], int(round(window)))
    known = recorded["latency_s"] > 0
    log_recorded = np.log(np.where(known, recorded["latency_s"], 1))
    table = []
    for part, kind, rows in (("first two hours", "calibrated", (time_s >= window) & (time_s < TRAIN_S)),
                             ("other four hours", "predicted", time_s >= TRAIN_S)):
        table.append([kind, f"achieved rate, {part}: rmse (records/s)", rmse(achieved, recorded["achieved_per_s"], rows),
                      rmse(recorded["offered_per_s"], recorded["achieved_per_s"], rows),
                      rmse(measured, recorded["achieved_per_s"], rows)])
        constant = rmse(np.full_like(latency, np.log(calibration["latency_floor_s"])), log_recorded, rows & known)
        table.append(["predicted", f"latency, {part}: factor", np.exp(rmse(np.log(latency), log_recorded, rows & known)),
                      np.exp(constant), np.exp(constant)])
    return table


# ------------------------------------------------------------------ pictures


def draw(arguments, recorded, achieved, latency, calibration, p99, points):
    import _style as style

    fig, axes = style.plt.subplot_mosaic([["rate", "other"], ["latency", "other"]], figsize=(style.PAGE_IN, 3.4),
                                         width_ratios=(3.2, 1))
    hours = recorded["time_s"] / 3600
    train = recorded["time_s"] < TRAIN_S
    for name, mine, theirs, scale in (("rate", achieved, recorded["achieved_per_s"], 1e-3), ("latency", latency, recorded["latency_s"], 1)):
        place = axes[name]
        for outage in calibration["outages"]:
            place.axvspan(outage["start_s"] / 3600, outage["end_s"] / 3600, color="0.8", linewidth=0)
        if name == "rate":
            place.plot(hours, trailing_mean(recorded["offered_per_s"], 60) * scale, color="0.6", linewidth=0.8, label="offered")
        place.plot(hours, theirs * scale, color=style.BLACK, linewidth=0.7, label="recorded")
        # Latencies are not fitted: they are predicted in the first two hours, too.
        first = style.CALIBRATED if name == "rate" else style.PREDICTED
        place.plot(hours[train], mine[train] * scale, color=style.VERMILLION, label="weir, calibrated", **dict(first, linewidth=0.9))
        place.plot(hours[~train], mine[~train] * scale, color=style.VERMILLION, label="weir, predicted",
                   **dict(style.PREDICTED, linewidth=0.9))
        place.axvline(TRAIN_S / 3600, color="0.4", linestyle=":", linewidth=0.8)
        place.set(xlim=(0, 6), xticks=range(7))
    axes["rate"].set(ylabel="achieved (1000 records/s)", ylim=(0, 260))
    axes["rate"].legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncol=4, columnspacing=1)
    axes["latency"].set(yscale="log", ylabel="latency (s)", xlabel="time (h); grey: outages, an input", ylim=(0.8, 1000))

    other = axes["other"]
    other.plot([p["workers"] for p in points], [float(p["p99_achieved_per_s"]) / 1e3 for p in points], label="published", **style.PUBLISHED)
    here = p99[WORKERS, SIGMAS[0]] / 1e3
    other.plot([str(WORKERS)], [here], color=style.VERMILLION, marker="s", markersize=3.5, linestyle="none", label="weir, calibrated")
    for number, marker, sigma in ((0, "v", SIGMAS[0]), (1, "^", SIGMAS[1])):
        workers = ["4", "24"]
        other.plot(workers, [p99[int(w), sigma] / 1e3 for w in workers], color=(style.BLUE, style.SKY)[number], marker=marker,
                   markersize=3.5, linestyle="none", label=f"weir, predicted,\nsigma {sigma:g} (assumed)")
    other.set(xlabel="workers", ylabel="99th percentile of achieved (1000 records/s)", ylim=(0, None), xlim=(-0.5, 2.5))
    other.legend(loc="lower right", fontsize=6)
    style.save(fig, arguments.output, "yahoo-recorded")


def main():
    arguments = _runs.figure_arguments("yahoo-recorded", __doc__,
                                       traces=("", "where the recorded files are (default ../shared/traces beside weir)"))
    calibration, offered, rows = calibrate(arguments)
    import numpy as np

    recorded = recorded_columns(rows)
    weir = _runs.Weir(arguments.weir)
    cost_us = json.loads((_runs.HOME / "scenarios" / f"{SCENARIO}.json").read_text())["jobs"][0]["workload"]["stage"]["cost"]["per_record_us"]

    def job(workers, sigma):
        # The capacity of the recorded number of workers is what was calibrated, whatever the contention.
        alone_us = cost_us / (1 + sigma * (WORKERS - 1))
        sets = [f"cluster.hosts[0].count={workers}", f"jobs[0].workload.source_parallelism={workers}",
                f"jobs[0].workload.stage.parallelism={workers}", f"jobs[0].workload.stage.contention.sigma={sigma}",
                f"jobs[0].workload.stage.cost.per_record_us={alone_us!r}", f"jobs[0].workload.arrivals.path={offered.resolve()}"]
        return (SCENARIO, arguments.output / f"runs/{workers}-sigma={sigma:g}", [word for s in sets for word in ("--set", s)])

    cases = [(WORKERS, SIGMAS[0])] + [(workers, sigma) for workers in (4, 24) for sigma in SIGMAS]
    runs = dict(zip(cases, weir.run_all([job(*case) for case in cases])))
    achieved, latency = metered(runs[cases[0]], calibration)
    window = int(round(calibration["meter_window_s"]))
    p99 = {case: float(np.percentile(metered(run, calibration)[0][window:], 99)) for case, run in runs.items()}
    points = _runs.published("yahoo-recorded")

    table = scores(recorded, achieved, latency, calibration)
    lines = [["published", p["how"], "99th percentile of achieved", p["workers"], "", p["p99_achieved_per_s"], "", ""] for p in points]
    lines += [["weir", "calibrated" if workers == WORKERS else "predicted", "99th percentile of achieved", workers, sigma,
               f"{value:.0f}", "", ""] for (workers, sigma), value in p99.items()]
    lines += [["weir", kind, what, WORKERS, 0, *(f"{v:.4g}" for v in values)] for kind, what, *values in table]
    _runs.write_csv(arguments.output / "yahoo-recorded.csv",
                    ["source", "kind", "what", "workers", "sigma", "value", "achieved_is_offered", "as_meters_tell_it"], lines)
    _runs.write_csv(arguments.output / "yahoo-recorded-rows.csv",
                    ["time_s", "offered_per_s", "recorded_per_s", "recorded_latency_s", "weir_per_s", "weir_latency_s"],
                    [[f"{v:.6g}" for v in row] for row in zip(recorded["time_s"], recorded["offered_per_s"], recorded["achieved_per_s"],
                                                               recorded["latency_s"], achieved, latency)])
    draw(arguments, recorded, achieved, latency, calibration, p99, points)
    for kind, what, model, plain, meters in table:
        print(f"{what}: {model:.4g} ({kind}); baseline {plain:.4g}, as meters tell it {meters:.4g}")
    for (workers, sigma), value in p99.items():
        theirs = float(next(p["p99_achieved_per_s"] for p in points if int(p["workers"]) == workers))
        kind = "calibrated" if workers == WORKERS else f"predicted, sigma {sigma:g} assumed"
        print(f"{workers} workers, 99th percentile of achieved: {value / 1e3:.1f} k/s ({kind}); published {theirs / 1e3:.0f} k/s: "
              f"{100 * (value / theirs - 1):+.0f} %")


if __name__ == "__main__":
    _runs.main(main)
