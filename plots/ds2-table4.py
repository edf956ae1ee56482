#!/usr/bin/env python3
"""DS2 (OSDI 2018), Table 4: Nexmark on Flink from six initial parallelisms, by a constant and by a contended capacity."""

import _runs
from _table4 import FITTED_ROWS, INITIAL, TARGETS_PER_S, final, fit, gunther, published

SCENARIO = "papers/ds2/table4-flink"
SIGMAS = [0.0025 * i for i in range(81)]


# ------------------------------------------------------------------ capacities


def constant(query, table):
    """Capacity of an instance (records/s) that asks for the final value: calibrated to it, cell by cell of one row."""
    return TARGETS_PER_S[query] / (final(8, table[query, 8]) - 0.5), 0.0


def contended(query, table):
    """Capacity alone and contention, fitted to two rows."""
    alone, (sigma,) = fit(gunther, [SIGMAS], query, table)
    return alone, sigma


# ------------------------------------------------------------------ runs


def jobs(arguments, models):
    for model, parameters in models.items():
        for (query, initial), (capacity, sigma) in parameters.items():
            main = "jobs[0].workload.operators[0]"
            yield SCENARIO, arguments.output / "runs" / model / f"{query}-{initial}", [
                "--set", f"jobs[0].workload.sources[0].arrivals.rate_per_s={TARGETS_PER_S[query]:.10g}",
                "--set", f"{main}.cost.per_record_us={1e6 / capacity:.10g}",
                "--set", f"{main}.contention.sigma={sigma:g}",
                "--set", f"{main}.parallelism={initial}"]


def report(name, ours, table):
    def of(rows):
        cells = [(q, i) for q, i in ours if i in rows]
        same = sum(ours[c] == table[c] for c in cells)
        finals = sum(final(c[1], ours[c]) == final(c[1], table[c]) for c in cells)
        error = sum(abs(len(ours[c]) - len(table[c])) for c in cells) / len(cells)
        return f"{same} of {len(cells)} paths, {finals} final values, steps off by {error:.2f} on average"

    print(f"{name}: {of(INITIAL)}")
    if name == "contended":
        predicted = [i for i in INITIAL if i not in FITTED_ROWS]
        print(f"  fitted rows {' and '.join(map(str, FITTED_ROWS))}: {of(FITTED_ROWS)}")
        print(f"  predicted rows {', '.join(map(str, predicted))}: {of(predicted)}")
    most = max(len(steps) for steps in ours.values())
    overshoots = sum(i < final(i, s) < max(s, default=0) for (_, i), s in ours.items())
    undershoots = sum(i > final(i, s) > min(s, default=99) for (_, i), s in ours.items())
    print(f"  at most {most} steps; {overshoots} overshoots on the way up, {undershoots} undershoots on the way down")


def show(steps):
    return ", ".join(map(str, steps)) if steps else "-"


def print_table(tables, queries):
    names = list(tables)
    print(f"{'':>10}" + "".join(f"{query:>16}" for query in queries))
    for initial in INITIAL:
        for name in names:
            start = f"{initial:>3} " if name == names[0] else "    "
            print(start + f"{name[:9]:<10}" + "".join(f"{show(tables[name][q, initial]):>16}" for q in queries))


# ------------------------------------------------------------------ picture


def draw(arguments, tables, queries):
    import _style as style

    rows = 2 if len(queries) > 3 else 1
    fig, axes = style.figure(rows, (len(queries) + rows - 1) // rows, width_in=style.PAGE_IN, height_in=0.4 + 1.9 * rows,
                             sharex=True, sharey=True, squeeze=False)
    looks = {"published": dict(color="black", marker="o", markersize=3, linewidth=0.6),
             "constant, calibrated": dict(color=style.BLUE, **style.CALIBRATED),
             "contended, rows 8 and 28, calibrated": dict(color=style.VERMILLION, **style.CALIBRATED),
             "contended, predicted": dict(color=style.VERMILLION, **style.PREDICTED)}

    def rows_of(label):
        if not label.startswith("contended"):
            return INITIAL
        return FITTED_ROWS if label.endswith("calibrated") else [i for i in INITIAL if i not in FITTED_ROWS]

    decisions = 1 + max(len(steps) for table in tables.values() for steps in table.values())
    for place, query in zip(axes.flat, queries):
        for label, look in looks.items():
            for k, initial in enumerate(rows_of(label)):
                steps = [initial] + tables[label.split(",")[0]][query, initial]
                steps += [steps[-1]] * (decisions + 1 - len(steps))
                place.plot(range(decisions + 1), steps, label=label if k == 0 else None, **look)
        place.set_title(query)
        place.set_xticks(range(0, decisions + 1, 2))
    for place in axes[-1]:
        place.set_xlabel("decisions")
    for place in axes[:, 0]:
        place.set_ylabel("parallelism")
    style.shared_legend(fig, axes[0][0], 4, 0.22, below=False)
    style.save(fig, arguments.output, "ds2-table4")


def main():
    arguments = _runs.figure_arguments("ds2-table4", __doc__,
                                       queries=(",".join(TARGETS_PER_S), "which queries, with commas between"))
    queries = _runs.chosen(arguments.queries, list(TARGETS_PER_S), "query")
    weir = _runs.Weir(arguments.weir)
    table = published()
    fits = {"constant": constant, "contended": contended}
    parameters = {name: {query: fit(query, table) for query in queries} for name, fit in fits.items()}
    models = {name: {(q, i): of[q] for q in queries for i in INITIAL} for name, of in parameters.items()}
    runs = weir.run_all(jobs(arguments, models))
    tables = {"published": table}
    cells = [(q, i) for q in queries for i in INITIAL]
    for k, name in enumerate(fits):
        of_model = runs[k * len(cells):(k + 1) * len(cells)]
        tables[name] = {cell: [to for _, operator, _, to in run.steps() if operator == "main"]
                        for cell, run in zip(cells, of_model)}
    print_table(tables, queries)
    print("constant capacity is a calibration identity: fitted to the final values, which so come out")
    for name in fits:
        report(name, tables[name], table)
        fitted = ", ".join(f"{q} {c / 1e3:.4g} k/s" + (f" sigma {s:g}" if s else "")
                           for q, (c, s) in parameters[name].items())
        print(f"  capacity of an instance: {fitted}")
    kinds = {"published": lambda i: "published", "constant": lambda i: "calibrated",
             "contended": lambda i: "calibrated" if i in FITTED_ROWS else "predicted"}
    _runs.write_csv(arguments.output / "ds2-table4.csv", ["query", "initial", "model", "kind", "steps"],
                    [[q, i, name, kinds[name](i), " ".join(map(str, tables[name][q, i]))] for q, i in cells
                     for name in tables])
    draw(arguments, tables, queries)


if __name__ == "__main__":
    _runs.main(main)
