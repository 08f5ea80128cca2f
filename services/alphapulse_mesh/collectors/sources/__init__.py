"""Sources of exchange messages: recorded files, the market simulator, the exchange itself."""
