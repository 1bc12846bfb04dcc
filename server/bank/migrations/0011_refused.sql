-- The newest refusals of a device, for its customer's list. Receipts of booked orders, which are the
-- many, are not in it and cost nothing more to write.
CREATE INDEX receipt_refused ON bank.receipt (signer, at DESC) WHERE code IS NOT NULL;
