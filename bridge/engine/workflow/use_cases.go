// Package workflow has what agents do with a conversation besides talking: they assign it, hand it over,
// tag it, name it, snooze it, resolve it and reopen it. It also has what happens when a timer is due, such as
// the end of a snooze.
//
// What does not belong here: what is said to customers (reply, speech).
package workflow

import (
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
)

// UseCases applies verbs and due timers. There is one value for each batch, the events that a transaction applies.
type UseCases struct{ *threads.Writer }

// useCase is a verb that this package applies.
type useCase = usecase.Case[*UseCases]
