#!/usr/bin/env python3
"""The same images on Spark Streaming and on HarmonicIO, side by side: CPU of each worker, executors and containers over time."""

import _harmonicio as hio
import _runs

SPARK, HARMONICIO = "papers/spark-cellprofiler/concurrent-40", "papers/harmonicio/cellprofiler"
SPARK_EXECUTORS_AT_START = 2
IMAGES, COST_S, CORES = 767, 31.3, 40
UNTIL_S = 780


def mean_cpu(run, from_s, to_s):
    """Of all workers, over the metric windows that end in between."""
    shares = [float(v) for times, cpu in hio.workers(run).values() for t, v in zip(times, cpu) if from_s < t <= to_s]
    return sum(shares) / len(shares)


def full_from(run):
    """When the mean over the workers is at FULL for the first time."""
    strips = list(hio.workers(run).values())
    for i, time_s in enumerate(strips[0][0]):
        if sum(float(cpu[i]) for _, cpu in strips) >= hio.FULL * len(strips):
            return float(time_s)
    return None


def main():
    arguments = _runs.figure_arguments("cellprofiler", __doc__)
    import _style as style

    weir, points = _runs.Weir(arguments.weir), _runs.published("spark-cellprofiler")
    spark, harmonicio = weir.run_all([(SPARK, arguments.output / "runs" / "spark", []), (HARMONICIO, arguments.output / "runs" / "harmonicio", [])])
    runs = {"Spark Streaming": spark, "HarmonicIO with IRM": harmonicio}
    fig, axes = style.figure(2, 2, width_in=style.PAGE_IN, height_in=4.0, sharex=True, sharey="row")
    for column, (name, run) in enumerate(runs.items()):
        hio.draw_workers(axes[0, column], run, f"CPU of each worker, {name} (predicted)", style, until_s=UNTIL_S)
        axes[1, column].axvline(IMAGES * COST_S / CORES, color="0.6", linewidth=0.8, label="least of any scheduler, 600 s")
        axes[1, column].set(xlabel="time after the first image (s)", xlim=(0, UNTIL_S), ylim=(0, 50))
    axes[0, 1].set_xlabel("")
    axes[0, 0].set_xlabel("")
    times, values = spark.workers(SPARK_EXECUTORS_AT_START)
    axes[1, 0].step(times, values, where="post", color=style.BLUE, label="executors (predicted)", **style.PREDICTED)
    recorded = [(float(p["time_s"]), int(p["value"])) for p in points if (p["run"], p["quantity"]) == ("concurrent-40", "executors")]
    axes[1, 0].step([t for t, _ in recorded], [v for _, v in recorded], where="post", color=style.BLACK, linestyle=":", linewidth=0.9,
                    label="executors, recorded")
    times, containers, _ = hio.over_time(harmonicio, "cellprofiler")
    axes[1, 1].step(times, containers, where="pre", color=style.BLUE, label="containers (predicted)", **style.PREDICTED)
    axes[1, 0].set_ylabel("executors, or containers")
    for ax in axes[1]:
        ax.legend(loc="lower center")
    style.save(fig, arguments.output, "cellprofiler")
    rows = [["published", "measured", "Spark Streaming", "last_work_s", 636.6]]
    for name, run in runs.items():
        last_s, full_s, cpu = hio.last_work(run), full_from(run), mean_cpu(run, 24, 600)
        rows += [["weir", "predicted", name, "last_work_s", f"{last_s:.1f}"], ["weir", "predicted", name, "all_workers_at_90_percent_s", full_s],
                 ["weir", "predicted", name, "mean_cpu_share_24_to_600_s", f"{cpu:.4f}"]]
        print(f"| {name} | {last_s:.0f} s | {full_s:.0f} s | {100 * cpu:.0f} % |")
    _runs.write_csv(arguments.output / "cellprofiler.csv", ["source", "kind", "system", "measure", "value"], rows)


if __name__ == "__main__":
    _runs.main(main)
