#!/usr/bin/env python3
"""HarmonicIO with its resource manager: CPU of each worker under a synthetic load; the lowest index fills first."""

import _harmonicio as hio
import _runs

SCENARIO = "papers/harmonicio/workers-fill"


def main():
    arguments = _runs.figure_arguments("harmonicio-workers", __doc__)
    import _style as style

    run = _runs.Weir(arguments.weir).run(SCENARIO, arguments.output / "runs" / "documented")
    rows = [["published", row["kind"], row["worker"], row["measure"], row["value"]] for row in _runs.published("harmonicio-workers")]
    order = hio.fill_order(run)
    for worker, (begins, full, most) in order.items():
        for measure, value in (("first_work_s", begins), ("first_at_90_percent_s", full), ("most_cpu_share", most)):
            rows.append(["weir", "predicted", worker, measure, "" if value is None else f"{value:.4g}"])
    _runs.write_csv(arguments.output / "harmonicio-workers.csv", ["source", "kind", "worker", "measure", "value"], rows)
    fig, axes = style.figure(1, 2, width_in=style.PAGE_IN, height_in=2.8)
    hio.draw_workers(axes[0], run, "CPU of each worker (predicted)", style, until_s=1000)
    times, containers, backlog = hio.over_time(run, "busy")
    axes[1].step(times, containers, where="pre", color=style.BLUE, label="containers (predicted)", **style.PREDICTED)
    axes[1].step(times, backlog, where="pre", color=style.VERMILLION, linewidth=0.8, label="backlog (predicted)")
    load = [2 * 5, 4 * 5, 6 * 5]
    axes[1].step([0, 300, 600, 900], [*load, load[-1]], where="post", color="0.6", linewidth=0.8, label="cores that the load takes")
    axes[1].set(xlabel="time (s)", ylabel="containers, messages", xlim=(0, 1000), ylim=(0, 75))
    axes[1].legend(loc="upper left")
    style.save(fig, arguments.output, "harmonicio-workers")
    for worker, (begins, full, most) in order.items():
        def cell(value):
            return "never" if value is None else f"{value:.0f} s"
        print(f"| {worker} | {cell(begins)} | {cell(full)} | {100 * most:.0f} % |")


if __name__ == "__main__":
    _runs.main(main)
