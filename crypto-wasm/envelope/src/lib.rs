//! Pure keys, certificates, signed and sealed envelopes of Countersign.
