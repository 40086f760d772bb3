// Package inbound applies what comes from customers and their providers: messages, edits, reactions, automatic
// mail, answers that were given elsewhere, and receipts for our replies. For example, a mail is added to its
// conversation, which is reopened if it was resolved, and is shown in the agents' thread.
//
// What does not belong here: how a channel's bytes are decoded (channels), and what agents say.
package inbound

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
)

// UseCases applies what customers send. There is one value for each batch, the events that one transaction
// applies.
type UseCases struct {
	*threads.Writer
	opt       Options
	workflow  *workflow.UseCases
	replies   *reply.UseCases
	templates *template.UseCases
	Receipts  *Receipts
	elsewhere *elsewhere
}

// Receipts applies reports about replies: results of attempts to send them, providers' receipts, and copies of our own
// messages that arrive in a mailbox.
type Receipts struct {
	*threads.Writer
	replies   *reply.UseCases
	speech    *speech.UseCases
	templates *template.UseCases
	intake    *UseCases
}

// elsewhere applies answers that were sent to customers without Parley.
type elsewhere struct {
	*threads.Writer
	workflow *workflow.UseCases
	replies  *reply.UseCases
	intake   *UseCases
}

// Options configure how this process handles messages.
type Options struct {
	Analyses bool // analyse what customers write
}

// New returns the use cases, which call those of the other packages.
func New(
	tw *threads.Writer, wf *workflow.UseCases, rs *reply.UseCases, sp *speech.UseCases, ts *template.UseCases, o Options,
) *UseCases {
	it := &UseCases{Writer: tw, workflow: wf, replies: rs, templates: ts, opt: o}
	it.Receipts = &Receipts{Writer: tw, replies: rs, speech: sp, templates: ts, intake: it}
	it.elsewhere = &elsewhere{Writer: tw, workflow: wf, replies: rs, intake: it}
	return it
}
