"""What signs and sends: set-up, deployment, the demo and the gateway's recorder. Nothing here serves a page."""
