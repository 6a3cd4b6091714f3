"""The tomography dock: the state as bars and as numbers, and the Pauli terms with errors, while photons arrive."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.numbers import quoted
from labctl.gui.panels.density import STATES, DensityBars
from labctl.gui.runs.record import Record
from labctl.gui.widgets.plots import ErrorPoints, guide, keyed, new_plot
from labctl.gui.widgets.readouts import Figures
from labctl.gui.widgets.theme import Theme, monospaced
from labctl.gui.widgets.view import View
from physics.paulis import INDEX, PAULIS

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_CLEAR_SIGMA: Final = 3.0
_NEWEST: Final = "newest"
_DIGITS: Final = 4
"""Of the matrix, where errors are not known."""
_MEANINGS: Final = {
    "after": "Evolution time of the state shown",
    "C": "Concurrence: mean over all physical states that the counts allow, ±1 σ",
    "95 %": "Interval that holds the concurrence with this probability",
    "witness": "A lower bound of half the concurrence, linear in the counts; negative on average without entanglement",
    "purity": "Tr ρ² of the state shown",
    "χ²": "Per degree of freedom: near 1 if some state explains the counts",
    "shots": "Played so far",
    "photons": "Counted so far",
}


class TomographyView(View):
    """One tomography; of a run with many, the newest unless another one is chosen."""

    title: ClassVar[str] = "Tomography"
    order: ClassVar[int] = 50

    def __init__(self, theme: Theme) -> None:
        self._of: list[tuple[str, int]] = []
        super().__init__(theme)

    def build(self) -> None:
        """Choice and figures, bars, numbers, Pauli terms."""
        self.choice = QtWidgets.QComboBox()
        self.choice.addItem(_NEWEST, None)
        self.choice.setToolTip("Which tomography of the run; 'newest' follows it")
        self.choice.activated.connect(lambda _: self.repaint_soon())
        self.figures = Figures(self.theme, _MEANINGS)
        top = QtWidgets.QHBoxLayout()
        top.addWidget(self.choice)
        top.addWidget(self.figures, 1)
        self.real, self.imaginary = DensityBars(self.theme, "real part of ρ"), DensityBars(self.theme, "imaginary part")
        bars = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(bars)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.real)
        row.addWidget(self.imaginary)
        below = QtWidgets.QTabWidget()
        below.addTab(self._paulis(), "Pauli terms")
        below.addTab(self._table(), "Numbers")
        parts = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        parts.addWidget(bars)
        parts.addWidget(below)
        parts.setSizes([300, 220])
        self.content.addLayout(top)
        self.content.addWidget(parts, 1)

    def pick(self, run: Record) -> Record | None:
        """The one that is chosen, or the newest with an estimate."""
        found = [record for record in run.all() if record.sequence == "tomography"]
        self._offer(found)
        chosen = self.choice.currentData()
        if chosen is not None:
            return next(record for record in found if record.run_id == chosen)
        return next((record for record in reversed(found) if record.known), found[-1] if found else None)

    def paint(self, record: Record, _run: Record) -> None:
        """What is known of the state."""
        known = record.known
        self._show_state(known)
        self._show_paulis(known.get("paulis") or {})
        self._show_figures(known, record)

    def clear(self) -> None:
        """No state."""
        self._show_state({})
        self._show_paulis({})
        self.figures.clear()

    def _offer(self, found: list[Record]) -> None:
        """The tomographies of the run, by evolution time; a choice stays as long as the run has it."""
        ordered = sorted(found, key=lambda record: float(record.plan.get("evolution_us", np.inf)))
        names = [(f"{record.plan.get('evolution_us', '?')} µs", record.run_id) for record in ordered]
        if names == self._of:
            return
        self._of, kept = names, self.choice.currentData()
        self.choice.clear()
        self.choice.addItem(_NEWEST, None)
        for name, run_id in names:
            self.choice.addItem(name, run_id)
        self.choice.setCurrentIndex(next((k for k, (_, run_id) in enumerate(names, start=1) if run_id == kept), 0))

    def _show_state(self, known: Mapping[str, Any]) -> None:
        rho = density_matrix(known)
        self.real.show_matrix(rho.real)
        self.imaginary.show_matrix(rho.imag)
        is_known, errors = known.get("rho_re") is not None, element_errors(known.get("paulis") or {})
        digits = _DIGITS if errors is None else max(0, 1 - int(np.floor(np.log10(errors[errors > 0].min()))))
        for row in range(4):
            for column in range(4):
                value, item = rho[row, column], self.numbers.item(row, column)
                text = f"{value.real:+.{digits}f} {value.imag:+.{digits}f}i" if is_known else "—"
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(_tip(row, column, value, None if errors is None else errors[:, row, column]))

    def _show_paulis(self, paulis: Mapping[str, Any]) -> None:
        terms = {name: pair for name, pair in paulis.items() if name != "II"}
        place = np.arange(float(len(terms)))
        value, error = np.array(list(terms.values()), dtype=float).reshape(-1, 2).T
        clear = np.abs(value) > _CLEAR_SIGMA * error
        self.faint.show(place[~clear], value[~clear], error[~clear])
        self.clear_terms.show(place[clear], value[clear], error[clear])
        self.pauli_plot.getPlotItem().getAxis("bottom").setTicks([list(enumerate(terms))])

    def _show_figures(self, known: Mapping[str, Any], record: Record) -> None:
        low, high = known.get("concurrence_ci95") or (None, None)
        rho = density_matrix(known)
        chi2 = known.get("reduced_chi2")
        after = known.get("evolution_us", record.plan.get("evolution_us"))
        texts = {
            "after": f"{after:g} µs" if after is not None else "—",
            "C": quoted(known.get("concurrence"), known.get("concurrence_err")),
            "95 %": f"{low:.3f} … {high:.3f}" if low is not None and high is not None else "—",
            "witness": quoted(known.get("witness"), known.get("witness_err")),
            "purity": f"{float(np.trace(rho @ rho).real):.3f}" if known.get("rho_re") is not None else "—",
            "χ²": f"{chi2:.2f}" if chi2 is not None else "—",
            "shots": f"{known['shots']:.3g}" if known.get("shots") else "—",
            "photons": f"{known['photons']:.3g}" if known.get("photons") else "—",
        }
        for name, text in texts.items():
            self.figures.put(name, text)

    def _paulis(self) -> Any:
        self.pauli_plot = new_plot(self.theme, "", "expectation")
        item = self.pauli_plot.getPlotItem()
        guide(item, self.theme, 0.0, vertical=False)
        self.faint = ErrorPoints(item, self.theme.data)
        self.clear_terms = ErrorPoints(item, self.theme.model, size=10, symbol="d")
        return keyed(
            self.pauli_plot,
            self.theme,
            "Expectation values of the fifteen Pauli products, left NV first, ±1 σ: unconstrained estimates, "
            "calibration errors included",
            ("◆", self.theme.model, "beyond 3 σ"),
            ("●", self.theme.data, "within 3 σ; bars ±1 σ"),
        )

    def _table(self) -> Any:
        self.numbers = QtWidgets.QTableWidget(4, 4)
        self.numbers.setHorizontalHeaderLabels([f"⟨{state}|" for state in STATES])
        self.numbers.setVerticalHeaderLabels([f"|{state}⟩" for state in STATES])
        self.numbers.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.numbers.horizontalHeader().setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.numbers.setFont(monospaced())
        for row in range(4):
            for column in range(4):
                item = QtWidgets.QTableWidgetItem("—")
                item.setTextAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
                self.numbers.setItem(row, column, item)
        return self.numbers


def density_matrix(known: Mapping[str, Any]) -> Complex:
    """(4, 4), zero if it is not known."""
    if known.get("rho_re") is None or known.get("rho_im") is None:
        return np.zeros((4, 4), dtype=complex)
    return np.asarray(np.asarray(known["rho_re"], dtype=float) + 1j * np.asarray(known["rho_im"], dtype=float))


def element_errors(paulis: Mapping[str, Any]) -> Real | None:
    """Of real and imaginary parts of the matrix, (2, 4, 4), from those of all Pauli terms as if independent."""
    known = {name: error for name, (_, error) in paulis.items() if name in INDEX and np.isfinite(error) and error > 0}
    if not known:
        return None
    variance = np.array(list(known.values()))[:, None, None] ** 2
    terms = PAULIS[[INDEX[name] for name in known]] / 4.0
    return np.asarray(np.sqrt([(variance * part**2).sum(axis=0) for part in (terms.real, terms.imag)]))


def _tip(row: int, column: int, value: complex, error: Real | None) -> str:
    real, imaginary = (None, None) if error is None else (float(error[0]), float(error[1]))
    place = f"⟨{STATES[row]}|ρ|{STATES[column]}⟩"
    return f"<p>{place}: real {quoted(value.real, real)}, imaginary {quoted(value.imag, imaginary)}</p>"


DOCK: Final = TomographyView
