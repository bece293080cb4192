"""How far a run has come and what it has made, as tables and as JSON; what of it may go."""
