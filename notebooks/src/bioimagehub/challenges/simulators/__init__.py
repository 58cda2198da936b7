"""Generated images of which the truth is known, a module each, after published simulators.

Each module has ``simulate(seed, **parameters)``, which returns a `bioimagehub.challenges.phantoms.Simulated`. The same
seed and parameters give the same bytes with the same version of NumPy. All parameters are on record in the result, and
are plain values, so that a challenge file can give them.

To add one, add a module with ``simulate`` and ``SOURCE``, the paper it follows.
"""
