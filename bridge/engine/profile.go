package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func profileVerb() useCase {
	return useCase{
		Rules:      Rules{Name: bridge.VerbProfile, IsQuestion: true},
		DoAnywhere: answerBy(aboutConversation((*work).showProfile)),
	}
}

// showProfile shows what is known of the customer.
func (w *work) showProfile(ctx context.Context, tx pgx.Tx, r Request, line *bridge.Line) error {
	p, err := w.Reading.Profile(ctx, tx, r.Surface, r.Agent, r.Conversation.Conversation)
	line.Content = &bridge.ProfileLine{Profile: p}
	line.Args = bridge.Args{Conversation: r.Conversation.ID}
	return err
}

// Profile returns what is known of a conversation's customer, as user may read it.
func (d *Desk) Profile(ctx context.Context, id store.ConversationID, user store.SurfaceUser) (bridge.Profile, error) {
	agent, err := d.readerOf(ctx, id, user)
	if err != nil {
		return bridge.Profile{}, err
	}
	rows, err := store.Conversations(ctx, d.e.pool, id)
	if err != nil || len(rows) == 0 {
		return bridge.Profile{}, err
	}
	return d.e.reading.Profile(ctx, d.e.pool, d.account, agent, &rows[0])
}
