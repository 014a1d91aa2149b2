"""People: who they are, and what their passwords and addresses must look like."""

OPERATOR = "operator"
