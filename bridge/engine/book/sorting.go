package book

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// DailyThread returns the thread in which an account's automatic mails of today are sorted. If there is none, it makes it.
func (cs *Conversations) DailyThread(ctx context.Context, tx pgx.Tx, a *store.Account) (*Conversation, error) {
	today := Day(cs.Now)
	k := NameKey{a.ID, today}
	if c := cs.Rows[cs.automaticDays[k]]; c != nil {
		return c, nil
	}
	c, err := cs.sortingThread(ctx, tx, a, "Automatic mail, ")
	if err != nil {
		return nil, err
	}
	c.Day = &today
	cs.automaticDays[k] = c.ID
	return c, nil
}

// CollectingThread returns the thread in which an account's mails of today are collected that exceed their sender's limit
// (Openings). It makes the thread if there is none.
func (cs *Conversations) CollectingThread(ctx context.Context, tx pgx.Tx, a *store.Account) (*Conversation, error) {
	today := Day(cs.Now)
	k := NameKey{a.ID, today}
	if c := cs.Rows[cs.collecting[k]]; c != nil {
		return c, nil
	}
	c, err := cs.sortingThread(ctx, tx, a, "Very many new conversations, ")
	if err != nil {
		return nil, err
	}
	c.Collects = &today
	cs.collecting[k] = c.ID
	return c, nil
}

// sortingThread makes the row of a thread that isn't a conversation, but in which mails are sorted.
func (cs *Conversations) sortingThread(ctx context.Context, tx pgx.Tx, a *store.Account, subject string) (*Conversation, error) {
	id, err := cs.TakeNumber(ctx, tx)
	if err != nil {
		return nil, err
	}
	c := &Conversation{
		Fresh:   true,
		Account: a,
		Threads: map[store.AccountID]*Thread{},
		Conversation: &store.Conversation{
			ID:        id,
			AccountID: a.ID,
			TeamID:    a.TeamID,
			Kind:      store.KindAutomatic,
			Status:    string(bridge.StatusOpen),
			LastAt:    cs.Now,
			CreatedAt: cs.Now,
			Subject:   subject + cs.Now.UTC().Format("Monday 2 January"),
		},
	}
	cs.Rows[id] = c
	return c, nil
}
