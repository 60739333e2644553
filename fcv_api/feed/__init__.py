"""The bed's memory: observations, stays, sources. No web, no HL7."""
