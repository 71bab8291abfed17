"""A seeded seller account over real HTTP, for the demo and the tests: start it with :mod:`.server`.

It imports nothing of the rest of the package, so that the client and the simulator cannot share a mistake.
"""
