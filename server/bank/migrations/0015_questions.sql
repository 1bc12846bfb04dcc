-- Questions for a code are told apart by the digest of what was signed: the id is the sender's choice.
-- What was counted before by its id counts for the rest of its hour.
ALTER TABLE bank.join_ask RENAME COLUMN message_id TO question;
