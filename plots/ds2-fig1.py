#!/usr/bin/env python3
"""DS2 (OSDI 2018), Fig. 1: source rate of Heron's word count under Dhalion, published and simulated."""

import _runs

CALIBRATED = "papers/ds2/fig6-heron-dhalion"
SAMPLE_S = 60  # a sample covers the minute after its time: the one at 0 is not 0
PLATEAU_S = (240, 600)  # published rate 0
TARGET_PER_S = 1e6 / 60


def draw(arguments, points, windows):
    import _style as style

    fig, axes = style.figure(height_in=2.1)
    axes.axvspan(*PLATEAU_S, color="0.92", linewidth=0)
    axes.text(sum(PLATEAU_S) / 2, 18.6, "published: zero", ha="center", va="center", fontsize=5.5, color="0.3")
    axes.axhline(TARGET_PER_S / 1e3, color="0.6", linewidth=0.6, linestyle=":")
    times, rates = [], []
    for start, end, rate in zip(windows["start_s"], windows["end_s"], windows["achieved_per_s"]):
        times += [start, end]
        rates += [rate / 1e3, rate / 1e3]
    axes.plot(times, rates, color=style.BLUE, label="weir, predicted (steps calibrated)",
              **dict(style.PREDICTED, linewidth=0.9))
    axes.plot([float(p["time_s"]) for p in points], [float(p["rate_per_s"]) / 1e3 for p in points],
              label="published, digitised", **style.PUBLISHED)
    axes.set(xlabel="time (s)", ylabel="source rate (1000 records/s)", xlim=(0, 2400), ylim=(-0.6, 20.5))
    axes.set_xticks(range(0, 2401, 400))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2, borderaxespad=0.2, columnspacing=1)
    style.save(fig, arguments.output, "ds2-fig1")


def main():
    arguments = _runs.figure_arguments("ds2-fig1", __doc__)
    points = _runs.published("ds2-fig1")
    run = _runs.Weir(arguments.weir).run(CALIBRATED, arguments.output / "runs/dhalion")
    windows = run.table("job_windows")

    ours = {float(p["time_s"]): _runs.mean_rate(windows, float(p["time_s"]), float(p["time_s"]) + SAMPLE_S) for p in points}
    rows = [["published", "digitised", p["time_s"], p["rate_per_s"]] for p in points]
    rows += [["weir", "predicted", f"{t:g}", f"{rate:.1f}"] for t, rate in ours.items() if rate is not None]
    _runs.write_csv(arguments.output / "ds2-fig1.csv", ["source", "kind", "time_s", "rate_per_s"], rows)
    draw(arguments, points, windows)

    zero = [t for t in ours if PLATEAU_S[0] <= t <= PLATEAU_S[1]]
    held = [t for t in zero if ours[t] < 0.02 * TARGET_PER_S]
    end = [rate for t, rate in ours.items() if t >= 2040 and rate is not None]
    print(f"plateau: {len(held)} of {len(zero)} samples from {PLATEAU_S[0]} to {PLATEAU_S[1]} s below 2 % of the target"
          f" (all published ones are 0); not: {', '.join(f'{t:g} s {ours[t]:.0f}/s' for t in zero if t not in held) or '-'}")
    print(f"end: {min(end):.0f} to {max(end):.0f}/s from 2040 s on (published 16670/s)")
    gap = [abs(float(p["rate_per_s"]) - ours[float(p["time_s"])]) for p in points if ours[float(p["time_s"])] is not None]
    print(f"mean absolute difference of all {len(gap)} samples: {sum(gap) / len(gap):.0f}/s"
          f" ({100 * sum(gap) / len(gap) / TARGET_PER_S:.0f} % of the target)")


if __name__ == "__main__":
    _runs.main(main)
