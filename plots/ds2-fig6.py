#!/usr/bin/env python3
"""DS2 (OSDI 2018), Fig. 6: parallelism of Heron's word count under DS2 and Dhalion, and how much of it is chance."""

import _runs

DS2, CALIBRATED, UNFITTED = (f"papers/ds2/fig6-heron-{name}" for name in ("ds2", "dhalion", "dhalion-unfitted"))
OPERATORS = {"flatmap": "FlatMap", "count": "Count"}
OPTIMUM = {"flatmap": 10, "count": 20}
STEPS, SETTLED_S = (5, 9), (1500, 4600)
PUBLISHED_STEPS, PUBLISHED_SETTLED_S, PUBLISHED_TOTAL = 6, 2000, 52


# ------------------------------------------------------------------ the ensemble


def outcome(run):
    """What came of one seed, and which accept values of DS2-F6b it meets."""
    steps = run.steps()
    final = {operator: run.parallelism(operator)[1][-1] for operator in OPERATORS}
    firsts = [(operator, to) for _, operator, _, to in steps[:3]]
    single = len({time for time, *_ in steps}) == len(steps)
    settled_s = steps[-1][0] if steps else 0.0
    met = {
        "first three: FlatMap 2, Count 5, FlatMap 5 or 6":
            firsts in ([("flatmap", 2), ("count", 5), ("flatmap", 5)], [("flatmap", 2), ("count", 5), ("flatmap", 6)]),
        f"{STEPS[0]} to {STEPS[1]} steps, each of one operator": single and STEPS[0] <= len(steps) <= STEPS[1],
        f"last step at {SETTLED_S[0]} to {SETTLED_S[1]} s": SETTLED_S[0] <= settled_s <= SETTLED_S[1],
        "over-provisioned: FlatMap >= 10, Count >= 20, more in all":
            all(final[o] >= OPTIMUM[o] for o in OPERATORS) and sum(final.values()) > sum(OPTIMUM.values()),
    }
    met["all four"] = all(met.values())
    sequence = " ".join(f"{operator[0].upper()}{to}" for _, operator, _, to in steps)
    return {"steps": len(steps), "settled_s": settled_s, "total": sum(final.values()), "final": final, "met": met,
            "sequence": sequence}


def report(outcomes):
    count = len(outcomes)
    for rule in outcomes[0]["met"]:
        print(f"  {sum(o['met'][rule] for o in outcomes):4d} of {count}: {rule}")
    for key, name, published in (("steps", "steps", PUBLISHED_STEPS), ("settled_s", "last step (s)", PUBLISHED_SETTLED_S),
                                 ("total", "FlatMap + Count at the end", PUBLISHED_TOTAL)):
        values = sorted(o[key] for o in outcomes)
        at = [values[min(count - 1, int(q * count))] for q in (0.05, 0.5, 0.95)]
        print(f"  {name}: median {at[1]:g}, 5 to 95 % {at[0]:g} to {at[2]:g} (published {published})")


# ------------------------------------------------------------------ pictures


def draw(arguments, points, dhalion, ds2):
    import _style as style

    fig, both = style.figure(rows=2, height_in=3.3, sharex=True)
    for axes, (operator, title) in zip(both, OPERATORS.items()):
        for policy, run, colour, line, label in (
                ("dhalion", dhalion, style.VERMILLION, style.CALIBRATED, "Dhalion, weir, calibrated"),
                ("ds2", ds2, style.BLUE, style.PREDICTED, "DS2, weir, predicted")):
            axes.step(*run.parallelism(operator), where="post", color=colour, label=label, **line)
            rows = [p for p in points if p["policy"] == policy and p["operator"] == operator]
            marker = dict(style.PUBLISHED, marker="o" if policy == "dhalion" else "s")
            name = "Dhalion, published (digitised)" if policy == "dhalion" else "DS2, published (stated)"
            axes.plot([float(p["time_s"]) for p in rows], [int(p["parallelism"]) for p in rows], label=name, **marker)
        axes.set(ylabel=f"instances of {title}", xlim=(-30, 2400), ylim=(0, None))
    both[1].set_xlabel("time (s)")
    both[1].set_xticks(range(0, 2401, 400))
    both[0].legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncol=2, columnspacing=1, borderaxespad=0.2)
    style.save(fig, arguments.output, "ds2-fig6")


def draw_ensemble(arguments, points, runs, outcomes):
    import numpy as np

    import _style as style

    fig, axes = style.figure(2, 3, width_in=style.PAGE_IN, height_in=3.5)
    until_s = runs[0].summary["simulated_s"]
    grid = np.linspace(0, until_s, 501)
    for place, (operator, title) in zip(axes[0], OPERATORS.items()):
        curves = []
        for run in runs:
            times, values = run.parallelism(operator)
            curves.append(np.asarray(values)[np.searchsorted(times, grid, side="right") - 1])
        low, quarter, middle, upper, high = np.percentile(curves, [5, 25, 50, 75, 95], axis=0)
        place.fill_between(grid, low, high, step="post", color="0.88", linewidth=0, label="5 to 95 %")
        place.fill_between(grid, quarter, upper, step="post", color="0.72", linewidth=0, label="25 to 75 %")
        place.step(grid, middle, where="post", color=style.VERMILLION, label="median", **style.PREDICTED)
        rows = [p for p in points if p["policy"] == "dhalion" and p["operator"] == operator]
        place.plot([float(p["time_s"]) for p in rows], [int(p["parallelism"]) for p in rows], label="published",
                   **style.PUBLISHED)
        place.axhline(OPTIMUM[operator], color="0.4", linewidth=0.6, linestyle=":", label="optimum")
        place.set(xlabel="time (s)", ylabel=f"instances of {title}", xlim=(0, until_s), ylim=(0, None))
    axes[0][2].axis("off")
    axes[0][2].legend(*axes[0][0].get_legend_handles_labels(), loc="upper left",
                      title=f"Dhalion, {len(runs)} seeds, nothing fitted", title_fontsize=7, alignment="left")

    def histogram(place, key, bins, published, accept, label):
        place.hist([o[key] for o in outcomes], bins=bins, color=style.SKY, edgecolor="white", linewidth=0.4)
        if accept:
            place.axvspan(*accept, color="0.9", linewidth=0, zorder=0)
        place.axvline(published, color=style.BLACK, linestyle="--", linewidth=0.9)
        place.set(xlabel=label, ylabel="seeds")
        place.yaxis.get_major_locator().set_params(integer=True)

    most = max(max(o["steps"] for o in outcomes), STEPS[1])
    histogram(axes[1][0], "steps", np.arange(-0.5, most + 1), PUBLISHED_STEPS, (STEPS[0] - 0.5, STEPS[1] + 0.5), "steps")
    histogram(axes[1][1], "settled_s", np.linspace(0, until_s, 26), PUBLISHED_SETTLED_S, SETTLED_S,
              "time of the last step (s)")
    histogram(axes[1][2], "total", 20, PUBLISHED_TOTAL, None, "FlatMap + Count at the end")
    axes[1][2].axvline(sum(OPTIMUM.values()), color="0.4", linewidth=0.9, linestyle=":")
    axes[0][2].text(0.02, 0.02, "histograms\ndashed: published\ndotted: optimum\nshaded: accepted", fontsize=6.5,
                    transform=axes[0][2].transAxes)
    axes[1][0].xaxis.get_major_locator().set_params(integer=True)
    style.save(fig, arguments.output, "ds2-fig6-ensemble")


# ------------------------------------------------------------------ data


def staircase(policy, kind, run, seed=""):
    return [["weir", kind, policy, operator, seed, f"{time:.1f}", value] for operator in OPERATORS
            for time, value in zip(*run.parallelism(operator))]


def main():
    arguments = _runs.figure_arguments("ds2-fig6", __doc__, seeds=(120, "runs of the scenario without fitted values"))
    if arguments.seeds < 1:
        raise _runs.WrongInput("--seeds is at least 1")
    weir, runs_in = _runs.Weir(arguments.weir), arguments.output / "runs"
    points = _runs.published("ds2-fig6")
    ds2, dhalion = weir.run_all([(DS2, runs_in / "ds2", []), (CALIBRATED, runs_in / "dhalion", [])])
    ensemble = weir.run_all([(UNFITTED, runs_in / f"unfitted/seed={seed}", ["--seed", seed])
                             for seed in range(1, arguments.seeds + 1)])
    outcomes = [outcome(run) for run in ensemble]

    rows = [["published", p["how"], p["policy"], p["operator"], "", p["time_s"], p["parallelism"]] for p in points]
    rows += staircase("dhalion", "calibrated", dhalion) + staircase("ds2", "predicted", ds2)
    _runs.write_csv(arguments.output / "ds2-fig6.csv",
                    ["source", "kind", "policy", "operator", "seed", "time_s", "parallelism"], rows)
    rows = [["published", "digitised", "", PUBLISHED_STEPS, PUBLISHED_SETTLED_S, 22, 30, "F2 C5 F6 C6 C30 F22"] + [""] * 5]
    rows += [["weir", "predicted", seed, o["steps"], f"{o['settled_s']:.1f}", o["final"]["flatmap"], o["final"]["count"],
              o["sequence"], *(int(m) for m in o["met"].values())] for seed, o in enumerate(outcomes, 1)]
    _runs.write_csv(arguments.output / "ds2-fig6-ensemble.csv",
                    ["source", "kind", "seed", "steps", "last_step_s", "flatmap", "count", "sequence",
                     *outcomes[0]["met"]], rows)
    draw(arguments, points, dhalion, ds2)
    draw_ensemble(arguments, points, ensemble, outcomes)

    def told(run):
        return ", ".join(f"{OPERATORS[operator]} {to} at {time:.0f} s" for time, operator, _, to in run.steps())

    print(f"DS2, predicted: {told(ds2)} (published: FlatMap 10, Count 20 at 60 s)")
    print(f"Dhalion, calibrated: {told(dhalion)}")
    print(f"Dhalion, nothing fitted, {len(ensemble)} seeds:")
    report(outcomes)


if __name__ == "__main__":
    _runs.main(main)
