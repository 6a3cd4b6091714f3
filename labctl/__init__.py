"""The application: runs the experiments of `sequences` on the bench of station.yaml, and keeps what they find."""
