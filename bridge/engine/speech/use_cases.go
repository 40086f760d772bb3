// Package speech deals with what agents type: Speak decides whether it stays inside, leaves, or its author
// is asked; edits, deletions, Undo and people's clicks change that later.
//
// What does not belong here: how a reply is queued (reply), and how a text is read (bot/command).
package speech

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
)

// UseCases deals with typed texts in one batch.
type UseCases struct {
	*threads.Writer
	replies      *reply.UseCases
	ChannelTexts *ChannelTexts
}

// New makes the use cases of a batch.
func New(tw *threads.Writer, rs *reply.UseCases) *UseCases {
	sp := &UseCases{Writer: tw, replies: rs}
	sp.ChannelTexts = &ChannelTexts{tw, sp}
	return sp
}

// ChannelTexts deals with what is typed in a team's channel, outside all threads.
type ChannelTexts struct {
	*threads.Writer
	speech *UseCases
}
