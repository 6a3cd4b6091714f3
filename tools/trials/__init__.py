"""What tests and benchmarks share: benches whose truth is known, and the judging of what runs found on them."""
