"""Are people helped? They guess whether the model is right, with and without its heatmap.

After Kim et al., "HIVE: Evaluating the Human Interpretability of Visual Explanations", ECCV 2022.
"""
