"""Budget pools of a month: budgets, what is spent and pending, forecasts and offers."""
