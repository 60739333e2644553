"""HL7 v2: a gateway's messages read into observations, and the answers to them. No socket, no database, no clock."""
