"""Colours and type of the window, light and dark; data colours that colour-blind eyes can tell apart."""

from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

import pyqtgraph
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.bench.status import Verdict

ThemeName = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Theme:
    """One look."""

    name: str
    window: str
    base: str
    """Behind plots and tables."""
    raised: str
    """Behind buttons and headings."""
    text: str
    faint: str
    """Secondary text, axes, guides."""
    line: str
    """Borders and grids."""
    data: str
    model: str
    third: str
    fourth: str
    accent: str
    """Selection and focus."""
    ok: str
    warning: str
    fault: str
    off: str
    stop: str
    """The red stop."""


class Worn(Theme):
    """The look that a window has now: whoever holds it paints in the new one after a change."""

    def __init__(self, theme: Theme) -> None:
        self.put_on(theme)

    @property
    def now(self) -> Theme:
        """This look, which stays what it is."""
        return Theme(**{field.name: getattr(self, field.name) for field in fields(Theme)})

    def put_on(self, theme: Theme) -> None:
        """Have another look; see `recolour` for what is painted already."""
        for field in fields(Theme):
            object.__setattr__(self, field.name, getattr(theme, field.name))


# The data colours are those of Okabe and Ito, lighter on dark ground.
LIGHT: Final = Theme(
    name="light",
    window="#f3f4f6",
    base="#ffffff",
    raised="#e6e8ec",
    text="#16191d",
    faint="#5c646f",
    line="#c9ced6",
    data="#0072b2",
    model="#d55e00",
    third="#009e73",
    fourth="#b35a92",
    accent="#0072b2",
    ok="#00795a",
    warning="#9a6700",
    fault="#b3261e",
    off="#6b7280",
    stop="#c8102e",
)
DARK: Final = Theme(
    name="dark",
    window="#1b1e23",
    base="#121418",
    raised="#2a2f37",
    text="#e8eaed",
    faint="#a2aab6",
    line="#3d444f",
    data="#56b4e9",
    model="#f0924a",
    third="#2fc79b",
    fourth="#dd9ac6",
    accent="#56b4e9",
    ok="#2fc79c",
    warning="#e9b949",
    fault="#ff7b72",
    off="#8b95a3",
    stop="#d92340",
)
INTENSITY: Final = "cividis"
"""Colour map of images: even in brightness, the same for colour-blind eyes."""
_DESKTOP: Final = "labctl desktop is dark"
"""Property of the application: what the desktop's own look was, before ours."""

_SIGNS: Final[dict[Verdict, str]] = {"off": "○", "on": "●", "warning": "▲", "fault": "✖", "silent": "?"}


def theme_for(name: ThemeName) -> Theme:
    """The look of this name; 'system' follows the desktop."""
    app: Any = QtWidgets.QApplication.instance()
    if app.property(_DESKTOP) is None:
        ground = app.palette().color(QtGui.QPalette.ColorRole.Window)
        app.setProperty(_DESKTOP, ground.lightness() < 128)
    is_dark = app.property(_DESKTOP) if name == "system" else name == "dark"
    return DARK if is_dark else LIGHT


def remembered(settings: Any, wanted: ThemeName | None) -> ThemeName:
    """The look that is wanted now, else the one that was chosen last, else the desktop's."""
    names: tuple[ThemeName, ...] = get_args(ThemeName)
    kept = settings.value("theme")
    if wanted is not None:
        return wanted
    return next((name for name in names if name == kept), "system")


def apply(theme: Theme) -> None:
    """Give the whole application this look; plots made afterwards follow it."""
    app: Any = QtWidgets.QApplication.instance()
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style(theme))
    pyqtgraph.setConfigOptions(background=theme.base, foreground=theme.faint, antialias=True)


def verdict_colour(theme: Theme, verdict: Verdict) -> str:
    """The colour of a state."""
    colours = {"off": theme.off, "on": theme.ok, "warning": theme.warning}
    return colours.get(verdict, theme.fault)


def verdict_sign(verdict: Verdict) -> str:
    """The same state as a sign, for eyes that do not tell the colours apart."""
    return _SIGNS[verdict]


def _palette(theme: Theme) -> Any:
    role, palette = QtGui.QPalette.ColorRole, QtGui.QPalette()
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.faint,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.base,
        role.Link: theme.accent,
    }
    for which, colour in colours.items():
        palette.setColor(which, QtGui.QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, which, QtGui.QColor(theme.off))
    return palette


def _style(theme: Theme) -> str:
    """What the palette cannot say."""
    return f"""
    QDockWidget {{ font-weight: 600; color: {theme.text}; }}
    QDockWidget::title {{ background: {theme.raised}; padding: 4px 8px; }}
    QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.line}; padding: 3px; }}
    QPushButton#stop {{
        background: {theme.stop}; color: white; font-weight: 700; padding: 6px 18px; border-radius: 4px;
        border: 2px solid {theme.stop};
    }}
    QPushButton#stop:hover, QPushButton#stop:pressed {{ border-color: {theme.text}; }}
    QFrame#notices {{ background: {theme.raised}; border: 1px solid {theme.faint}; border-radius: 3px; }}
    QFrame#notices QScrollArea, QFrame#notices QLabel {{ background: transparent; }}
    QFrame#notices QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QComboBox {{ combobox-popup: 0; }}  /* a list beneath its field: the other kind would lie over STOP */
    QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {theme.faint}; background: {theme.base}; }}
    QCheckBox::indicator:checked {{ border: 1px solid {theme.text}; background: {theme.accent}; }}
    QLabel[role="faint"] {{ color: {theme.faint}; }}
    QLabel[role="fault"] {{ color: {theme.fault}; font-weight: 600; }}
    QLabel[role="figure"] {{ font-size: 13pt; font-weight: 600; }}
    """


def monospaced() -> Any:
    """A font whose figures stand beneath each other."""
    font = QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QtGui.QFont.StyleHint.Monospace)
    return font


def following_scale() -> None:
    """Before the application exists: Qt 5 scales as Qt 6 does, by 125 % too."""
    attribute = QtCore.Qt.ApplicationAttribute
    for name in ("AA_EnableHighDpiScaling", "AA_UseHighDpiPixmaps"):
        if hasattr(attribute, name):
            QtWidgets.QApplication.setAttribute(getattr(attribute, name))
    QtGui.QGuiApplication.setHighDpiScaleFactorRoundingPolicy(QtCore.Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
