#!/bin/sh
# Makes Temporal's two databases, or brings them to this version's schema.
set -eu
for database in temporal temporal_visibility; do
    case $database in
        temporal) schema=temporal ;;
        temporal_visibility) schema=visibility ;;
    esac
    run() {
        temporal-sql-tool --plugin "$DB" --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" \
            --user "$POSTGRES_USER" --database "$database" "$@"
    }
    run create-database
    run setup-schema --version 0.0
    run update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
