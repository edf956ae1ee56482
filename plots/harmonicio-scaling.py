#!/usr/bin/env python3
"""HarmonicIO as it grows: backlog and running containers over time for several numbers of workers."""

import _harmonicio as hio
import _runs

SCENARIO = "papers/harmonicio/cellprofiler"
WORKERS = (1, 2, 5, 10)
PORTS, CORES, IMAGES, COST_S = 10, 8, 767, 31.3


def settings(workers):
    """The run ends soon after the work, which takes images x cost / cores and the way up there."""
    until_s = IMAGES * COST_S / (CORES * workers) + 60 * workers + 200
    return ["--set", f"cluster.hosts[2].count={workers}", "--set", f"jobs[0].workload.operators[0].parallelism={PORTS * workers}",
            "--until", f"{until_s:.0f}"]


def main():
    arguments = _runs.figure_arguments("harmonicio-scaling", __doc__)
    import _style as style

    runs = dict(zip(WORKERS, _runs.Weir(arguments.weir).run_all(
        (SCENARIO, arguments.output / "runs" / f"workers-{n}", settings(n)) for n in WORKERS)))
    fig, axes = style.figure(1, 2, width_in=style.PAGE_IN, height_in=2.3)
    rows = []
    for n, colour in zip(WORKERS, (style.BLACK, style.VERMILLION, style.BLUE, style.GREEN)):
        times, containers, backlog = hio.over_time(runs[n], "cellprofiler")
        axes[0].step(times, backlog, where="pre", color=colour, label=f"{n} workers" if n > 1 else "1 worker", **style.PREDICTED)
        axes[1].step(times, containers, where="pre", color=colour, **style.PREDICTED)
        empty = next(float(t) for t, b in zip(times, backlog) if t > 91 and b == 0)
        for measure, value in (("backlog_max", int(round(max(backlog)))), ("containers_max", int(max(containers))), ("backlog_empty_s", empty),
                               ("last_work_s", hio.last_work(runs[n])), ("least_s", IMAGES * COST_S / (CORES * n))):
            rows.append(["weir", "predicted", n, measure, f"{value:.6g}"])
        print(f"| {n} | {round(max(backlog)):.0f} | {max(containers):.0f} | {empty:.0f} s | {hio.last_work(runs[n]):.0f} s "
              f"| {IMAGES * COST_S / (CORES * n):.0f} s |")
    _runs.write_csv(arguments.output / "harmonicio-scaling.csv", ["source", "kind", "workers", "measure", "value"], rows)
    axes[0].set(xlabel="time (s)", ylabel="backlog (messages)", xlim=(0, 1500))
    axes[1].set(xlabel="time (s)", ylabel="running containers", xlim=(0, 1500))
    axes[0].legend()
    style.save(fig, arguments.output, "harmonicio-scaling")


if __name__ == "__main__":
    _runs.main(main)
