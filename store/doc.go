// Package store keeps Parley's nouns in PostgreSQL. Each noun (conversation, message, lane, …) has a
// file, with its SQL above the function that runs it. Functions that take a Querier, an Execer or a
// pgx.Tx run in their caller's transaction; those that take a *pgxpool.Pool run one of their own.
//
// There are two clocks. Leases and results are timed by the database's clock (clock_timestamp()). Due
// times are by Parley's clock (parley_now()), which tests and the demo can move.
//
// What does not belong here: decisions, HTTP, and vendors' words.
package store
