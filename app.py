"""vtviz: ``streamlit run app.py``."""

from vtviz.ui.shell import run_app

run_app()
