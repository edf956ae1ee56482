"""DS2's Table 4: what was published, and laws of an instance's capacity fitted to two of its rows.

A law says how many records/s one of p instances bears: law(target_per_s, p, capacity_per_s, *parameters). DS2 measures that and
asks for target / capacity instances, step by step, until it asks for what it has.
"""

import itertools
import math

import _runs

# Table 3, Flink: records/s that reach the main operator. Of Q3 and Q8 both sources; of Q3's persons all, since the share that
# the filter lets through is not published.
TARGETS_PER_S = {"Q1": 4e6, "Q2": 4e6, "Q3": 600e3, "Q5": 500e3, "Q8": 540e3, "Q11": 1e6}
INITIAL = (8, 12, 16, 20, 24, 28)
FITTED_ROWS = (8, 28)  # the other four are predicted
MAX_PARALLELISM = 36


def published():
    table = {}
    for row in _runs.published("ds2-table4"):
        steps = [int(step) for step in row["steps"].split()]
        # A cell that repeats its row's parallelism says that nothing changed.
        table[row["query"], int(row["initial"])] = [s for s in steps if s != int(row["initial"])]
    return table


def final(initial, steps):
    return steps[-1] if steps else initial


def path(target_per_s, initial, capacity):
    """What DS2's formula makes of capacity(p), as long as it changes something."""
    steps, p = [], initial
    while len(steps) < 10:
        wanted = max(1, min(MAX_PARALLELISM, math.ceil(target_per_s / capacity(p) - 1e-9)))
        if wanted == p:
            break
        steps.append(wanted)
        p = wanted
    return steps


def misfit(target_per_s, initial, steps, capacity):
    """How far, in logarithms, capacities lie outside of those that give the published steps."""
    distance, p = 0.0, initial
    for wanted in steps + [final(initial, steps)]:
        low, high = target_per_s / wanted, target_per_s / (wanted - 1)
        distance += max(0.0, math.log(low / capacity(p)), math.log(capacity(p) / high))
        p = wanted
    return distance


def fit(law, grids, query, table):
    """Capacity and parameters for the fitted rows: most cells first, then the least misfit, then the least parameters."""
    target_per_s = TARGETS_PER_S[query]
    rows = {r: table[query, r] for r in FITTED_ROWS}
    best = None
    for parameters in itertools.product(*grids):
        for i in range(400):
            alone = target_per_s / 40 * 1.01**i
            if alone > target_per_s / 2:
                break
            capacities = {}

            def capacity(p):
                if p not in capacities:
                    capacities[p] = law(target_per_s, p, alone, *parameters)
                return capacities[p]

            met = sum(path(target_per_s, r, capacity) == steps for r, steps in rows.items())
            off = sum(misfit(target_per_s, r, steps, capacity) for r, steps in rows.items())
            key = (-met, round(off, 9), parameters, i)
            if best is None or key < best[0]:
                best = key, alone, parameters
    return best[1], best[2]


# ------------------------------------------------------------------ laws


def constant(target_per_s, p, alone):
    return alone


def gunther(target_per_s, p, alone, sigma):
    """Contention among all p instances."""
    return alone / (1 + sigma * (p - 1))


def busy(target_per_s, p, alone, sigma):
    """Contention among those instances that are busy: no more than the load takes, however many there are."""
    crowded = alone / (1 + sigma * (p - 1))
    if p * crowded <= target_per_s:
        return crowded
    # b (busy) instances bear the load: b = target (1 + sigma (b - 1)) / alone.
    b = target_per_s * (1 - sigma) / (alone - target_per_s * sigma)
    return alone / (1 + sigma * max(0.0, b - 1))


def under(target_per_s, p, alone, u):
    """Overloaded instances look better, by the share of the load that they do not bear."""
    return alone * (1 + u * max(0.0, 1 - p * alone / target_per_s))


def over(target_per_s, p, alone, o):
    """Instances with little to do look better, by the share of them that is not needed."""
    return alone * (1 + o * max(0.0, 1 - target_per_s / alone / p))


def two_sided(target_per_s, p, alone, u, o):
    """Both: at most one of the two terms is not 0."""
    return under(target_per_s, p, alone, u) + over(target_per_s, p, alone, o) - alone
