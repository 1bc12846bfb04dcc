//! The sealed stores: fronts, gateways and links, their SQL, intake and mailboxes.
