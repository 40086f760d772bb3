// Package inspect answers what happened, and whether everything works: the journey of a conversation or an
// event, the events that could not be applied, and the findings of parley doctor.
//
// It shows facts, reasons, states and times, but never the text of a message, and never a secret. Only Replay
// changes anything.
//
// What does not belong here: the command line, wiring, metrics.
package inspect
