"""No screen is needed: Qt draws into memory, unless the environment names another platform or binding."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")
