"""The listener for gateways of HL7 v2: frames from sockets, messages into the memory of beds, an answer for each."""
