"""FHIR R4: Bundles of Observations read for the memory of beds, and scores written as RiskAssessments. No web."""
