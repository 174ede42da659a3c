"""The agents, gateways and telemetry of Meridian Freight, beside its five first sources."""
