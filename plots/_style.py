"""How figures look: a column of a two-column paper wide, readable in grey and for the colour-blind.

Colours are those of Okabe and Ito, and are never the only difference: published values are black markers,
calibrated curves solid, predicted ones dashed.
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
COLUMN_IN, PAGE_IN = 3.4, 7.0

PUBLISHED = dict(color=BLACK, linestyle="none", marker="o", markersize=3.2, markerfacecolor="white",
                 markeredgewidth=0.8, zorder=4)
CALIBRATED = dict(linestyle="-", linewidth=1.3)
PREDICTED = dict(linestyle=(0, (4, 1.5)), linewidth=1.3)

plt.rcParams.update({
    "font.size": 8, "axes.labelsize": 8, "axes.titlesize": 8, "xtick.labelsize": 7, "ytick.labelsize": 7,
    "legend.fontsize": 6.5, "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "lines.linewidth": 1.2,
    "pdf.fonttype": 42, "savefig.dpi": 300, "figure.constrained_layout.use": True, "hatch.linewidth": 0.5})


def figure(rows=1, columns=1, width_in=COLUMN_IN, height_in=2.0, **options):
    return plt.subplots(rows, columns, figsize=(width_in, height_in), **options)


def save(fig, directory, name):
    """As PDF for the paper and PNG for the eye. Without the time of making, so that the same data gives the same file."""
    fig.savefig(directory / f"{name}.pdf", metadata={"CreationDate": None})
    fig.savefig(directory / f"{name}.png")
    plt.close(fig)
    print(f"{directory / name}.pdf, .png")


def shared_legend(fig, axes, columns, height_in, below=True):
    """One legend for all axes, in a strip of that height below or above them."""
    share = height_in / fig.get_figheight()
    fig.get_layout_engine().set(rect=(0, share if below else 0, 1, 1 - share))
    place = dict(loc="lower center", bbox_to_anchor=(0.5, 0)) if below else dict(loc="upper center", bbox_to_anchor=(0.5, 1))
    legend = fig.legend(*axes.get_legend_handles_labels(), ncol=columns, **place)
    legend.set_in_layout(False)
