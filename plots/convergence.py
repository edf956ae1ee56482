"""How runs converge, side by side: parallelism against the optimum, and what was taken in of what was offered.

    weir figure convergence -- out/one out/other        # directories of runs
    weir figure convergence                             # DS2 and Dhalion of figure 6 of the DS2 paper

Grey bands: the job stood still for a step. Red below the rates: share of each window in which sources were held back.
"""

import json
import pathlib
import subprocess

import _runs

SHOWN_MAX = 4
DEFAULT = ("papers/ds2/fig6-heron-ds2", "papers/ds2/fig6-heron-dhalion")


def report(weir, directory):
    command = [str(weir.program), "analyze", str(directory), "--convergence", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)["convergence"]


class Series:
    """One job of one run, over time."""

    def __init__(self, run, job_id, name, told):
        self.name, self.told = name, told["jobs"][name]
        self.until_s = told["simulated_s"]
        operators, windows, jobs = run.table("operators"), run.table("operator_windows"), run.table("job_windows")
        self.operators = []
        held = None
        for operator_id, of_job, label, source, scalable in zip(
                operators["operator_id"], operators["job_id"], operators["name"], operators["source"],
                operators["scalable"]):
            if of_job != job_id:
                continue
            mine = windows["operator_id"] == operator_id
            if source:
                length = (windows["end_s"] - windows["start_s"])[mine] * windows["parallelism"][mine]
                share = windows["blocked_s"][mine] / length.clip(min=1e-12)
                held = share if held is None else held.clip(min=share)
            if scalable and not source:
                times = [*windows["start_s"][mine], windows["end_s"][mine][-1]]
                optimum = windows["optimal_parallelism"][mine]
                self.operators.append((label.decode(), *run.parallelism(label.decode()), times, [*optimum, optimum[-1]]))
        mine = jobs["job_id"] == job_id
        self.starts, self.ends = jobs["start_s"][mine], jobs["end_s"][mine]
        self.offered, self.achieved = jobs["offered_per_s"][mine], jobs["achieved_per_s"][mine]
        self.held = held.clip(max=1)

    def title(self):
        told = self.told
        steps = f"{told['steps']} step" + ("" if told["steps"] == 1 else "s")
        if told["steps"] == 0:
            return f"{told['policy']}: no step"
        rest = f"last asked for at {told['last_step_asked_s']:.0f} s" if told["converged"] else "not at rest"
        return f"{told['policy']}: {steps}, {rest}"


def draw(arguments, shown):
    import _style as style

    colours = [style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY]
    counts = [count for series in shown for _, _, values, _, optimum in series.operators for count in (*values, *optimum)]
    most = max(1, *counts) if counts else 1
    top = max(1, *(rate for series in shown for rates in (series.offered, series.achieved) for rate in rates))
    fig, axes = style.figure(2, len(shown), width_in=max(style.COLUMN_IN, min(2.6 * len(shown) + 0.8, 2 * style.PAGE_IN)),
                             height_in=3.6, sharex="col", sharey="row", squeeze=False)
    for column, series in enumerate(shown):
        counts, rates = axes[0][column], axes[1][column]
        for (label, times, values, at, optimum), colour in zip(series.operators, colours * 10):
            counts.step(times, values, where="post", color=colour, linewidth=1.3, label=label)
            counts.step(at, optimum, where="post", color=colour, linewidth=0.9, linestyle=":",
                        label=f"{label}, optimum")
        rates.stairs(series.offered, [*series.starts, series.ends[-1]], baseline=None, color="0.45", linewidth=0.9, linestyle=":", label="offered")
        rates.stairs(series.achieved, [*series.starts, series.ends[-1]], baseline=None, color=style.BLACK, linewidth=1.2, label="taken in")
        rates.stairs(series.held * 0.08 * top - 0.1 * top, [*series.starts, series.ends[-1]], baseline=-0.1 * top, fill=True,
                     color=style.VERMILLION, alpha=0.8, label="held back")
        for step in series.told["action_costs"]:
            for place in (counts, rates):
                place.axvspan(step["done_s"] - step["downtime_s"], step["done_s"], color="0.85", linewidth=0, zorder=0)
        counts.set_title(series.title())
        counts.set(xlim=(0, series.until_s))
        rates.set(xlabel="time (s)")
    axes[0][0].set(ylabel="instances", ylim=(0, 1.35 * most))
    axes[1][0].set(ylabel="records/s", ylim=(-0.12 * top, 1.06 * top))
    axes[0][0].legend(loc="upper right", ncol=2, columnspacing=0.8)
    axes[1][0].legend(loc="lower right", ncol=3, columnspacing=0.8, borderaxespad=1.4)
    style.save(fig, arguments.output, "convergence")


def main():
    arguments = _runs.figure_arguments("convergence", __doc__, runs="directories of runs")
    weir = _runs.Weir(arguments.weir)
    if arguments.runs:
        runs = [_runs.Run(directory) for directory in arguments.runs]
    else:
        runs = weir.run_all([(name, arguments.output / "runs" / pathlib.Path(name).name, []) for name in DEFAULT])
    shown = []
    for run in runs:
        told = report(weir, run.directory)
        names = [name.decode() for name in run.table("jobs")["name"]]
        shown += [Series(run, job_id, name, told) for job_id, name in enumerate(names)]
    if len(shown) > SHOWN_MAX:
        raise _runs.WrongInput(f"{len(shown)} jobs are too many for a picture (at most {SHOWN_MAX})")
    rows = []
    for number, series in enumerate(shown, 1):
        for label, times, values, at, optimum in series.operators:
            rows += [["weir", number, series.told["policy"], label, "parallelism", f"{t:g}", v] for t, v in zip(times, values)]
            rows += [["weir", number, series.told["policy"], label, "optimum", f"{t:g}", v] for t, v in zip(at, optimum)]
        for quantity, values in (("offered_per_s", series.offered), ("achieved_per_s", series.achieved),
                                 ("held_back_share", series.held)):
            rows += [["weir", number, series.told["policy"], "", quantity, f"{t:g}", f"{v:g}"]
                     for t, v in zip(series.starts, values)]
    _runs.write_csv(arguments.output / "convergence.csv",
                    ["source", "run", "policy", "operator", "quantity", "time_s", "value"], rows)
    draw(arguments, shown)
    for series in shown:
        print("\n".join(series.told["sentences"]))


if __name__ == "__main__":
    _runs.main(main)
