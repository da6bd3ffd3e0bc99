"""What an audit will cost in passes and in time, before it starts."""
