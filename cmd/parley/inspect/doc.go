// Package inspect answers questions about what happened and whether all is well: the
// journey of a conversation or an event, the events that could not be applied, and
// the doctor's findings.
//
// It shows facts, reasons, states and times; never what was said, and never a secret.
// It changes nothing but by Replay. Not here: the command line, wiring, metrics.
package inspect
