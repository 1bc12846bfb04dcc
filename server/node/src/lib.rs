//! PostgreSQL instances (nodes): embedded start and stop, TLS, roles, provisioning.
