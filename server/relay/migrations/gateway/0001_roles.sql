-- The gateway: one instance per outside party, with nothing in it but what the two have to say to
-- each other, sealed. `{own}` and `{peer}` are the names of the two parties in small letters; they
-- are put in before this runs, so that both ends of a link have tables of the same names.
--
-- Roles: `processor` (ours, a group), `peer_{peer}` (the other party's replication role: it reads
-- what we publish and nothing else), `subscriber` (owns our subscription: it may insert what comes in
-- and read it, nothing else; it logs in nowhere, but PostgreSQL wants it to be able to).
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['relay_owner', 'processor'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
  BEGIN
    CREATE ROLE peer_{peer} LOGIN REPLICATION;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
  END;
  BEGIN
    CREATE ROLE subscriber LOGIN;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
  END;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO processor, subscriber, peer_{peer}',
    current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA link AUTHORIZATION relay_owner;
GRANT USAGE ON SCHEMA link TO processor, subscriber, peer_{peer};
