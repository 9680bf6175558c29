-- Run once by the database's image, when its volume is empty: a user for the services that is no superuser.
\set password `cat /run/secrets/db_password`
CREATE ROLE nas LOGIN PASSWORD :'password';
CREATE DATABASE nas OWNER nas;
REVOKE CONNECT ON DATABASE nas, postgres FROM PUBLIC;
