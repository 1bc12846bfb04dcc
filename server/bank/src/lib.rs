//! The core of a bank: its SQL, its processor and its use cases.
