"""Everything that an audit rests on in one zip file, each part chained to the one before it."""
