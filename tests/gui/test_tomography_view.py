"""The tomography view: bars, numbers and Pauli terms against the state that it was given."""

import numpy as np
import pytest
from pyqtgraph.Qt import QtCore

from labctl.gui.panels.density import DensityBars
from labctl.gui.runs.record import Record, Table
from labctl.gui.views.tomography import TomographyView, element_errors
from labctl.gui.widgets.theme import DARK, LIGHT
from physics.paulis import NAMES, density_matrix

ERROR = 0.004


def state(seed=3):
    """A known tomography of a random state."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((4, 4)) + 1j * rng.standard_normal((4, 4))
    rho = root @ root.conj().T
    rho /= np.trace(rho).real
    terms = {name: (0.1 if k % 2 else 0.001, ERROR) for k, name in enumerate(NAMES[1:])}
    return rho, {
        "rho_re": rho.real.tolist(),
        "rho_im": rho.imag.tolist(),
        "paulis": terms,
        "concurrence": 0.0648,
        "concurrence_err": 0.0102,
        "concurrence_ci95": (0.0465, 0.0872),
        "witness": 0.0231,
        "witness_err": 0.0028,
        "reduced_chi2": 1.18,
        "shots": 6.96e8,
        "photons": 3.68e8,
        "evolution_us": 5.4,
    }


def part(run_id, evolution_us, known, status="completed"):
    plan = {"evolution_us": evolution_us}
    return Record(run_id, "tomography", plan, Table([]), depth=1, estimate=known, status=status, version=1)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    made = TomographyView(request.param)
    qtbot.addWidget(made)
    made.resize(700, 550)
    made.show()
    return made


def engine(*parts):
    return Record(1, "engine", {}, Table([]), parts=list(parts), version=1)


def test_bars_and_numbers_are_the_density_matrix(view):
    rho, known = state()
    assert view.show_run(part(1, 5.4, known))
    np.testing.assert_array_equal(view.real.values, rho.real)
    np.testing.assert_array_equal(view.imaginary.values, rho.imag)
    for row in range(4):
        for column in range(4):
            text = view.numbers.item(row, column).text().replace(" ", "").replace("i", "j")
            assert complex(text) == pytest.approx(rho[row, column], abs=1e-4)


def test_bars_are_as_tall_as_their_elements_and_hang_if_negative(view):
    rho, known = state()
    view.show_run(part(1, 5.4, known))
    heights = np.array([[view.imaginary.height_of(row, column) for column in range(4)] for row in range(4)])
    largest = np.abs(rho.imag).max()
    np.testing.assert_allclose(heights / np.abs(heights).max(), rho.imag / largest, atol=5e-3)
    assert heights.min() < 0 < heights.max()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bar_is_painted_in_the_colour_of_its_sign(qtbot, sign):
    bars = DensityBars(LIGHT, "ρ")
    qtbot.addWidget(bars)
    bars.resize(340, 280)
    values = np.zeros((4, 4))
    bars.show_matrix(values)
    before = drawn(bars)
    values[1, 2] = sign * 0.5
    bars.show_matrix(values)
    after = drawn(bars)
    up, down = (after.get(colour, 0) - before.get(colour, 0) for colour in (LIGHT.model, LIGHT.data))
    assert (up > 100, down > 100) == (sign > 0, sign < 0)


def drawn(bars):
    """Pixels of every colour."""
    image = bars.grab().toImage()
    names = [image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())]
    return {name: names.count(name) for name in (LIGHT.model, LIGHT.data)}


def test_pauli_terms_beyond_three_sigma_are_marked(view):
    _, known = state()
    view.show_run(part(1, 5.4, known))
    values = np.array([value for value, _ in known["paulis"].values()])
    clear = values > 3 * ERROR
    np.testing.assert_array_equal(view.clear_terms.shown, [np.flatnonzero(clear), values[clear]])
    np.testing.assert_array_equal(view.faint.shown, [np.flatnonzero(~clear), values[~clear]])
    np.testing.assert_array_equal(view.faint._bars.opts["top"], np.full((~clear).sum(), ERROR))
    ticks = view.pauli_plot.getPlotItem().getAxis("bottom")._tickLevels[0]
    assert [name for _, name in ticks] == list(NAMES[1:])
    symbols = {part._points.opts["symbol"] for part in (view.clear_terms, view.faint)}
    assert len(symbols) == 2


def test_figures_say_what_is_known(view):
    rho, known = state()
    view.show_run(part(1, 5.4, known))
    expected = {
        "after": "5.4 µs",
        "C": "0.065 ± 0.010",
        "95 %": "0.046 … 0.087",
        "witness": "0.0231 ± 0.0028",
        "purity": f"{np.trace(rho @ rho).real:.3f}",
        "χ²": "1.18",
        "shots": "6.96e+08",
        "photons": "3.68e+08",
    }
    assert {name: view.figures.read(name) for name in expected} == expected


def test_digits_follow_the_errors_of_the_elements(view):
    _, known = state()
    known["paulis"] = dict.fromkeys(NAMES[1:], (0.1, 0.2))
    view.show_run(part(1, 5.4, known))
    real, _ = view.numbers.item(0, 0).text().split(" ")
    assert len(real.split(".")[1]) == 3  # 0.07 is the smallest error
    assert "±" in view.numbers.item(0, 1).toolTip()


def test_errors_of_elements_are_those_of_scattered_pauli_vectors():
    rng, errors = np.random.default_rng(5), {name: 0.01 * (k + 1) for k, name in enumerate(NAMES[1:])}
    vectors = np.zeros((20_000, 16))
    vectors[:, 1:] = rng.standard_normal((20_000, 15)) * list(errors.values())
    scattered = density_matrix(vectors)
    found = element_errors({name: (0.0, error) for name, error in errors.items()})
    np.testing.assert_allclose(found, [scattered.real.std(axis=0), scattered.imag.std(axis=0)], rtol=0.03, atol=1e-12)
    assert element_errors({}) is None


def test_the_newest_is_followed_until_another_one_is_chosen(view):
    states = [state(seed) for seed in (1, 2, 3)]
    run = engine(part(11, 9.0, states[0][1]), part(12, 1.5, states[1][1]))
    view.show_run(run)
    np.testing.assert_array_equal(view.real.values, states[1][0].real)
    assert [view.choice.itemText(k) for k in range(3)] == ["newest", "1.5 µs", "9.0 µs"]
    view.choice.setCurrentIndex(2)
    view.choice.activated.emit(2)
    assert view.show_run(run)
    np.testing.assert_array_equal(view.real.values, states[0][0].real)
    run.parts.append(part(13, 3.0, states[2][1]))
    run.version += 1
    view.show_run(run)
    assert view.choice.currentText() == "9.0 µs"
    np.testing.assert_array_equal(view.real.values, states[0][0].real)
    other = engine(part(21, 9.0, states[2][1]))
    view.show_run(other)
    assert view.choice.currentText() == "newest"
    np.testing.assert_array_equal(view.real.values, states[2][0].real)


def test_one_that_has_no_estimate_yet_leaves_the_one_before(view):
    rho, known = state()
    view.show_run(engine(part(11, 9.0, known), part(12, 5.4, {}, "running")))
    np.testing.assert_array_equal(view.real.values, rho.real)
    assert view.figures.read("after") == "5.4 µs"  # of the state shown: its estimate says so


@pytest.mark.parametrize("key", sorted(state()[1]))
def test_a_record_may_lack_anything(view, key):
    known = state()[1]
    view.show_run(part(1, 5.4, {name: value for name, value in known.items() if name != key}))
    view.grab()
    assert not view._trouble.isVisible()


def test_an_empty_record_is_empty_and_is_painted_once(view):
    run = part(1, 5.4, {}, "running")
    assert view.show_run(run)
    assert not view.show_run(run)
    assert view.numbers.item(2, 3).text() == "—"
    assert view.figures.read("purity") == "—"
    rho, known = state()
    run.estimate, run.version = known, 2
    assert view.show_run(run)
    np.testing.assert_array_equal(view.real.values, rho.real)
    assert view.show_run(None)
    assert not view.real.values.any()
    assert not len(view.clear_terms.shown[0])


def test_bars_can_be_drawn_in_any_size(view):
    view.show_run(part(1, 5.4, state()[1]))
    for size in (QtCore.QSize(230, 200), QtCore.QSize(1400, 900)):
        view.real.resize(size)
        assert not view.real.grab().isNull()
        corners = [view.real._at(r, c, h) for r in (0, 4) for c in (0, 4) for h in (0.0,)]
        assert all(0 <= at.x() <= size.width() and 0 <= at.y() <= size.height() for at in corners)
