"""The contract as plain JSON data, for programs whose start must cost little: type checkers alone load this."""
