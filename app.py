"""vtviz: ``streamlit run app.py``."""

from vtviz.ui.frame.shell import run_app

run_app()
