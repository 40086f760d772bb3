package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// Round measures up to about size conversations that have changed, and as many that have to be measured again because the rules or
// the business hours have changed. more reports whether there are others. It does nothing while another process measures.
func Round(ctx context.Context, pool *pgxpool.Pool, dir *Directory, size int) (more bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		progress, err := measure.Hold(ctx, tx, howMeasured+hoursHash(dir))
		if err != nil || progress == nil {
			return err
		}

		changed, moreChanged, err := progress.TakeDue(ctx, tx, size)
		if err != nil {
			return err
		}
		older, moreOlder, err := progress.TakeOlder(ctx, tx, size)
		if err != nil {
			return err
		}
		more = moreChanged || moreOlder
		return keepMeasured(ctx, tx, progress, dir, append(changed, older...))
	})
	return more, err
}

// keepMeasured measures conversations, and stores their contributions.
func keepMeasured(
	ctx context.Context, tx pgx.Tx, progress *measure.Progress, dir *Directory, ids []store.ConversationID,
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

// measured holds the contributions of some conversations to the statistics.
type measured struct {
	labels []measure.Labels
	shares []measure.Share
	times  []measure.Single
}

// howMeasured identifies the rules of measuring. Change it when a version measures more than the previous one: then all conversations
// are measured again, and once more after the last process of the previous version has stopped.
const howMeasured = "persons "

// targetsOf returns an account's targets.
func targetsOf(dir *Directory, a *store.Account) Targets {
	if a == nil {
		return Targets{}
	}
	const anyway = true // they don't depend on whether the channel has threads
	s := dir.SettingsOf(a, anyway)
	return Targets{Ack: s.AckTarget, Reply: s.ReplyTarget}
}

// hoursHash returns a hash of all business hours and targets. When it changes, conversations are measured again.
func hoursHash(dir *Directory) string {
	h := sha256.New()
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; dir.Hours[a.ID] != nil {
			fmt.Fprintf(h, "%d %s\n", a.ID, a.Hours)
		}
		if t := targetsOf(dir, &dir.Accounts[i]); t != (Targets{}) {
			fmt.Fprintf(h, "%d %v\n", dir.Accounts[i].ID, t)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// measureAll computes the contributions of conversations.
func measureAll(ctx context.Context, tx pgx.Tx, dir *Directory, ids []store.ConversationID) (m measured, err error) {
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

	messages, err := measure.Messages(ctx, tx, ids)
	if err != nil {
		return m, err
	}

	logOf := map[store.ConversationID][]store.LogEntry{}
	for _, e := range log {
		logOf[e.ConversationID] = append(logOf[e.ConversationID], e)
	}
	messagesOf := map[store.ConversationID][]measure.Message{}
	for _, message := range messages {
		messagesOf[message.ConversationID] = append(messagesOf[message.ConversationID], message)
	}

	for _, s := range subjects {
		s.Tags = append([]string{}, dir.CurrentTagNames(s.Tags)...) // a renamed tag counts once, under its current name
		shares, times := Shares(s, logOf[s.ConversationID], messagesOf[s.ConversationID], dir.Hours[s.AccountID],
			targetsOf(dir, dir.Account(s.AccountID)))
		m.labels = append(m.labels, s.Labels)
		m.shares = append(m.shares, shares...)
		m.times = append(m.times, times...)
	}

	return m, nil
}
