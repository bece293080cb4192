"""The server that workers are forked from. It can be started before anything that takes long to import."""

import multiprocessing
import os
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

RECIPE = "ATOM_DATA_RECIPE"
"""How the server learns of the recipe: an environment variable, as its modules are imported without arguments."""


def warm_up(recipe: str = "") -> ForkServerContext:
    """Start the server, if it is not there yet; it loads what the recipe needs, or all, while the caller goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.run.warm"])
    os.environ[RECIPE] = recipe
    forkserver.ensure_running()
    del os.environ[RECIPE]
    return context
