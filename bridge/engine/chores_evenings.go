package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// untakenFor is after how many business hours the team is told that nobody has a conversation, where the account has no target.
const untakenFor = 8 * time.Hour

// maxFormerOwnerTimers limits how many conversations are scheduled at once. At five seconds each, they take
// seven hours; the rest follow in a later round.
const maxFormerOwnerTimers = 5000

// FreeOfFormerAgents unassigns open conversations from owners who no longer work on their accounts. It sets one timer per
// conversation, and the engine removes the owner when the timer fires. It is idempotent, and any process may call it.
func (cs *Chores) FreeOfFormerAgents(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	var readers []store.Reader
	for i, agents := 0, cs.Directory().Agents; i < len(agents); i++ {
		readers = append(readers, cs.reading.As(&agents[i]))
	}
	return store.TimeFormerOwners(ctx, cs.pool, OwnersLeft, maxFormerOwnerTimers, readers)
}

// TellUntaken has teams told of conversations that nobody has had for untakenFor, on accounts without a target for that. It is
// idempotent, and any process may call it.
func (cs *Chores) TellUntaken(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	var accounts []store.AccountID
	for i, list := 0, cs.Directory().Accounts; i < len(list); i++ {
		if a := &list[i]; a.Side == store.SideChannel && cs.Directory().SettingsOf(a, cs.reading.Caps(a.ID).Threads).AckTarget == 0 {
			accounts = append(accounts, a.ID)
		}
	}
	return store.TimeUntaken(ctx, cs.pool, AckDue, maxFormerOwnerTimers, untakenFor, bridge.TraitLateAck, accounts)
}

// SetEvenings sets the timers of automations that have times, and those of the evening lists, which show each team an hour before
// closing time which reply windows close before it is back. It removes timers that no longer match the
// business hours and settings: if a team no longer works on Saturdays, for example, its timer for Saturday.
// SetEvenings is idempotent, and any process may call it.
func (cs *Chores) SetEvenings(ctx context.Context) error {
	dir := cs.Directory()
	ctx, cancel := context.WithTimeout(ctx, dbTimeout)
	defer cancel()
	return store.InTx(ctx, cs.pool, func(tx pgx.Tx) error {
		now, err := store.Now(ctx, tx)
		if err != nil {
			return err
		}

		var timers []store.Timer
		closingKinds := []store.FactKind{}
		if t, ok := NextClosing(dir, NoTeam, now); ok {
			timers, closingKinds = append(timers, t), append(closingKinds, t.Kind)
		}
		for _, team := range dir.Teams {
			if t, ok := NextClosing(dir, team.ID, now); ok {
				timers, closingKinds = append(timers, t), append(closingKinds, t.Kind)
			}
		}

		cronKinds := []store.FactKind{}
		for i := range dir.Automations {
			if t, ok := dir.NextCron(&dir.Automations[i], now); ok {
				timers, cronKinds = append(timers, t), append(cronKinds, t.Kind)
			}
		}

		err = errors.Join(store.KeepTimers(ctx, tx, Evening, closingKinds), store.KeepTimers(ctx, tx, Cron, cronKinds))
		if err != nil || len(timers) == 0 {
			return err
		}

		return store.SetTimers(ctx, tx, timers)
	})
}
