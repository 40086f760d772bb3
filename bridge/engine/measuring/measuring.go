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

// Round measures about size conversations that have changed, and as many of those that have to be measured again. more
// means that others are left. While another process measures, it does nothing.
func Round(ctx context.Context, pool *pgxpool.Pool, dir *directory.Directory, size int) (more bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		progress, err := measure.Hold(ctx, tx, howMeasured+hoursHash(dir))
		if err != nil || progress == nil {
			return err
		}

		ids, moreDue, err := progress.TakeDue(ctx, tx, size)
		if err != nil {
			return err
		}

		older, moreOlder, err := progress.TakeOlder(ctx, tx, size)
		if err != nil {
			return err
		}

		unfilled, moreUnfilled, err := progress.TakeUnfilled(ctx, tx, size)
		if err != nil {
			return err
		}

		isBehind := moreOlder || moreUnfilled
		more = moreDue || isBehind

		if err := keepMeasured(ctx, tx, progress, dir, append(ids, older...)); err != nil {
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

// keepMeasured measures conversations, and keeps what they contribute.
func keepMeasured(
	ctx context.Context, tx pgx.Tx, progress *measure.Progress, dir *directory.Directory, ids []store.ConversationID,
) error {
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

// howMeasured is changed when a version measures more than the one before. Then all conversations are measured again,
// and once more when no process of the older version measures any more.
const howMeasured = "persons "

// hoursHash returns a hash of all business hours. When it changes, everything that depends on them is measured again.
func hoursHash(dir *directory.Directory) string {
	h := sha256.New()
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; dir.Hours[a.ID] != nil {
			fmt.Fprintf(h, "%d %s\n", a.ID, a.Hours)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// measureAll measures what conversations contribute to the figures.
func measureAll(ctx context.Context, tx pgx.Tx, dir *directory.Directory, ids []store.ConversationID) (m measured, err error) {
	if len(ids) == 0 {
		return m, nil
	}

	subjects, err := measure.Subjects(ctx, tx, ids, bridge.TraitIntent, bridge.TraitSentiment)
	if err != nil || len(subjects) == 0 {
		return m, err
	}

	log, err := measure.LogEntries(ctx, tx, ids, measuredDeeds())
	if err != nil {
		return m, err
	}

	said, err := measure.Messages(ctx, tx, ids)
	if err != nil {
		return m, err
	}

	logOf, saidIn := map[store.ConversationID][]store.LogEntry{}, map[store.ConversationID][]measure.Message{}
	for _, e := range log {
		logOf[e.ConversationID] = append(logOf[e.ConversationID], e)
	}

	for _, s := range said {
		saidIn[s.ConversationID] = append(saidIn[s.ConversationID], s)
	}

	for _, s := range subjects {
		s.Tags = append([]string{}, dir.CurrentTagNames(s.Tags)...) // a renamed tag counts by its present name, and once
		m.labels = append(m.labels, s.Labels)
		of, single := Shares(s, logOf[s.ConversationID], saidIn[s.ConversationID], dir.Hours[s.AccountID])
		m.shares, m.times = append(m.shares, of...), append(m.times, single...)
	}

	return m, nil
}
