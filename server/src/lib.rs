//! The Countersign binary: configuration, roles, command line.
