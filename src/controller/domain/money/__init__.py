"""Usage, prices, the month's ledger, budgets and forecasts."""
