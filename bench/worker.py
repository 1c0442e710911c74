"""A worker process of the benchmarks: production's, with the ERP stand-in among the kinds it knows."""

from __future__ import annotations

from kit import config, log
from sandbox.erp.standin.connector import KIND
from sync import process

settings = config.settings()
log.install(settings.log_level)
engine, broker = process.worker(settings, kinds={"standin": KIND})
