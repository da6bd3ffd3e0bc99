"""Who this person is, and how people sign in where the app is open to a network."""
