#!/usr/bin/env python3
"""DS2 (OSDI 2018), Table 4: laws of an instance's capacity, fitted to two rows, and how many of the other rows each predicts."""

import _runs
import _table4 as table4

STEPS = [0.05 * i for i in range(61)]
SIGMAS = [0.0025 * i for i in range(81)]
COARSE = [0.15 * i for i in range(21)]
LAWS = {"constant": (table4.constant, []), "Gunther": (table4.gunther, [SIGMAS]), "busy": (table4.busy, [SIGMAS]),
        "under": (table4.under, [STEPS]), "over": (table4.over, [STEPS]), "two-sided": (table4.two_sided, [COARSE, COARSE])}


class Score:
    def __init__(self, law, parameters, table, rows):
        self.paths = self.finals = self.cells = 0
        off = 0
        for query, (alone, of_query) in parameters.items():
            target_per_s = table4.TARGETS_PER_S[query]
            for initial in rows:
                ours = table4.path(target_per_s, initial, lambda p: law(target_per_s, p, alone, *of_query))
                steps = table[query, initial]
                self.cells += 1
                self.paths += ours == steps
                self.finals += table4.final(initial, ours) == table4.final(initial, steps)
                off += abs(len(ours) - len(steps))
        self.off = off / self.cells


def draw(arguments, scores):
    import _style as style

    fig, axes = style.figure(height_in=2.2)
    at = range(len(scores))
    fitted = [fitted.paths / fitted.cells for _, fitted, _ in scores.values()]
    paths = [predicted.paths / predicted.cells for _, _, predicted in scores.values()]
    finals = [predicted.finals / predicted.cells for _, _, predicted in scores.values()]
    for shift, values, colour, hatch, name in ((-0.27, fitted, style.BLUE, None, "paths, fitted rows"),
                                               (0, paths, style.SKY, "////", "paths, predicted rows"),
                                               (0.27, finals, "0.8", "....", "final values, predicted rows")):
        axes.bar([x + shift for x in at], values, width=0.25, color=colour, hatch=hatch, edgecolor="white", label=name)
    axes.set(xticks=list(at), xticklabels=list(scores), ylabel="share as published", ylim=(0, 1.02))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2, borderaxespad=0.2, columnspacing=1)
    style.save(fig, arguments.output, "ds2-table4-laws")


def main():
    arguments = _runs.figure_arguments("ds2-table4-laws", __doc__, laws=(",".join(LAWS), "which, with commas between"))
    table = table4.published()
    predicted_rows = [row for row in table4.INITIAL if row not in table4.FITTED_ROWS]
    scores, rows = {}, []
    for name in _runs.chosen(arguments.laws, list(LAWS), "law"):
        law, grids = LAWS[name]
        parameters = {query: table4.fit(law, grids, query, table) for query in table4.TARGETS_PER_S}
        fitted, predicted = (Score(law, parameters, table, r) for r in (table4.FITTED_ROWS, predicted_rows))
        scores[name] = parameters, fitted, predicted
        print(f"| {name} | {1 + len(grids)} | {fitted.paths} of {fitted.cells} | {predicted.paths} of {predicted.cells} | "
              f"{predicted.finals} of {predicted.cells} | {predicted.off:.2f} |", flush=True)
        rows += [[name, kind, s.paths, s.finals, s.cells, f"{s.off:.4f}"]
                 for kind, s in (("calibrated", fitted), ("predicted", predicted))]
    _runs.write_csv(arguments.output / "ds2-table4-laws.csv",
                    ["law", "kind", "paths", "finals", "cells", "steps_off"], rows)
    draw(arguments, scores)


if __name__ == "__main__":
    _runs.main(main)
