package engine

import (
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
)

// work applies one batch of events. Use cases are its methods: they change the book and post in threads
// what they did. It belongs to one goroutine.
type work struct {
	*threads.Writer
	e            *Engine
	workflow     *workflow.UseCases
	replies      *reply.UseCases
	speech       *speech.UseCases
	channelTexts *speech.ChannelTexts
	templates    *template.UseCases
	intake       *inbound.UseCases
	receipts     *inbound.Receipts
}

// assemble makes the work on a batch.
func assemble(e *Engine, tw *threads.Writer) *work {
	wf := &workflow.UseCases{Writer: tw}
	rs := &reply.UseCases{Writer: tw, Workflow: wf, Restored: e.restored}
	sp := speech.New(tw, rs)
	ts := template.New(tw, rs, sp)
	it := inbound.New(tw, wf, rs, sp, ts, e.opt.Original == nil)
	return &work{Writer: tw, e: e, workflow: wf, replies: rs, speech: sp, channelTexts: sp.ChannelTexts, templates: ts, intake: it,
		receipts: it.Receipts}
}
