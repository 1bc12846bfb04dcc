-- Customers manage their devices: they suspend, revoke and replace them, and add one with another.

-- A device that came without a slip has none.
--   requested (certificates are being made) -> enrolled (certificates sent) -> active
--   active <-> suspended; active -> replaced (another has its place); any of them -> revoked
ALTER TABLE bank.device
    ALTER COLUMN slip DROP NOT NULL,
    DROP CONSTRAINT device_status_check,
    ADD COLUMN enrolled_by text NOT NULL DEFAULT 'slip'
        CHECK (enrolled_by IN ('slip', 'device', 'letter', 'rotation')),
    ADD COLUMN rights text NOT NULL DEFAULT 'sign' CHECK (rights IN ('sign', 'view')),
    ADD COLUMN last_used_at bigint CHECK (last_used_at % 3600 = 0), -- to the hour
    ADD COLUMN suspended_at bigint,
    ADD COLUMN replaced_at bigint,
    ADD COLUMN certificates_until bigint,
    ADD COLUMN predecessor bytea, -- whose place it takes
    ADD UNIQUE (id, customer),
    ADD FOREIGN KEY (predecessor, customer) REFERENCES bank.device (id, customer),
    ADD CHECK (predecessor <> id),
    ADD CONSTRAINT device_status CHECK (status IN
        ('requested', 'enrolled', 'active', 'suspended', 'revoked', 'replaced')),
    ADD CONSTRAINT device_by_slip CHECK ((enrolled_by = 'slip') = (slip IS NOT NULL)),
    ADD CONSTRAINT device_by_rotation CHECK ((enrolled_by = 'rotation') = (predecessor IS NOT NULL)),
    ADD CONSTRAINT device_suspended CHECK ((status = 'suspended') = (suspended_at IS NOT NULL)),
    ADD CONSTRAINT device_revoked CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
    ADD CONSTRAINT device_replaced CHECK (status <> 'replaced' OR replaced_at IS NOT NULL),
    ADD CONSTRAINT device_active CHECK (status NOT IN ('active', 'suspended', 'replaced') OR active_at IS NOT NULL);
-- Only one can take the place of a device.
CREATE UNIQUE INDEX device_successor ON bank.device (predecessor) WHERE status <> 'revoked';

-- What was there before has its last day on its certificate.
UPDATE bank.device d SET certificates_until = c.not_after
FROM bank.certificate_request r JOIN bank.certificate c ON c.fingerprint = r.signing_certificate
WHERE r.subject = d.id;

-- Nothing comes back from the dead, and nobody takes a place that is not free.
CREATE FUNCTION bank.judge_device() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'revoked' AND NEW.status <> 'revoked'
        OR OLD.status = 'replaced' AND NEW.status NOT IN ('replaced', 'revoked')
        OR NEW.status = 'replaced' AND OLD.status NOT IN ('active', 'replaced')
        OR NEW.status = 'suspended' AND OLD.status NOT IN ('active', 'suspended') THEN
        RAISE EXCEPTION 'a device does not become % from %', NEW.status, OLD.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER judge BEFORE UPDATE OF status ON bank.device
    FOR EACH ROW EXECUTE FUNCTION bank.judge_device();
ALTER TABLE bank.device ENABLE ALWAYS TRIGGER judge;

-- Orders about devices as signed: the record of who did it. What the bank did itself is not in it.
CREATE TABLE bank.device_order (
    digest   bytea  PRIMARY KEY CHECK (length(digest) = 32),
    signer   bytea  NOT NULL,
    customer bigint NOT NULL,
    jws      text   NOT NULL,
    code     text, -- why it was refused
    at       bigint NOT NULL
);
CREATE INDEX device_order_customer ON bank.device_order (customer, at);
CALL bank.keep_for_ever('bank.device_order');

-- New devices that show their keys and wait for somebody who knows them. Strangers write here: there
-- are never more than a thousand, and none for longer than an hour.
CREATE TABLE bank.join_request (
    device         bytea  PRIMARY KEY CHECK (length(device) = 32),
    encryption     bytea  NOT NULL CHECK (length(encryption) = 32),
    signing_key    bytea  NOT NULL, -- SubjectPublicKeyInfo
    encryption_key bytea  NOT NULL, -- SubjectPublicKeyInfo
    name           text   NOT NULL,
    code           text   NOT NULL CHECK (length(code) = 8),
    request        bytea  NOT NULL, -- digest of the join-request
    asked_at       bigint NOT NULL,
    valid_until    bigint NOT NULL CHECK (valid_until > asked_at)
);
CREATE INDEX join_request_code ON bank.join_request (code);
CREATE INDEX join_request_oldest ON bank.join_request (asked_at);

-- New devices whose words were not the same on both screens: refused for ever.
CREATE TABLE bank.join_blocked (
    device  bytea  PRIMARY KEY CHECK (length(device) = 32),
    told_by bytea  NOT NULL, -- the device that compared
    at      bigint NOT NULL
);
CALL bank.keep_for_ever('bank.join_blocked');

-- Codes that a device has looked up within the last hour.
CREATE TABLE bank.join_ask (
    device     bytea  NOT NULL,
    message_id bytea  NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (device, message_id)
);
CREATE INDEX join_ask_at ON bank.join_ask (at);

-- What operators have done and processors are to tell: notices to a customer's devices, a new key
-- set to fronts and banks.
CREATE TABLE bank.to_tell (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer bigint REFERENCES bank.customer, -- none: the bank's new key set
    but_not  bytea, -- the device that needs no notice
    notice   text,  -- JSON
    at       bigint NOT NULL,
    CHECK ((customer IS NULL) = (notice IS NULL))
);
CREATE TRIGGER wake AFTER INSERT ON bank.to_tell
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_processor();

-- Certificates are renewed by asking once more for the same subject. `renewal` is the digest of the
-- device's question, to be answered when they are there.
ALTER TABLE bank.certificate_request ADD COLUMN renewal bytea CHECK (length(renewal) = 32);
CREATE TRIGGER wake_renewal AFTER UPDATE OF renewal ON bank.certificate_request
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_registrar();

GRANT SELECT ON bank.device_order, bank.join_request, bank.join_blocked, bank.join_ask, bank.to_tell
    TO processor;
GRANT INSERT ON bank.device_order, bank.join_request, bank.join_blocked, bank.join_ask, bank.revocation
    TO processor;
GRANT DELETE ON bank.join_request, bank.join_ask, bank.to_tell TO processor;
GRANT UPDATE (at) ON bank.to_tell, bank.join_ask TO processor; -- for row locks
GRANT UPDATE (encryption, encryption_key, name, code, request, asked_at, valid_until) ON bank.join_request
    TO processor;
GRANT UPDATE (name, rights, last_used_at, suspended_at, revoked_at, replaced_at, certificates_until)
    ON bank.device TO processor;
GRANT UPDATE (renewal, at) ON bank.certificate_request TO processor;
