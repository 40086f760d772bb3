// Package wire has what all channels and surfaces need to call servers of others: HTTP clients that write nothing after a deadline
// (fence.go), connections that reach no private addresses (guard.go), and waits that end with their context (pause.go).
package wire
