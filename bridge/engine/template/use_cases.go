// Package template edits message templates, sends them in place of replies, and stores the providers' decisions on them.
//
// What does not belong here: the calls to providers (chores), and how a template is shown (reading).
package template

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
)

// UseCases applies the verbs about templates in one batch.
type UseCases struct {
	*threads.Writer
	replies *reply.UseCases
	speech  *speech.UseCases
}

// Verbs lists the verbs that this package applies.
func Verbs() []usecase.Case[*UseCases] {
	return []usecase.Case[*UseCases]{templateVerb(), templatesVerb(), templateEditVerb(), templateDeleteVerb()}
}

// New makes the use cases of a batch.
func New(tw *threads.Writer, rs *reply.UseCases, sp *speech.UseCases) *UseCases {
	return &UseCases{tw, rs, sp}
}
