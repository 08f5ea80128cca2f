//! The shared-memory ring: one file, many producers, broadcast consumers.
