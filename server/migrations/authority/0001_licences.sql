-- The authority's own node: the licences that it has granted, in the order in which it granted them.
-- Everything in it is public.

CREATE SCHEMA authority;

CREATE TABLE authority.licence (
    -- Dense from 1: also the order in which every bank hears of them.
    n bigint PRIMARY KEY CHECK (n >= 1),
    -- The bank, by its BIC.
    bank text NOT NULL CHECK (bank ~ '^[A-Z0-9]{8}([A-Z0-9]{3})?$'),
    -- The bank CA's certificate, X.509 DER.
    certificate bytea NOT NULL CHECK (octet_length(certificate) BETWEEN 1 AND 16384),
    at timestamptz NOT NULL DEFAULT now()
);

-- A licence that was granted stays on record; another one may follow it.
CREATE FUNCTION authority.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on authority.licence is refused: licences stay on record', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER for_ever BEFORE UPDATE OR DELETE OR TRUNCATE ON authority.licence
    FOR EACH STATEMENT EXECUTE FUNCTION authority.refuse_change();
ALTER TABLE authority.licence ENABLE ALWAYS TRIGGER for_ever;

DO $$
BEGIN
    CREATE ROLE authority LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA authority TO authority;
GRANT SELECT, INSERT ON authority.licence TO authority;
