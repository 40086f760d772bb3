// Package speech deals with what agents type: Speak decides whether it stays inside, leaves, or its author
// is asked; edits, deletions, Undo and people's clicks change that later.
//
// What does not belong here: how a reply is queued (reply), and how a text is read (bot/command).
package speech

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
)

// UseCases deals with typed texts in one batch.
type UseCases struct {
	*threads.Writer
	workflow     *workflow.UseCases
	replies      *reply.UseCases
	ChannelTexts *ChannelTexts
}

// New makes the use cases of a batch.
func New(tw *threads.Writer, wf *workflow.UseCases, rs *reply.UseCases) *UseCases {
	sp := &UseCases{Writer: tw, workflow: wf, replies: rs}
	sp.ChannelTexts = &ChannelTexts{tw, rs, sp}
	return sp
}

// ChannelTexts deals with what is typed in a team's channel, outside all threads.
type ChannelTexts struct {
	*threads.Writer
	replies *reply.UseCases
	speech  *UseCases
}
