"""The people who use one server: who may sign in, and what is kept of them."""
