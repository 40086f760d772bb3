// Package template edits message templates, sends them in place of replies, and stores the providers' decisions on them.
//
// What does not belong here: the calls to providers (chores), and how a template is shown (reading).
package template

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/threads"
)

// UseCases applies the verbs about templates in one batch.
type UseCases struct {
	*threads.Writer
	replies *reply.UseCases
	speech  *speech.UseCases
}

// New makes the use cases of a batch.
func New(tw *threads.Writer, rs *reply.UseCases, sp *speech.UseCases) *UseCases {
	return &UseCases{tw, rs, sp}
}
