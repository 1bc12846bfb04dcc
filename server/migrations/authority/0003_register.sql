-- The register: what two officers have signed, entry by entry. Whether an entry counts is judged by its
-- signatures and its place in the chain; whoever can write into this database can put rows beside the
-- true ones, and so each number may have several.
DROP TABLE authority.licence;
DROP FUNCTION authority.refuse_change;

CREATE TABLE authority.entry (
    number bigint NOT NULL CHECK (number > 0),
    digest bytea  NOT NULL CHECK (octet_length(digest) = 32), -- SHA-256 of body
    body   text   NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65537),
    at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (number, digest)
);

CREATE FUNCTION authority.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on authority.% is refused: what was recorded stays on record', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER for_ever BEFORE UPDATE OR DELETE OR TRUNCATE ON authority.entry
    FOR EACH STATEMENT EXECUTE FUNCTION authority.refuse_change();
ALTER TABLE authority.entry ENABLE ALWAYS TRIGGER for_ever;

-- Rows that do not count, once each.
CREATE TABLE authority.alarm (
    number bigint NOT NULL,
    digest bytea  NOT NULL,
    reason text   NOT NULL,
    at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (number, digest)
);

-- The online server reads the register and never writes it: entries are added in ceremonies, by the
-- node's owner.
GRANT SELECT ON authority.entry TO authority;
GRANT SELECT, INSERT ON authority.alarm TO authority;
