"""The benchmark models, one module per family of architectures, built node by node with seeded random weights."""
