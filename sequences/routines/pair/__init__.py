"""The frozen pair: pulses on it, its calibration, and the programs that read it.

- `frozen_pulse`: a pi pulse on the frozen line, before anything is calibrated.
- `frozen`: the frozen pair: its line, and global pulses with their read-out under the Gaussian beam.
- `shots`: shots on the calibrated bench: pump, manipulate, count; many programs in rounds with progress.
- `pair_shots`: shots that end in a read-out of the pair: played one after the other, and what they say of either NV.
- `beams`: both beams as read-outs: how fast each pumps, and the counting windows that tell most.
- `gradient`: which current puts which NV on resonance, and whether the doughnut tells them apart.
- `pair_guess`: what is known of the pair before its joint calibration.
- `calibration_programs`: the programs that together fix every number of the pair.
- `tomography_programs`: what can be asked of a frozen state, and the time for each question.
- `calibration_design`: how long to play each program of the calibration.
- `joint_measurement`: all programs of the calibration in rounds, at once or until the tomography needs no more.
- `judgement`: whether counts are explained by their model; if not, the refusal that says why.
"""
