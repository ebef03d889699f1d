"""Interventions: what is asked for, the edit, and what came of it."""
