#!/bin/sh
# Makes the namespace and the search attributes by which operators find a workflow.
set -eu
namespace=default
temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$namespace" --retention 30d
for name in UserId Symbol Side TradeStatus SessionId DataType; do
    temporal operator search-attribute create --namespace "$namespace" \
        --name "$name" --type Keyword
done
for name in Symbols; do
    temporal operator search-attribute create --namespace "$namespace" \
        --name "$name" --type KeywordList
done
