"""The actions of ``bioimagehub challenge``, one module each: ``run`` takes the parsed arguments and gives the status.

The arguments are declared in `bioimagehub.hub.challenge_commands`, which starts fast.
"""
