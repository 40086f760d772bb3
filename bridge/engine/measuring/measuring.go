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
		more = moreDue || moreOlder
		return measureAll(ctx, tx, progress, dir, append(ids, older...))
	})
	return more, err
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

// measureAll counts conversations and keeps their shares.
func measureAll(ctx context.Context, tx pgx.Tx, progress *measure.Progress, dir *directory.Directory, ids []store.ConversationID) error {
	subjects, err := measure.Subjects(ctx, tx, ids, bridge.TraitIntent, bridge.TraitSentiment)
	if err != nil || len(subjects) == 0 {
		return err
	}
	log, err := measure.DoneIn(ctx, tx, ids, deeds())
	if err != nil {
		return err
	}
	said, err := measure.SaidIn(ctx, tx, ids)
	if err != nil {
		return err
	}
	logOf, saidIn := map[store.ConversationID][]store.LogEntry{}, map[store.ConversationID][]measure.Said{}
	for _, e := range log {
		logOf[e.ConversationID] = append(logOf[e.ConversationID], e)
	}
	for _, m := range said {
		saidIn[m.ConversationID] = append(saidIn[m.ConversationID], m)
	}
	var labels []measure.Labels
	var shares []measure.Share
	var times []measure.Single
	for _, s := range subjects {
		s.Tags = append([]string{}, dir.TagsNow(s.Tags)...) // a tag that was renamed counts once, by the name that it has now
		labels = append(labels, s.Labels)
		of, single := Shares(s, logOf[s.ConversationID], saidIn[s.ConversationID], dir.Hours[s.AccountID])
		shares, times = append(shares, of...), append(times, single...)
	}
	if err := progress.Keep(ctx, tx, labels, shares); err != nil {
		return err
	}
	return progress.KeepTimes(ctx, tx, labels, times)
}
