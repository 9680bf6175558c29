#!/bin/sh
# What the entrypoint of PostgreSQL's image does: fill an empty volume, run the scripts beside it, start the command.
set -eu
export PGHOST=/var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS --no-sync
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    echo "unix_socket_directories = '$PGHOST'" >> "$PGDATA/postgresql.conf"
    PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export PGPASSWORD
    pg_ctl --options="-c listen_addresses=''" --wait --silent start
    for file in /docker-entrypoint-initdb.d/*.sql; do
        psql -v ON_ERROR_STOP=1 --no-psqlrc --username="$POSTGRES_USER" --dbname=postgres --file="$file"
    done
    pg_ctl --mode=fast --wait --silent stop
    unset PGPASSWORD
fi
exec "$@"
