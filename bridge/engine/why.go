package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file answers the command "!why": why was a text that an agent typed sent to the customer, or kept from the customer? The answer
// lists the latest texts with the decision on each and its reason, such as "stayed inside: it mentions a colleague".

const (
	maxWhyMessages = 30 // messages that are read to find maxWhyTexts texts
	maxWhyTexts    = 5  // texts in the answer
	maxWhyEntries  = 10 // log entries in the answer
)

func whyVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbWhy, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).explainFates)),
	}
}

// explainFates shows the decisions on the latest texts in a conversation, the latest requests to a model about it, and its newest log
// entries.
func (w *work) explainFates(ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) error {
	decided, err := w.latestDecisions(ctx, tx, r)
	if err != nil {
		return err
	}
	asked, err := w.modelQuestions(ctx, tx, r.Conversation.ID)
	if err != nil {
		return err
	}
	history, err := w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
	if err != nil {
		return err
	}
	log := history.Rows[:min(len(history.Rows), maxWhyEntries)]
	line.Content = &bridge.WhyLine{Decided: decided, Asked: asked, Log: log}
	return nil
}

// latestDecisions returns the decisions on the latest texts that people typed in a conversation, newest first. It includes texts of the
// current batch, which are not stored yet, and leaves out commands.
func (w *work) latestDecisions(ctx context.Context, tx pgx.Tx, r Request) ([]bridge.Decided, error) {
	var p store.Pipeline
	var latest []store.Message
	const minSpoken = 0 // no minimum of messages to or from the customer
	p.LatestMessages(&latest, []store.ConversationID{r.Conversation.ID}, maxWhyMessages, minSpoken)
	if err := p.Run(ctx, tx); err != nil {
		return nil, err
	}

	latest = w.withBatch(latest, r.Conversation)
	newestFirst := func(a, b store.Message) int { return CompareSaid(&b, &a) }
	slices.SortFunc(latest, newestFirst)

	var list []bridge.Decided
	for i := range latest {
		m := &Message{Message: latest[i]}
		isTypedText := m.AuthorUser != "" && m.Reason != bridge.ReasonCommand
		if !isTypedText || len(list) == maxWhyTexts {
			continue
		}

		list = append(list, bridge.Decided{
			At:     m.SaidAt,
			By:     w.Author(m, r.Surface),
			Text:   Excerpt(m),
			Fate:   m.Fate,
			Reason: m.Reason,
		})
	}

	return list, nil
}

// withBatch applies the changes of the current batch to stored messages of a conversation: it replaces changed messages in place, and
// appends new ones.
func (w *work) withBatch(stored []store.Message, c *Conversation) []store.Message {
	isStored := map[store.MessageID]bool{}
	for i := range stored {
		isStored[stored[i].ID] = true
		if changed := w.Messages.Get(stored[i].ID); changed != nil {
			stored[i] = changed.Message
		}
	}

	for _, m := range w.Messages.Rows {
		isNew := m.Fresh && !isStored[m.ID]
		if isNew && m.ConversationID == c.ID {
			stored = append(stored, m.Message)
		}
	}

	return stored
}
