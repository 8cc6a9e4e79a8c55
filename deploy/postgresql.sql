-- Roles and database of a site, run once by a superuser: psql -f deploy/postgresql.sql postgres
-- The owner makes and changes tables (`init`); the site's own role owns nothing (`grants`, docs/operations.md, Audit).
-- Passwords: \password geban_owner, \password geban_site; scram-sha-256 in pg_hba.conf, TLS when it is another machine.
CREATE ROLE geban_owner LOGIN;
CREATE ROLE geban_site LOGIN;
-- paths of areas are compared byte by byte: collation C
CREATE DATABASE geban OWNER geban_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE geban FROM PUBLIC;
GRANT CONNECT ON DATABASE geban TO geban_site;
