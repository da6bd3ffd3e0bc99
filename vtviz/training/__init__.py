"""Training of the project's own network: data sets, cached features, losses, loop, evaluation."""
