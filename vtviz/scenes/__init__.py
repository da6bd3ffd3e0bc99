"""The built-in data set: photos of drawn things over textures of the sample photos, with captions, foils and boxes."""
