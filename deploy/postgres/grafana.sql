-- The user that Grafana reads as. It sees measurements, rollups, captures and acquisitions, and of WebSDRs everything but
-- their passwords; no tokens, no audit log. Run it as the owner of the tables, once heimdall serve has made them:
--
--   psql "$DATABASE_URL" -v password="'...'" -f grafana.sql
--
-- It may be run again.
SELECT 'CREATE ROLE heimdall_grafana LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'heimdall_grafana')
\gexec
\if :{?password}
ALTER ROLE heimdall_grafana PASSWORD :password;
\endif
ALTER ROLE heimdall_grafana SET default_transaction_read_only = on;
ALTER ROLE heimdall_grafana SET statement_timeout = '30s';

GRANT USAGE ON SCHEMA public TO heimdall_grafana;
GRANT SELECT ON measurements, measurements_hourly, measurements_daily, captures_hourly, captures_daily, acquisitions, captures TO heimdall_grafana;
GRANT SELECT (websdr_id, name, kind, url, location_name, latitude, longitude, altitude_m, is_active, notes, created_at, updated_at) ON websdrs TO heimdall_grafana;
