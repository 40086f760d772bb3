package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
)

const (
	maxWhyMessages = 30 // messages that are looked through for maxWhyTexts texts
	maxWhyTexts    = 5  // texts of which the answer tells what became of them
	maxWhyEntries  = 10 // entries of the log that the answer shows
)

func whyVerb() useCase {
	return useCase{
		Rules:      verb.Rules{Name: bridge.VerbWhy, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).explainFates)),
	}
}

// explainFates shows what became of the latest texts that people typed in a conversation, what a model was asked about it, and the
// newest entries of its log.
func (w *work) explainFates(ctx context.Context, tx pgx.Tx, r book.Request, line *bridge.Line) error {
	decided, err := w.latestDecisions(ctx, tx, r)
	if err != nil {
		return err
	}
	asked, err := w.modelQuestions(ctx, tx, r.Conversation.ID)
	if err != nil {
		return err
	}
	h, err := w.Reading.History(ctx, tx, r.Conversation.ID, r.Args.Page, w.Log.Entries...)
	if err != nil {
		return err
	}
	line.Content = &bridge.WhyLine{Decided: decided, Asked: asked, Log: h.Rows[:min(len(h.Rows), maxWhyEntries)]}
	return nil
}

// latestDecisions returns what became of the latest texts that people typed in a conversation, those of this batch
// included, the newest first. Commands are left out.
func (w *work) latestDecisions(ctx context.Context, tx pgx.Tx, r book.Request) ([]bridge.Decided, error) {
	var p store.Pipeline
	var latest []store.Message
	p.LatestMessages(&latest, []store.ConversationID{r.Conversation.ID}, maxWhyMessages, 0)
	if err := p.Run(ctx, tx); err != nil {
		return nil, err
	}

	latest = w.withBatch(latest, r.Conversation)
	slices.SortFunc(latest, func(a, b store.Message) int { return book.CompareSaid(&b, &a) })

	var list []bridge.Decided
	for i := range latest {
		m := &book.Message{Message: latest[i]}
		isTypedText := m.AuthorUser != "" && m.Reason != bridge.ReasonCommand
		if !isTypedText || len(list) == maxWhyTexts {
			continue
		}

		list = append(list, bridge.Decided{
			At:     m.SaidAt,
			By:     w.Author(m, r.Surface),
			Text:   book.Excerpt(m),
			Fate:   m.Fate,
			Reason: m.Reason,
		})
	}

	return list, nil
}

// withBatch returns stored messages of a conversation as they are in this batch, with those that the batch has added.
func (w *work) withBatch(stored []store.Message, c *book.Conversation) []store.Message {
	known := map[store.MessageID]bool{}
	for i := range stored {
		known[stored[i].ID] = true
		if now := w.Messages.Rows[stored[i].ID]; now != nil {
			stored[i] = now.Message
		}
	}

	for _, m := range w.Messages.Rows {
		isAdded := m.Fresh && !known[m.ID]
		if isAdded && m.ConversationID == c.ID {
			stored = append(stored, m.Message)
		}
	}

	return stored
}
