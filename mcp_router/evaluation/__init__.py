"""Measures the router: benchmarks, baselines and what is fitted for the package."""
