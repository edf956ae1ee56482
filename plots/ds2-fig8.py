#!/usr/bin/env python3
"""DS2 (OSDI 2018), Fig. 8: rate and latency of Nexmark's queries on Flink against the parallelism of the main operator."""

import json

import _runs

# Main operator, and the source whose rate the figure shows.
QUERIES = {"Q1": ("map", "bids"), "Q2": ("filter", "bids"), "Q3": ("join", "auctions"), "Q5": ("window", "bids"),
           "Q8": ("window-join", "auctions"), "Q11": ("session", "bids")}
INDICATED = {"Q1": 16, "Q2": 14, "Q3": 20, "Q5": 16, "Q8": 10, "Q11": 28}
# Two ways to choose the one parameter, the cost of a record: so that DS2 indicates what was published, or so that
# the rate at the least parallelism is the published one. What is not in its own column is predicted.
BY_PLAN, BY_RATE = "by indicated", "by first rate"
FITS_MAX, FIT_WITHIN = 4, 0.01
STATIC_UNTIL_S, SETTLED_S = 60, 20
DIGITISED = 0.03


def scenario(query):
    return f"papers/ds2/fig8-flink-{query.lower()}"


def planned_cost_us(query):
    file = _runs.HOME / "scenarios" / f"{scenario(query)}.json"
    return json.loads(file.read_text())["jobs"][0]["workload"][QUERIES[query][0]]["cost"]["per_record_us"]


class Point:
    """A run with a fixed parallelism."""

    def __init__(self, query, run):
        self.run = run
        windows, source = run.table("operator_windows"), run.operator_id(QUERIES[query][1])
        records = seconds = 0.0
        for i, operator_id in enumerate(windows["operator_id"]):
            if operator_id == source and windows["start_s"][i] >= SETTLED_S:
                records += windows["records_out"][i]
                seconds += windows["end_s"][i] - windows["start_s"][i]
        self.rate_per_s = records / seconds
        self.median_s, self.p99_s = (run.summary["latency_s"][q] for q in ("p50", "p99"))


def setting(query, cost_us, parallelism=None):
    part = f"jobs[0].workload.{QUERIES[query][0]}"
    cost = ["--set", f"{part}.cost.per_record_us={cost_us:.6g}"]
    return cost if parallelism is None else cost + ["--set", f"{part}.parallelism={parallelism}"]


class Runner:
    def __init__(self, arguments):
        self.weir, self.folder = _runs.Weir(arguments.weir), arguments.output / "runs"

    def static(self, query, cost_us, parallelism):
        return (scenario(query), self.folder / f"{query}-{cost_us:.6g}us-{parallelism}",
                ["--policy", "static", "--until", STATIC_UNTIL_S, "--set", "jobs[0].engine.metrics_interval_s=10",
                 *setting(query, cost_us, parallelism)])

    def ds2(self, query, cost_us):
        return scenario(query), self.folder / f"{query}-{cost_us:.6g}us-ds2", setting(query, cost_us)

    def cost_of_rate(self, query, parallelism, rate_per_s):
        """The cost with which the source gets that rate: in overload rates go with 1 / cost, nearly."""
        cost_us = planned_cost_us(query)
        for _ in range(FITS_MAX):
            ours = Point(query, self.weir.run(*self.static(query, cost_us, parallelism))).rate_per_s
            if abs(ours / rate_per_s - 1) < FIT_WITHIN:
                break
            cost_us = float(f"{cost_us * ours / rate_per_s:.4g}")
        return cost_us


# ------------------------------------------------------------------ results


def published_rates(points, query):
    return {int(p["parallelism"]): (float(p["low"]), float(p["high"]))
            for p in points if p["query"] == query and p["quantity"] == "rate"}


def published_tail(points, query):
    return [(int(p["parallelism"]), float(p["low"]), float(p["high"]))
            for p in points if p["query"] == query and p["quantity"] == "latency_tail"]


def kind(fit, quantity, first):
    fitted = quantity == "indicated" if fit == BY_PLAN else quantity == "rate" and first
    return "calibrated" if fitted else "predicted"


def rows_of(results, points):
    for p in points:
        yield ["published", "digitised", p["query"], "", p["quantity"], p["parallelism"],
               p["low"] if p["low"] == p["high"] else f"{p['low']} to {p['high']}"]
    for query, fits in results.items():
        yield ["published", "stated", query, "", "indicated", "", INDICATED[query]]
        for fit, (cost_us, plan, of) in fits.items():
            yield ["weir", "calibrated", query, fit, "cost_us", "", f"{cost_us:.6g}"]
            yield ["weir", kind(fit, "indicated", False), query, fit, "indicated", "", plan]
            for p, point in of.items():
                yield ["weir", kind(fit, "rate", p == min(of)), query, fit, "rate", p, f"{point.rate_per_s:.0f}"]
                yield ["weir", "predicted", query, fit, "latency_p50_s", p, f"{point.median_s:.4f}"]
                yield ["weir", "predicted", query, fit, "latency_p99_s", p, f"{point.p99_s:.4f}"]


def between(low, high, unit):
    return f"{low / unit:g}" if low == high else f"{low / unit:g} to {high / unit:g}"


def met(results, points, fit):
    """Of the predicted rates, how many lie in the published range, or within the error of its digitising."""
    inside = []
    for query, fits in results.items():
        _, _, of = fits[fit]
        fitted = INDICATED[query] if fit == BY_PLAN else min(of)
        inside += [low * (1 - DIGITISED) <= of[p].rate_per_s <= high * (1 + DIGITISED)
                   for p, (low, high) in published_rates(points, query).items() if p != fitted]
    return f"{sum(inside)} of {len(inside)}"


def report(results, points):
    print("source rate, K/s: at a parallelism published, by indicated, by first rate")
    for query, fits in results.items():
        rates = published_rates(points, query)
        (cost, plan, ours), (cost_by_rate, plan_by_rate, by_rate) = fits[BY_PLAN], fits[BY_RATE]
        print(f"| {query} | {cost:.3g}, {cost_by_rate:.3g} us | {INDICATED[query]}, {plan}, {plan_by_rate} | " +
              "; ".join(f"{p}: {between(*rates[p], 1e3)}, {ours[p].rate_per_s / 1e3:.0f}, {by_rate[p].rate_per_s / 1e3:.0f}"
                        for p in rates) + " |")
    print(f"predicted rates as published, within {100 * DIGITISED:.0f} %: "
          f"{met(results, points, BY_PLAN)} by indicated, {met(results, points, BY_RATE)} by first rate")
    print("latency by indicated, median / 99th percentile, s, at the least and at the indicated parallelism; published tail")
    for query, fits in results.items():
        of, tail = fits[BY_PLAN][2], published_tail(points, query)
        text = ["-"] if not tail else [between(low, high, 1) for _, low, high in tail]
        least, there = of[min(of)], of[INDICATED[query]]
        print(f"| {query}, latency | {text[0]} | {least.median_s:.2f} / {least.p99_s:.2f} | "
              f"{there.median_s:.2f} / {there.p99_s:.2f} |")


# ------------------------------------------------------------------ picture


def draw(arguments, results, points):
    import _style as style

    columns = min(3, len(results))
    blocks = (len(results) + columns - 1) // columns
    fig, places = style.figure(2 * blocks, columns, width_in=style.PAGE_IN, height_in=0.7 + 2.9 * blocks, squeeze=False)
    looks = {BY_PLAN: style.BLUE, BY_RATE: style.VERMILLION}
    for place in places.flat[2 * len(results):]:
        place.axis("off")
    for k, (query, fits) in enumerate(results.items()):
        rate_place, latency_place = (places[2 * (k // columns) + row][k % columns] for row in (0, 1))
        for p, (low, high) in published_rates(points, query).items():
            rate_place.errorbar([p], [(low + high) / 2e6], yerr=[[(high - low) / 2e6]] * 2, ecolor="black", elinewidth=0.8,
                                label="published" if p == min(fits[BY_PLAN][2]) else None, **style.PUBLISHED)
        for fit, (_, plan, of) in fits.items():
            colour = looks[fit]
            rate_place.plot(list(of), [point.rate_per_s / 1e6 for point in of.values()], color=colour, marker=".", markersize=3,
                            label=f"{fit}, predicted", **style.PREDICTED)
            line = style.CALIBRATED if fit == BY_PLAN else style.PREDICTED
            rate_place.axvline(plan, color=colour, alpha=0.6, label=f"DS2's plan, {fit}, {kind(fit, 'indicated', False)}",
                               **dict(line, linewidth=0.8))
            if fit == BY_RATE:
                first = min(of)
                rate_place.plot([first], [of[first].rate_per_s / 1e6], color=colour, marker="s", markersize=4, linestyle="none",
                                label=f"{fit}, calibrated")
        of = fits[BY_PLAN][2]
        for values, marker, name in (([p.median_s for p in of.values()], "o", "median"),
                                     ([p.p99_s for p in of.values()], "^", "99th percentile")):
            latency_place.plot(list(of), values, color=style.BLUE, marker=marker, markersize=3,
                               label=f"latency, {BY_PLAN}, {name}, predicted", **style.PREDICTED)
        for p, low, high in published_tail(points, query):
            latency_place.errorbar([p], [(low + high) / 2], yerr=[[(high - low) / 2]] * 2, ecolor="black", elinewidth=0.8,
                                   **dict(style.PUBLISHED, marker="v"), label="published, tail")
        latency_place.plot([INDICATED[query]] * 2, [0.02, 0.3], color="0.5", linewidth=2.5, solid_capstyle="butt",
                           label="published, mostly")
        rate_place.set_title(f"{query} ({INDICATED[query]} indicated)")
        rate_place.set_ylim(0, 1.1 * rate_place.get_ylim()[1])
        latency_place.set(yscale="log", ylim=(0.02, 30), xlabel="instances of the main operator")
        for place in (rate_place, latency_place):
            place.set_xlim(0, max(of) + 3)
        if k % columns == 0:
            rate_place.set_ylabel("source rate (M/s)")
            latency_place.set_ylabel("latency (s)")
    handles, labels = [], []
    for place in (places[0][0], places[1][0]):
        for handle, label in zip(*place.get_legend_handles_labels()):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.68 / fig.get_figheight()))
    fig.legend(handles, labels, loc="upper center", ncol=3).set_in_layout(False)
    style.save(fig, arguments.output, "ds2-fig8")


def main():
    arguments = _runs.figure_arguments("ds2-fig8", __doc__, queries=(",".join(QUERIES), "which queries, with commas between"))
    queries = _runs.chosen(arguments.queries, list(QUERIES), "query")
    points, runner = _runs.published("ds2-fig8"), Runner(arguments)
    costs, jobs = {}, []
    for query in queries:
        rates = published_rates(points, query)
        first = min(rates)
        costs[query, BY_PLAN] = planned_cost_us(query)
        costs[query, BY_RATE] = runner.cost_of_rate(query, first, sum(rates[first]) / 2)
        for fit in (BY_PLAN, BY_RATE):
            jobs.append(runner.ds2(query, costs[query, fit]))
            jobs += [runner.static(query, costs[query, fit], p) for p in rates]
    done = iter(runner.weir.run_all(jobs))
    results = {}
    for query in queries:
        for fit in (BY_PLAN, BY_RATE):
            plan = next(done).parallelism(QUERIES[query][0])[1][-1]
            of = {p: Point(query, next(done)) for p in published_rates(points, query)}
            results.setdefault(query, {})[fit] = costs[query, fit], plan, of
    _runs.write_csv(arguments.output / "ds2-fig8.csv",
                    ["source", "kind", "query", "fit", "quantity", "parallelism", "value"], rows_of(results, points))
    draw(arguments, results, points)
    report(results, points)


if __name__ == "__main__":
    _runs.main(main)
