"""Pure decisions: records, money, mapping rules, plans, proofs. No session, HTTP, clock or randomness."""
