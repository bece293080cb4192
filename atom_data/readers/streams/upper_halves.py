"""Inflating leaves the processor slow for what comes after it; here is what ends that."""

import numpy as np

_NOTHING = np.zeros(64, np.int64)


def clear_upper_halves() -> None:
    """Clear the upper halves of the vector registers, in 0.2 microseconds.

    ISA-L's inflate (1.9.1 of isal) writes to them and does not clear them at its end, as code with AVX has to: from then on
    every instruction of the older SSE waits for halves that nobody needs. XXH3 took 47 microseconds for a page of 263 kB in
    place of 7, until by chance some code with AVX ran and cleared them. NumPy's does, so it is asked for the least it can do.
    Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, "Mixing AVX Code with SSE Code". On other processors
    it does nothing.
    """
    np.negative(_NOTHING, out=_NOTHING)
