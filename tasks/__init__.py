"""The stages of a night, in pipeline order, and the adapters behind them."""
