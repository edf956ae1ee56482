#!/usr/bin/env python3
"""CellProfiler on HarmonicIO with its resource manager, under both published sets of parameters: CPU of each worker."""

import _harmonicio as hio
import _runs

SCENARIO = "papers/harmonicio/cellprofiler"
PRESETS = {"documented": "documented set (2020)", "configured": "configured set (2018)"}
CORES, IMAGES, COST_S = 40, 767, 31.3


def up(times, containers, until_s=600):
    """The most containers while images wait, and since when: later ones, of requests that are old, find nothing to do."""
    working = [int(c) for t, c in zip(times, containers) if t <= until_s]
    return max(working), hio.first(times, containers, max(working))


def main():
    arguments = _runs.figure_arguments("harmonicio-cellprofiler", __doc__)
    import _style as style

    runs = dict(zip(PRESETS, _runs.Weir(arguments.weir).run_all(
        (SCENARIO, arguments.output / "runs" / preset, ["--set", f"jobs[0].policy.preset={preset}"]) for preset in PRESETS)))
    rows = [["published", row["kind"], row["system"], "", row["measure"], row["value"]]
            for row in _runs.published("harmonicio-cellprofiler")]
    rows.append(["weir", "calibrated", "any", "", "core_s_of_an_image", COST_S])
    for preset, run in runs.items():
        rows.append(["weir", "predicted", preset, "", "last_work_s", f"{hio.last_work(run):.1f}"])
        times, containers, _ = hio.over_time(run, "cellprofiler")
        most, since = up(times, containers)
        rows.append(["weir", "predicted", preset, "", "containers_working_max", most])
        rows.append(["weir", "predicted", preset, "", "containers_working_max_since_s", since])
        for worker, (begins, full, most) in hio.fill_order(run).items():
            for measure, value in (("first_work_s", begins), ("first_at_90_percent_s", full), ("most_cpu_share", most)):
                rows.append(["weir", "predicted", preset, worker, measure, "" if value is None else f"{value:.4g}"])
    _runs.write_csv(arguments.output / "harmonicio-cellprofiler.csv", ["source", "kind", "system", "worker", "measure", "value"], rows)
    fig, axes = style.figure(2, 2, width_in=style.PAGE_IN, height_in=4.2, sharex=True)
    for column, (preset, run) in enumerate(runs.items()):
        hio.draw_workers(axes[0, column], run, f"CPU of each worker, {PRESETS[preset]}", style, until_s=800)
        times, containers, backlog = hio.over_time(run, "cellprofiler")
        place = axes[1, column]
        place.step(times, containers, where="pre", color=style.BLUE, label="containers (predicted)", **style.PREDICTED)
        place.axvline(IMAGES * COST_S / CORES, color="0.6", linewidth=0.8, label="least of any scheduler, 600 s")
        place.axvline(636.6, color=style.BLACK, linewidth=0.8, linestyle=":", label="published: Spark's last work")
        place.set(xlabel="time (s)", ylabel="containers", xlim=(0, 800), ylim=(0, 75))
        other = place.twinx()
        other.spines["right"].set_visible(True)
        other.step(times, backlog, where="pre", color=style.VERMILLION, linewidth=0.8)
        other.set(ylabel="backlog (messages)", ylim=(0, 1000))
    axes[1, 0].plot([], [], color=style.VERMILLION, linewidth=0.8, label="backlog (predicted)")
    style.shared_legend(fig, axes[1, 0], 4, 0.3)
    style.save(fig, arguments.output, "harmonicio-cellprofiler")
    for preset, run in runs.items():
        times, containers, _ = hio.over_time(run, "cellprofiler")
        most, since = up(times, containers)
        peaks = ", ".join(f"{100 * peak:.0f}" for _, _, peak in hio.fill_order(run).values())
        print(f"| {PRESETS[preset]} | {hio.last_work(run):.0f} s | {most}, since {since:.0f} s | {peaks} % |")


if __name__ == "__main__":
    _runs.main(main)
