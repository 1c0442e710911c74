"""An ERP stand-in that keeps books in memory: for the simulator and the benchmarks, where a real ERP is too slow."""
