"""Maps of single words: each as a text of its own, and a generated one without what earlier words explain."""
