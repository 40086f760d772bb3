// Package speech deals with what agents type: Speak decides whether it stays inside, leaves, or its author
// is asked; edits, deletions, Undo and people's clicks change that later.
//
// What does not belong here: how a reply is queued (reply), and how a text is read (bot/command).
package speech

import (
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/usecase"
)

// UseCases deals with typed texts in one batch. What happens to a text after it was typed is a part of its own each.
type UseCases struct {
	*threads.Writer
	replies      *reply.UseCases
	ChannelTexts *ChannelTexts // texts outside all threads

	outside        outsideThread  // what is written in forms, or elsewhere with the conversation's number
	editing        editing        // edits and deletions
	deciding       deciding       // clicks on Send, Keep and Drop
	resending      resending      // sending a reply again of which something has left, or may have
	colleagueTexts colleagueTexts // texts that were edited into ones for colleagues, or out of them
}

// useCase is a verb that this package applies.
type useCase = usecase.Case[*UseCases]

// Verbs lists the verbs that this package applies. Those of speech are applied by the engine, which knows where something was said.
func Verbs() []useCase {
	return []useCase{
		sayVerb(),
		replyVerb(),
		noteVerb(),
		unknownVerb(),
		editVerb(),
		deleteVerb(),
		undoVerb(),
		sendVerb(),
		keepVerb(),
		dropVerb(),
		sendAgainVerb(),
		markSentVerb(),
	}
}

// New makes the use cases of a batch.
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

// ChannelTexts deals with what is typed in a team's channel, outside all threads.
type ChannelTexts struct {
	*threads.Writer
	speech *UseCases
}
