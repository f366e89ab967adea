"""Running programs: threads, single calls, and many steps in one call."""
