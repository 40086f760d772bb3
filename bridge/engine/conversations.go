package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
	"parley/store"
)

// conversations holds the conversations that one batch has loaded, with their threads.
type conversations struct {
	*moment
	dir        *directory.Directory
	rows       map[int64]*conv
	latest     map[int64]int64 // identity → its newest conversation
	days       map[laneKey]int64
	collecting map[laneKey]int64 // the threads of a day in which mails are collected
	numbers    []int64           // conversation numbers, taken but not used
}

func newConversations(m *moment, dir *directory.Directory) *conversations {
	return &conversations{moment: m, dir: dir, rows: map[int64]*conv{}, latest: map[int64]int64{}, days: map[laneKey]int64{}, collecting: map[laneKey]int64{}}
}

func (cs *conversations) flush(ctx context.Context, p *store.Pipeline) error {
	fresh, changed := written(cs.rows, func(c *conv) (store.Conversation, bool, bool) { return *c.Conversation, c.fresh, c.dirty })
	if err := store.InsertConversations(ctx, p, fresh); err != nil {
		return err
	}
	return store.UpdateConversations(ctx, p, changed)
}

func (cs *conversations) flushThreads(ctx context.Context, p *store.Pipeline) error {
	var threads, cards []store.Thread
	for _, id := range keys(cs.rows) {
		for _, t := range cs.rows[id].threads {
			switch {
			case t.dirty:
				threads = append(threads, t.Thread)
			case t.newCard:
				cards = append(cards, t.Thread)
			}
		}
	}
	if err := store.UpsertThreads(ctx, p, threads); err != nil {
		return err
	}
	return store.SetCards(ctx, p, cards)
}

// noteSorting notes the threads of a day in which mails are sorted.
func (cs *conversations) noteSorting(c *conv) {
	if c.Kind == "automatic" && c.Day != nil {
		cs.days[laneKey{c.AccountID, *c.Day}] = c.ID
	}
	if c.Collects != nil {
		cs.collecting[laneKey{c.AccountID, *c.Collects}] = c.ID
	}
}

// number takes the number of a new conversation.
func (cs *conversations) number(ctx context.Context, tx pgx.Tx) (int64, error) {
	if len(cs.numbers) == 0 {
		var err error
		if cs.numbers, err = store.ConversationNumbers(ctx, tx, 1); err != nil {
			return 0, err
		}
	}
	id := cs.numbers[0]
	cs.numbers = cs.numbers[1:]
	return id, nil
}

// current follows a conversation to the one that continues it.
func (cs *conversations) current(c *conv) *conv {
	if next := cs.next(c); next != nil {
		return cs.current(next)
	}
	return c
}

// next gives the conversation that continues c; nil = none does. It is in memory if it exists: load
// reads it along with c.
func (cs *conversations) next(c *conv) *conv {
	for _, id := range keys(cs.rows) {
		if next := cs.rows[id]; next.PreviousID != nil && *next.PreviousID == c.ID {
			return next
		}
	}
	return nil
}

// latestOf gives the conversation that a customer's next message belongs to; nil if none.
func (cs *conversations) latestOf(i *store.Identity) *conv {
	if i == nil {
		return nil
	}
	return cs.rows[cs.latest[i.ID]]
}
