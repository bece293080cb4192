"""`report`: what a run is like, to look at and to hand on."""
