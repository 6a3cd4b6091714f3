"""What views and window are made of: looks, plots, dialogs, work beside the screen.

- `theme`: colours and type of the window, light and dark; data colours that colour-blind eyes can tell apart.
- `recolour`: another look for what stands on the screen already.
- `axes`: axes of plots whose numbers can always be read: at least two of them, as many as fit, none upon another.
- `plots`: axes with units, points with error bars, bands, curves.
- `readouts`: figures above a picture: a name, a value with its error, a sign.
- `scrolled`: a dock's content that may be larger than its dock: then it is scrolled, and the window fits any screen.
- `dialogs`: dialogs that block no window, fit the screen, and never cover STOP.
- `workers`: what takes longer than a frame may last, done in a thread of its own: reading, drawing, writing files.
- `view`: what all views have in common: which part of a run they show, and that their faults stay their own.
"""
