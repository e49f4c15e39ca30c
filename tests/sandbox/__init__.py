"""A stand-in for a Dify server, for tests, demos and benchmarks of programs that talk to one.

`python3 -m sandbox` (with tests/ as the current directory or on PYTHONPATH) starts it; `sandbox.testing` starts and steers it from Python.
Only the standard library is imported here, so that `sandbox.testing` can be used without aiohttp.
"""
