#!/usr/bin/env python3
"""DS2 (OSDI 2018), Fig. 7: word count on Flink under 2 M, then 1 M sentences/s: decisions, and what the source emits."""

import _runs

UNFITTED, TWO_SPEEDS = "papers/ds2/fig7-flink", "papers/ds2/fig7-flink-two-speeds"
OPERATORS = {"split": "FlatMap", "count": "Count"}
RATES_PER_S = ((0, 800, 2e6), (800, 1100, 1e6))
PHASE_2_S = 800
WORDS = 10.159  # in a sentence
# Models, and what of each is a prediction: the decisions from this time on.
MODELS = {"sample rates": 0, "two speeds": PHASE_2_S, "contended": 200}


# ------------------------------------------------------------------ the contended model


def coherent(p0, p1, p2):
    """Cost alone (us a sentence) and Gunther's kappa with which p0 instances ask for p1, and those for p2: the least kappa.

    The other part of the law, sigma, cannot be used: Count's 5, 7, 11 need one above 1."""
    at_p0 = p1 * 1e6 / RATES_PER_S[0][2] * 0.998  # all but one more instance
    at_p1 = (p2 - 1) * 1e6 / RATES_PER_S[0][2] * 1.003  # all but one less
    ratio = at_p1 / at_p0
    kappa = (ratio - 1) / (p1 * (p1 - 1) - ratio * p0 * (p0 - 1))
    return at_p0 / (1 + kappa * p0 * (p0 - 1)), kappa


def contended():
    settings = []
    for operator, (steps, records) in {"split": ((10, 14, 19), 1), "count": ((5, 7, 11), WORDS)}.items():
        cost_us, kappa = coherent(*steps)
        part = f"jobs[0].workload.{operator}"
        settings += ["--set", f"{part}.cost.per_record_us={cost_us / records:.6g}",
                     "--set", f"{part}.contention.kappa={kappa:.6g}"]
    return settings


# ------------------------------------------------------------------ results


def decisions(run):
    """(time, {operator: parallelism after it}), one for each time."""
    told = {}
    for time, operator, _, to in run.steps():
        told.setdefault(time, {})[operator] = to
    state, rows = {"split": 10, "count": 5}, []
    for time, changed in sorted(told.items()):
        state = {**state, **changed}
        rows.append((time, state))
    return rows


def ready(run):
    """When the last restart of each phase was over."""
    actions = run.table("actions")
    ends = [[], []]
    for requested, ended, status in zip(actions["requested_s"], actions["ended_s"], actions["status"]):
        if status in (b"done", b"clipped"):
            ends[int(requested >= PHASE_2_S)].append(float(ended))
    return [max(times) if times else None for times in ends]


def kind(model, time_s):
    return "predicted" if time_s >= MODELS[model] else "calibrated"


def report(runs, points):
    print("FlatMap/Count, from 10/5; ready: the last restart of each phase is over")
    print("| Fig. 7 | published: 14/7 at 40 s, 19/11 at 150 s, 7/4 at 803 s, 7/5 at 900 s | | 200 s, 930 s |")
    for model, run in runs.items():
        # A table's row: what is calibrated, what is predicted.
        told = {"calibrated": [], "predicted": []}
        for time, state in decisions(run):
            told[kind(model, time)].append(f"{state['split']}/{state['count']} at {time:.0f} s")
        print(f"| {model} | {', '.join(told['calibrated']) or '-'} | {', '.join(told['predicted']) or '-'} | "
              f"{', '.join('-' if t is None else f'{t:.0f} s' for t in ready(run))} |")
    print("source rate, M/s:")
    for point in (p for p in points if p["quantity"] == "rate"):
        low, high = float(point["low"]) / 1e6, float(point["high"]) / 1e6
        ours = {m: _runs.mean_rate(r.table("job_windows"), float(point["from_s"]), float(point["to_s"])) for m, r in runs.items()}
        print(f"  {point['from_s']:>4} to {point['to_s']:>4} s: published {low:.2f}" + (f" to {high:.2f}" if high > low else "") +
              "; " + ", ".join(f"{m} {rate / 1e6:.2f}" for m, rate in ours.items()))


def rows_of(runs, points):
    for p in points:
        yield ["published", "digitised", "", p["quantity"], p["operator"], p["from_s"], p["to_s"],
               p["low"] if p["low"] == p["high"] else f"{p['low']} to {p['high']}"]
    for model, run in runs.items():
        until_s = run.summary["simulated_s"]
        for operator, start in (("split", 10), ("count", 5)):
            value, since = start, 0.0
            for time, state in decisions(run):
                if state[operator] == value:
                    continue
                yield ["weir", kind(model, since), model, "parallelism", operator, f"{since:.0f}", f"{time:.0f}", value]
                value, since = state[operator], time
            yield ["weir", kind(model, since), model, "parallelism", operator, f"{since:.0f}", f"{until_s:.0f}", value]
        windows = run.table("job_windows")
        for start, end, rate in zip(windows["start_s"], windows["end_s"], windows["achieved_per_s"]):
            # Rates follow from the decisions, and were not fitted themselves.
            yield ["weir", kind(model, start), model, "rate", "", f"{start:.1f}", f"{end:.1f}", f"{rate:.0f}"]


# ------------------------------------------------------------------ picture


def draw(arguments, runs, points):
    import _style as style

    fig, places = style.figure(rows=3, width_in=style.PAGE_IN, height_in=5.2, sharex=True)
    colours = {"sample rates": style.GREEN, "two speeds": style.BLUE, "contended": style.VERMILLION}

    def curve(place, model, times, values):
        """Calibrated until its time, then predicted; None: not drawn there."""
        since = MODELS[model]
        for line, inside, name in ((style.CALIBRATED, lambda t: t <= since, "calibrated"),
                                   (style.PREDICTED, lambda t: t >= since, "predicted")):
            part = [(t, v) for t, v in zip(times, values) if inside(t)]
            if part and part[-1][0] > part[0][0]:
                place.plot(*zip(*part), color=colours[model], label=f"{model}, {name}", **line)

    def staircase(run, operator):
        value, times, values = {"split": 10, "count": 5}[operator], [0.0], []
        values.append(value)
        for time, state in decisions(run):
            times += [time, time]
            values += [value, state[operator]]
            value = state[operator]
        return times + [1000.0], values + [value]

    def split_at(times, values, at):
        """A point of its own where calibration ends, so that both lines reach it."""
        for i, time in enumerate(times):
            if time >= at:
                return times[:i] + [at, at] + times[i:], values[:i] + [values[max(0, i - 1)]] * 2 + values[i:]
        return times, values

    for place, (operator, title) in zip(places, OPERATORS.items()):
        for model, run in runs.items():
            curve(place, model, *split_at(*staircase(run, operator), MODELS[model]))
        first = True
        for p in points:
            if p["operator"] != operator:
                continue
            place.plot([float(p["from_s"]), float(p["to_s"])], [int(p["low"])] * 2, color=style.BLACK, linewidth=0.8,
                       marker="o", markersize=3, markerfacecolor="white", label="published" if first else None, zorder=4)
            first = False
        place.set(ylabel=f"instances of {title}", ylim=(0, 38))
    for model, run in runs.items():
        windows = run.table("job_windows")
        times, values = [], []
        for start, end, rate in zip(windows["start_s"], windows["end_s"], windows["achieved_per_s"]):
            times += [float(start), float(end)]
            values += [rate / 1e6] * 2
        curve(places[2], model, *split_at(times, values, MODELS[model]))
    for p in points:
        if p["quantity"] == "rate":
            middle = (float(p["low"]) + float(p["high"])) / 2e6
            places[2].plot([float(p["from_s"]), float(p["to_s"])], [middle] * 2, color=style.BLACK, linewidth=0.8,
                           marker="o", markersize=2.5, markerfacecolor="white", zorder=4)
    places[2].set(ylabel="source rate (M/s)", xlabel="time (s)", xlim=(-5, 1000), ylim=(-0.1, 2.2))
    places[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=4, borderaxespad=0.2, columnspacing=1)
    style.save(fig, arguments.output, "ds2-fig7")


def main():
    arguments = _runs.figure_arguments("ds2-fig7", __doc__, models=(",".join(MODELS), "which, with commas between"))
    models = _runs.chosen(arguments.models, list(MODELS), "model")
    points = _runs.published("ds2-fig7")
    of = {"sample rates": (UNFITTED, []), "two speeds": (TWO_SPEEDS, []), "contended": (UNFITTED, contended())}
    jobs = [(of[model][0], arguments.output / "runs" / model.replace(" ", "-"), of[model][1]) for model in models]
    runs = dict(zip(models, _runs.Weir(arguments.weir).run_all(jobs)))
    _runs.write_csv(arguments.output / "ds2-fig7.csv",
                    ["source", "kind", "model", "quantity", "operator", "from_s", "to_s", "value"], rows_of(runs, points))
    draw(arguments, runs, points)
    report(runs, points)


if __name__ == "__main__":
    _runs.main(main)
