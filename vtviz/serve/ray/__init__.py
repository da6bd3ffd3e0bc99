"""vtviz on a Ray cluster: an engine of several replicas, and long work side by side. Ray is an optional extra."""
