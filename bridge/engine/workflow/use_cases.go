// Package workflow has what agents do with a conversation besides talking: they assign it, hand it over,
// tag it, name it, snooze it, resolve it and reopen it; and what becomes due meanwhile.
//
// What does not belong here: what is said to customers (reply, speech).
package workflow

import "parley/bridge/engine/threads"

// UseCases does verbs, and what timers call for, in one batch.
type UseCases struct{ *threads.Writer }
