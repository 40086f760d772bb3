// Package measuring makes the figures of the team from what the log and the messages of conversations tell: a
// conversation that has changed is measured anew as a whole, and the sums are corrected by the difference. So each
// fact counts once, however late it comes and however often somebody dies in between.
//
// What does not belong here: what is shown of the figures; docs/measures.md says what each counts.
package measuring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/store"
	"parley/store/measure"
)

// Round measures about so many conversations that have changed, and as many of those that are to be measured
// again. more says that others are left. While another process measures, it does nothing.
func Round(ctx context.Context, pool *pgxpool.Pool, dir *directory.Directory, most int) (more bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		progress, err := measure.Hold(ctx, tx, howMeasured+hoursHash(dir))
		if err != nil || progress == nil {
			return err
		}
		ids, moreDue, err := progress.TakeDue(ctx, tx, most)
		if err != nil {
			return err
		}
		older, moreOlder, err := progress.Older(ctx, tx, most)
		if err != nil {
			return err
		}
		unfilled, moreUnfilled, err := progress.Unfilled(ctx, tx, most)
		if err != nil {
			return err
		}
		more = moreDue || moreOlder || moreUnfilled
		if err := keep(ctx, tx, progress, dir, append(ids, older...)); err != nil {
			return err
		}
		m, err := measureAll(ctx, tx, dir, unfilled)
		if err != nil {
			return err
		}
		return progress.FillTimes(ctx, tx, m.labels, m.times)
	})
	return more, err
}

// keep measures conversations, and keeps what they contribute.
func keep(ctx context.Context, tx pgx.Tx, progress *measure.Progress, dir *directory.Directory, ids []store.ConversationID) error {
	m, err := measureAll(ctx, tx, dir, ids)
	if err != nil || len(m.labels) == 0 {
		return err
	}
	if err := progress.Keep(ctx, tx, m.labels, m.shares); err != nil {
		return err
	}
	return progress.KeepTimes(ctx, tx, m.labels, m.times)
}

// measured is what conversations contribute.
type measured struct {
	labels []measure.Labels
	shares []measure.Share
	times  []measure.Single
}

// howMeasured changes where more is measured than a version before did: then all conversations are measured again, and
// again once no process of that version measures any more.
const howMeasured = "times "

// hoursHash tells whether any business hours have changed: then what was measured by them is measured again.
func hoursHash(dir *directory.Directory) string {
	h := sha256.New()
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; dir.Hours[a.ID] != nil {
			fmt.Fprintf(h, "%d %s\n", a.ID, a.Hours)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// measureAll counts what conversations contribute.
func measureAll(ctx context.Context, tx pgx.Tx, dir *directory.Directory, ids []store.ConversationID) (m measured, err error) {
	if len(ids) == 0 {
		return m, nil
	}
	subjects, err := measure.Subjects(ctx, tx, ids, bridge.TraitIntent, bridge.TraitSentiment)
	if err != nil || len(subjects) == 0 {
		return m, err
	}
	log, err := measure.DoneIn(ctx, tx, ids, deeds())
	if err != nil {
		return m, err
	}
	said, err := measure.SaidIn(ctx, tx, ids)
	if err != nil {
		return m, err
	}
	logOf, saidIn := map[store.ConversationID][]store.LogEntry{}, map[store.ConversationID][]measure.Said{}
	for _, e := range log {
		logOf[e.ConversationID] = append(logOf[e.ConversationID], e)
	}
	for _, s := range said {
		saidIn[s.ConversationID] = append(saidIn[s.ConversationID], s)
	}
	for _, s := range subjects {
		s.Tags = append([]string{}, dir.CurrentTagNames(s.Tags)...) // a tag that was renamed counts once, by the name that it has now
		m.labels = append(m.labels, s.Labels)
		of, single := Shares(s, logOf[s.ConversationID], saidIn[s.ConversationID], dir.Hours[s.AccountID])
		m.shares, m.times = append(m.shares, of...), append(m.times, single...)
	}
	return m, nil
}
