"""The three legs of a day: logged, metered, billed; allocated, and every difference named."""
