-- Customers, their accounts, their devices.

CREATE TABLE bank.customer (
    number    bigint GENERATED ALWAYS AS IDENTITY (START WITH 100001) PRIMARY KEY,
    name      text   NOT NULL,
    opened_at bigint NOT NULL
);

-- Accounts, with what their entries and holds add up to. The sums are a projection: `audit`
-- rebuilds them. Half of each page stays free, so that an update finds room beside the old row
-- and touches no index.
CREATE TABLE bank.account (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text   NOT NULL CHECK (kind IN ('customer', 'mirror', 'vault')),
    customer bigint REFERENCES bank.customer,
    index    integer,          -- in the customer's own list, from 1
    iban     text   UNIQUE,
    label    text   NOT NULL,
    currency text   NOT NULL,
    status   text   NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    booked   bigint NOT NULL DEFAULT 0, -- the sum of the entries
    held     bigint NOT NULL DEFAULT 0 CHECK (held >= 0),    -- open holds on it
    awaited  bigint NOT NULL DEFAULT 0 CHECK (awaited >= 0), -- open holds towards it
    floor    bigint,
    ceiling  bigint,
    entries  bigint NOT NULL DEFAULT 0 CHECK (entries >= 0), -- the number of the newest entry
    at       bigint NOT NULL,
    CONSTRAINT account_floor CHECK (floor IS NULL OR booked - held >= floor),
    CONSTRAINT account_ceiling CHECK (ceiling IS NULL OR booked + awaited <= ceiling),
    CONSTRAINT account_of_customer
        CHECK ((kind = 'customer') = (customer IS NOT NULL AND iban IS NOT NULL AND index IS NOT NULL)),
    UNIQUE (customer, index)
) WITH (fillfactor = 50);

-- Activation slips. `key` is a hash of the secret on the slip; whoever proves that he has the
-- secret may enrol one device. The sixth try finds the slip closed.
CREATE TABLE bank.slip (
    locator     bytea   PRIMARY KEY CHECK (length(locator) = 5),
    key         bytea   NOT NULL CHECK (length(key) = 32),
    customer    bigint  NOT NULL REFERENCES bank.customer,
    tries       integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    used_by     bytea, -- the device
    valid_until bigint  NOT NULL,
    at          bigint  NOT NULL
);

-- Devices. `id` is the thumbprint of the signing key, and the mailbox.
--   requested (certificates are being made) -> enrolled (certificates sent) -> active -> revoked
CREATE TABLE bank.device (
    id             bytea  PRIMARY KEY CHECK (length(id) = 32),
    customer       bigint NOT NULL REFERENCES bank.customer,
    name           text   NOT NULL,
    signing_key    bytea  NOT NULL, -- SubjectPublicKeyInfo
    encryption_key bytea  NOT NULL, -- SubjectPublicKeyInfo
    slip           bytea  NOT NULL REFERENCES bank.slip,
    request        bytea  NOT NULL, -- digest of the enrol-request
    status         text   NOT NULL CHECK (status IN ('requested', 'enrolled', 'active', 'revoked')),
    nonce          bytea,
    enrolled       text,            -- the signed answer, given again whenever it is asked for
    requested_at   bigint NOT NULL,
    active_at      bigint,
    revoked_at     bigint
);
CREATE INDEX device_customer ON bank.device (customer);

-- Revocations, each signed by the enrolment CA. `told` is set once fronts and devices know.
CREATE TABLE bank.revocation (
    device bytea  PRIMARY KEY REFERENCES bank.device,
    jws    text   NOT NULL,
    reason text   NOT NULL,
    at     bigint NOT NULL,
    told   boolean NOT NULL DEFAULT false
);
CREATE INDEX revocation_untold ON bank.revocation (at) WHERE NOT told;

-- What processors ask the registrar to certify: two keys of one subject. Processors record, the
-- registrar issues, a processor tells the subject.
CREATE TABLE bank.certificate_request (
    subject                bytea  PRIMARY KEY CHECK (length(subject) = 32), -- thumbprint of signing_key
    kind                   text   NOT NULL CHECK (kind IN ('device', 'processor')),
    name                   text   NOT NULL,
    signing_key            bytea  NOT NULL,
    encryption_key         bytea  NOT NULL,
    status                 text   NOT NULL DEFAULT 'recorded'
                           CHECK (status IN ('recorded', 'issued', 'told')),
    signing_certificate    bytea, -- fingerprint
    encryption_certificate bytea, -- fingerprint
    at                     bigint NOT NULL,
    CHECK (status = 'recorded'
        OR (signing_certificate IS NOT NULL AND encryption_certificate IS NOT NULL))
);
CREATE INDEX certificate_request_open ON bank.certificate_request (status, at) WHERE status <> 'told';

-- Sessions: symmetric keys shared with one device, sealed under the storage key. A session that
-- has ended stays, so that its device can be told to seal again.
CREATE TABLE bank.session (
    id          bytea   PRIMARY KEY CHECK (length(id) = 16),
    device      bytea   NOT NULL REFERENCES bank.device,
    keys        bytea   NOT NULL, -- nonce, then AES-256-GCM of both keys; the id is authenticated
    opened_at   bigint  NOT NULL,
    valid_until bigint  NOT NULL,
    used        bigint  NOT NULL DEFAULT 0,
    used_max    bigint  NOT NULL,
    ended_at    bigint
);
-- The newest live session of a device, to seal to.
CREATE INDEX session_device ON bank.session (device, opened_at DESC);

-- Somebody waits for these.
CREATE FUNCTION bank.wake_registrar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('registrar', '');
    RETURN NULL;
END $$;
CREATE FUNCTION bank.wake_processor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('processor', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake AFTER INSERT ON bank.certificate_request
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_registrar();
CREATE TRIGGER wake_issued AFTER UPDATE ON bank.certificate_request
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_processor();
CREATE TRIGGER wake AFTER INSERT ON bank.revocation
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_processor();
