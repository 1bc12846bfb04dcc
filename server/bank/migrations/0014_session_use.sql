-- When a device last spoke in a session: answers go where the question came from, also when the same
-- device (a key file at two computers) has opened another session since.
ALTER TABLE bank.session ADD COLUMN used_at bigint;
GRANT UPDATE (used_at) ON bank.session TO processor;
