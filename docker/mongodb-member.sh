#!/bin/bash
# Starts one member of the replica set. The members know each other by a shared key, which
# mongod takes from a file that only its user may read; the key also switches sign-in on.
set -eu
install -m 400 -o mongodb -g mongodb /dev/null /run/mongodb-member.key
printf '%s' "$MONGODB_MEMBER_KEY" >/run/mongodb-member.key
unset MONGODB_MEMBER_KEY
# The open transaction of a client that died closes the account that it has written to everyone
# until MongoDB gives it up, by default after 60 s. Ours take milliseconds.
exec docker-entrypoint.sh mongod --replSet rs0 --bind_ip_all --keyFile /run/mongodb-member.key \
  --setParameter transactionLifetimeLimitSeconds=5
