"""The lens outside Streamlit: what it shows, how that travels, and the page that needs no server."""
