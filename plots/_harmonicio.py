"""What the figures of HarmonicIO have in common: CPU by worker, containers and backlog over time."""

FULL = 0.9  # of a worker's CPU: "90 to 100 %"


def workers(run):
    """By worker: the ends of the metric windows and the share of its CPU that was used."""
    hosts, windows = run.table("hosts"), run.table("host_windows")
    names = {int(i): n.decode() for i, n in zip(hosts["host_id"], hosts["name"])}
    return {name: (windows["end_s"][windows["host_id"] == host], windows["cpu_used_share"][windows["host_id"] == host])
            for host, name in sorted(names.items()) if name.startswith("worker")}


def over_time(run, operator):
    """Ends of the metric windows, containers that run, messages that wait."""
    windows = run.table("operator_windows")
    own = windows["operator_id"] == run.operator_id(operator)
    return windows["end_s"][own], windows["parallelism"][own], windows["queue_records"][own]


def first(times, values, least):
    """When a value is first so large; None: never."""
    return next((float(t) for t, v in zip(times, values) if v >= least), None)


def last_work(run):
    """The end of the last window in which a worker was busy."""
    return max(float(t) for times, cpu in workers(run).values() for t, v in zip(times, cpu) if v > 0.01)


def fill_order(run):
    """Of each worker: first work, first window at FULL, most."""
    return {name: (first(times, cpu, 0.01), first(times, cpu, FULL), float(max(cpu))) for name, (times, cpu) in workers(run).items()}


def draw_workers(ax, run, title, style, until_s, height=0.9):
    """One strip for each worker, the one of the lowest index in front."""
    strips = workers(run)
    for place, (name, (times, cpu)) in reversed(list(enumerate(strips.items()))):
        shown = times <= until_s
        ax.fill_between(times[shown], place, place + height * cpu[shown], step="pre", color=style.SKY, linewidth=0, zorder=-place)
        ax.step(times[shown], place + height * cpu[shown], color=style.BLACK, linewidth=0.5, zorder=-place)
        ax.axhline(place + height * FULL, color="0.7", linewidth=0.4, linestyle=":", zorder=-20)
    ax.set(yticks=range(len(strips)), yticklabels=list(strips), xlabel="time (s)", title=title, ylim=(0, len(strips)))
