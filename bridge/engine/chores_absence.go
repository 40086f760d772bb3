package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

const absenceInterval = 2 * time.Second

// giveBack looks for conversations whose customers wait while none of their owners is there. What becomes of each is decided when its
// event is applied. One process does so at a time, and not while rules decide. It also ends absences whose time has come.
func (cs *Chores) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	now, err := store.Now(ctx, cs.pool)
	if err != nil {
		return err
	}
	dir := cs.Directory()
	isOver := func(a store.Agent) bool { return a.PresenceUntil != nil && !a.PresenceUntil.After(now) }
	if slices.ContainsFunc(dir.Agents, isOver) {
		return store.EndPresences(ctx, cs.pool)
	}
	absence := dir.Absence(now)
	if len(absence.Away) == 0 && (len(absence.Ruled) == 0 || len(absence.Teams) == 0) {
		return nil
	}

	var events []store.NewEvent
	err = store.InTx(ctx, cs.pool, func(tx pgx.Tx) error {
		if isAlone, err := store.LockRouting(ctx, tx); err != nil || !isAlone {
			return err
		}
		ids, err := store.FindLeftAlone(ctx, tx, absence, maxRouted)
		if err != nil || len(ids) == 0 {
			return err
		}
		var rows []store.Routed
		for _, id := range ids {
			rows = append(rows, store.Routed{ConversationID: id})
			events = append(events, Fact{Kind: Absent, Conversation: id}.Event(fmt.Sprintf("absent:%d:%s", id, rand.Text())))
		}
		if err := store.KeepRouted(ctx, tx, rows); err != nil {
			return err
		}
		_, err = store.InsertEvents(ctx, tx, events)
		return err
	})
	if err == nil && len(events) > 0 {
		cs.wake()
	}
	return err
}
