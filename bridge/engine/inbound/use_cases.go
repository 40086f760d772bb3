// Package inbound deals with what comes from customers and their providers: messages, edits, reactions, automatic
// mail, answers that were given elsewhere, and receipts of what was sent.
//
// What does not belong here: how a channel's bytes are read (channels), and what agents say.
package inbound

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/workflow"
)

// UseCases deals with what customers send, in one batch.
type UseCases struct {
	*threads.Writer
	opt       Options
	workflow  *workflow.UseCases
	replies   *reply.UseCases
	templates *template.UseCases
	Receipts  *Receipts
	elsewhere *elsewhere
}

// Verbs lists the verbs that this package applies.
func Verbs() []usecase.Case[*UseCases] {
	return []usecase.Case[*UseCases]{promoteVerb(), silenceVerb(), blockVerb(), unblockVerb()}
}

// Receipts deals with what became of replies: results of attempts, receipts, and copies of our own messages.
type Receipts struct {
	*threads.Writer
	replies   *reply.UseCases
	speech    *speech.UseCases
	templates *template.UseCases
	intake    *UseCases
}

// elsewhere deals with what was sent to customers without Parley.
type elsewhere struct {
	*threads.Writer
	workflow *workflow.UseCases
	replies  *reply.UseCases
	intake   *UseCases
}

// Options say what this process does with messages.
type Options struct {
	UploadsOriginals bool // a mail's HTML original is uploaded as a file, because without a public address no link to it can be made
	Analyses         bool // what customers write is analysed
}

// New makes the use cases of a batch.
func New(
	tw *threads.Writer, wf *workflow.UseCases, rs *reply.UseCases, sp *speech.UseCases, ts *template.UseCases, o Options,
) *UseCases {
	it := &UseCases{Writer: tw, workflow: wf, replies: rs, templates: ts, opt: o}
	it.Receipts = &Receipts{Writer: tw, replies: rs, speech: sp, templates: ts, intake: it}
	it.elsewhere = &elsewhere{Writer: tw, workflow: wf, replies: rs, intake: it}
	return it
}
