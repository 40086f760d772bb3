// Package speech handles the texts that agents type. A conversation's thread is used for replies to the
// customer and for talk among colleagues, so Speak decides for each text whether it leaves for the customer,
// stays inside (among colleagues), or needs a question to its author. Later edits, deletions, Undo and button
// clicks can change that.
//
// Queueing replies is package reply's job, and parsing texts is bot/command's.
package speech

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
)

// UseCases applies typed texts in one batch, which is the set of events that are applied in one transaction.
// Its parts group the methods by subject.
type UseCases struct {
	*threads.Writer
	replies      *reply.UseCases
	ChannelTexts *ChannelTexts // texts outside all threads

	outside        outsideThread
	editing        editing
	deciding       deciding
	resending      resending
	colleagueTexts colleagueTexts
}

// These parts have no state of their own. Their methods are in the files that are named.
type (
	outsideThread  struct{ *UseCases } // replies and notes from forms, or with a conversation's number (outside_thread.go)
	editing        struct{ *UseCases } // edits and deletions (edit.go, delete.go)
	deciding       struct{ *UseCases } // Send, Keep and Drop (decide.go)
	resending      struct{ *UseCases } // sending the rest of a reply that has left in part (resend.go)
	colleagueTexts struct{ *UseCases } // edits that make a text one for colleagues, or no longer one (colleagues.go)
)

// useCase is a verb that this package applies.
type useCase = usecase.Case[*UseCases]

// New returns the use cases for one batch.
func New(tw *threads.Writer, rs *reply.UseCases) *UseCases {
	sp := &UseCases{Writer: tw, replies: rs}
	sp.ChannelTexts = &ChannelTexts{tw, sp}
	sp.outside = outsideThread{sp}
	sp.editing = editing{sp}
	sp.deciding = deciding{sp}
	sp.resending = resending{sp}
	sp.colleagueTexts = colleagueTexts{sp}
	return sp
}

// ChannelTexts handles texts in a team's channel outside all threads (channel_text.go).
type ChannelTexts struct {
	*threads.Writer
	speech *UseCases
}
