//! Pure double-entry ledger: accounts as read and orders in, postings or refusals out.
