"""The processes: trading worker, streaming worker, gateway, consumers, local stack."""
