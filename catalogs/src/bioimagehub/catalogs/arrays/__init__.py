"""Arrays that are read when they are indexed: what is asked for is planned, fetched, decoded and put together."""
