package chores

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/own"
	"parley/bridge/engine/workflow"
	"parley/store"
)

// maxLeft is how many conversations wait at once to be freed of owners who are no longer agents. So many take seven hours; the rest
// follow in a later round.
const maxLeft = 5000

// FreeOfFormerAgents starts timers that take owners who are no longer agents from the conversations that are not over, one after the
// other. Any process may do it, any number of times. While a process of an earlier version runs, which would not know what the timers
// mean, it does nothing: a later round does it.
func (cs *Chores) FreeOfFormerAgents(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	all, err := store.AllKnow(ctx, cs.pool, store.KnowsLeft)
	if err != nil || !all {
		return err
	}
	return store.TimeFormerOwners(ctx, cs.pool, own.OwnersLeft, maxLeft)
}

// SetEvenings starts the timers of all next evening lists and of all teams' weekly figures, and stops the timers that don't
// follow from the present business hours and settings any more. Any process may do it, any number of times.
func (cs *Chores) SetEvenings(ctx context.Context) error {
	dir := cs.host.Directory()
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return store.InTx(ctx, cs.pool, func(tx pgx.Tx) error {
		now, err := store.Now(ctx, tx)
		if err != nil {
			return err
		}

		var timers []store.Timer
		kinds, weeks := []store.FactKind{}, []store.FactKind{}
		if t, ok := workflow.NextClosing(dir, workflow.NoTeam, now); ok {
			timers, kinds = append(timers, t), append(kinds, t.Kind)
		}
		for _, team := range dir.Teams {
			if t, ok := workflow.NextClosing(dir, team.ID, now); ok {
				timers, kinds = append(timers, t), append(kinds, t.Kind)
			}
			if next, last, ok := workflow.NextWeek(dir, team.ID, now); ok {
				timers, weeks = append(timers, next), append(weeks, next.Kind, last.Kind)
			}
		}

		err = errors.Join(store.KeepTimers(ctx, tx, own.Evening, kinds), store.KeepTimers(ctx, tx, own.Week, weeks))
		if err != nil || len(timers) == 0 {
			return err
		}

		return store.SetTimers(ctx, tx, timers)
	})
}
