"""Where the NVs are: images under the doughnut, and the doughnut's null.

- `doughnut_images`: images under the doughnut, and what they should show.
- `ring_detection`: the ring of an emitter in a coarse image: where a fit begins.
- `emitters`: both NVs, and a third emitter, fitted to images under the doughnut.
- `emitter_count`: whether the images show one, two or three emitters.
- `null_position`: where the doughnut's null stands on a pair whose geometry is known.
- `steering_drift`: how far the doughnut's null stands from where it was sent.
"""
