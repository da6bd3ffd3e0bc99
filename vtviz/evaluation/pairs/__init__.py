"""Pairs: photos with texts that describe them or not, from a data set, a manifest, or the packaged samples."""
