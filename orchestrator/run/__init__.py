"""What happens next, and what has happened? Transitions and scheduler (pure), journal, run folder, engine, resume."""
