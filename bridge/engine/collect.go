package engine

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// collectedRunes is how much of a collected mail is shown; all of it is in the conversation that
// an agent makes of it.
const collectedRunes = 1500

// collect shows a mail of somebody who opened very many conversations in the account's one
// collecting thread of the day. An agent may make a conversation of it (sortAutomatic).
func (w *work) collect(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.convs.collectingThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	if i := w.people.byAddress[userKey{a.ID, in.From.Key}]; i != nil && i.Silenced {
		return nil // kept, without a post
	}
	if _, err := w.openThread(c); err != nil {
		return err
	}
	w.line(c, bridge.Line{Content: &bridge.CollectedLine{Subject: in.Subject, Words: collectedWords(in), Files: len(m.Files)},
		Customer: partyOf(in), Verbs: []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

// collectedWords is what a mail says, as far as it is shown.
func collectedWords(in channels.Inbound) string {
	r := []rune(strings.TrimSpace(in.Text))
	if len(r) <= collectedRunes {
		return string(r)
	}
	return string(r[:collectedRunes]) + "…\n\n(It goes on: make a conversation of it to read all.)"
}

func (cs *conversations) collectingThread(ctx context.Context, tx pgx.Tx, a *store.Account) (*conv, error) {
	today := day(cs.now)
	k := laneKey{a.ID, today}
	if c := cs.rows[cs.collecting[k]]; c != nil {
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

// sortingThread makes a thread that is no conversation: mails are sorted in it.
func (cs *conversations) sortingThread(ctx context.Context, tx pgx.Tx, a *store.Account, subject string) (*conv, error) {
	id, err := cs.number(ctx, tx)
	if err != nil {
		return nil, err
	}
	c := &conv{fresh: true, account: a, threads: map[int64]*thread{}, Conversation: &store.Conversation{ID: id, AccountID: a.ID,
		TeamID: a.TeamID, Kind: "automatic", Status: string(bridge.StatusOpen), LastAt: cs.now, CreatedAt: cs.now,
		Subject: subject + cs.now.UTC().Format("Monday 2 January")}}
	cs.rows[id] = c
	return c, nil
}
