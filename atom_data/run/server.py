"""The server that workers are forked from. It can be started before anything that takes long to import."""

import multiprocessing
import os
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

RECIPE = "ATOM_DATA_RECIPE"
"""How the server learns of the recipe: an environment variable, as its modules are imported without arguments."""

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MIMALLOC_PURGE_DELAY": "10000"}
"""What workers have where the user says nothing else: a worker is a core, so Arrow and BLAS have one thread in it, as Ray
has it too; and Arrow keeps freed memory for ten seconds in place of one, as giving it back stops all threads of a worker."""


def warm_up(recipe: str = "") -> ForkServerContext:
    """Start the server, if it is not there yet; it loads what the recipe needs, or all, while the caller goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.run.warm"])
    os.environ[RECIPE] = recipe
    forkserver.ensure_running()
    del os.environ[RECIPE]
    return context
