"""Interventions: their arguments, the edits, and reports of them."""
