"""The server that workers are forked from. It can be started before anything that takes long to import."""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext


def warm_up() -> ForkServerContext:
    """Start the server, if it is not there yet; it imports and compiles while the caller goes on."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_data.run.warm"])
    forkserver.ensure_running()
    return context
