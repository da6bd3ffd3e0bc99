"""What an auditor signs: who answers for what, which rules were met, what changed, and everything in one file."""
