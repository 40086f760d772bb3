package mailbox

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"parley/channels/wire"
)

// This file fetches a mail alone, because it is too large for a batch or because the server may fail at it. After maxTries
// attempts, which may take several sessions (connections), the mail is quarantined: it is reported to administrators and
// skipped, so that it doesn't block the mails after it.

// fetchSingle fetches one mail or determines why it can't be fetched. known has its size and date, or is nil if they are
// unknown. An error ends the session.
func (b *batchFetch) fetchSingle(ctx context.Context, uid imap.UID, known *fetched) (outcome, error) {
	var refusal error // the server's refusal of the last attempt, if it was one
	for b.folder.tries[uid] < maxTries {
		b.folder.tries[uid]++ // before the attempt, which may break the connection
		var m *fetched
		m, refusal = b.tryToFetch(ctx, uid, known)
		if err := b.findSessionEnd(ctx, uid, refusal); err != nil {
			return outcome{}, err
		}

		found, err := b.findOutcome(uid, m)
		if err != nil {
			return outcome{}, err
		}
		if found != nil {
			return *found, nil
		}

		known = nil // fetch size and date again
		if !wire.For(ctx, b.fetcher.box.opts.Timing.Again) {
			return outcome{}, ctx.Err()
		}
	}

	if refusal != nil && b.judgeRefusal(uid, refusal) {
		b.folder.tries[uid]-- // give it another attempt in the next session
		return outcome{}, refusal
	}

	b.folder.quarantined[uid] = true
	b.fetcher.rescanSooner()
	b.fetcher.box.log.Error("mail can't be read, quarantined", "folder", b.folder.name, "uid", uid)
	return outcome{uid: uid, result: resultUnreadable}, nil
}

// tryToFetch makes one attempt to fetch a mail. The last attempt doesn't fetch size and date, in case the server fails at
// these. tryToFetch returns nil if the response doesn't contain the mail.
func (b *batchFetch) tryToFetch(ctx context.Context, uid imap.UID, known *fetched) (*fetched, error) {
	mails := map[imap.UID]*fetched{uid: {uid: uid}}
	switch {
	case b.folder.tries[uid] == maxTries: // only the body
	case known != nil:
		mails[uid] = known
	default:
		var err error
		if mails, err = b.session.fetchSizes([]imap.UID{uid}); err != nil {
			return nil, err
		}
	}

	m := mails[uid]
	if m == nil || b.folder.isOld(m) {
		return m, nil
	}
	if err := b.reserveFor(ctx, m); err != nil {
		return nil, err
	}

	err := b.session.fetchBodies([]imap.UID{uid}, mails, b.fetcher.box.opts)
	return m, err
}

// reserveFor reserves memory for a batch of one mail. For larger batches, fetchJoined has already reserved it.
func (b *batchFetch) reserveFor(ctx context.Context, m *fetched) error {
	if b.releaseMemory != nil {
		return nil
	}

	opts := b.fetcher.box.opts
	size := m.sizeBytes
	if size <= 0 || size > opts.MaxBody {
		size = opts.MaxBody
	}

	reserve := b.fetcher.box.limits.ReserveSmall
	if size > opts.MaxJoin {
		reserve = b.fetcher.box.limits.ReserveLarge
	}

	release, err := reserve(ctx, size)
	if err != nil {
		return err
	}
	b.releaseMemory = release
	return nil
}

// findSessionEnd returns the error with which the session must end after an attempt with the result err. It returns nil if
// the session can continue: err is nil, or the server only refused this mail.
func (b *batchFetch) findSessionEnd(ctx context.Context, uid imap.UID, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := b.blameMails(err, uid); err != nil { // the connection broke
		b.folder.noteBroken(uid, b.fetcher.box.env.Now(), b.fetcher.box.opts.Timing.BlameAfter)
		return err
	}
	if isThrottled(err) && b.judgeRefusal(uid, err) {
		b.folder.tries[uid]-- // it wasn't the mail's fault
		return err
	}
	return nil
}

// findOutcome returns the outcome of an attempt that fetched m. It returns nil if the mail is in the folder but the server
// didn't return it, so that another attempt is needed.
func (b *batchFetch) findOutcome(uid imap.UID, m *fetched) (*outcome, error) {
	if m != nil && b.folder.isOld(m) {
		return &outcome{uid: uid, result: resultOld, mail: m}, nil
	}
	if m != nil && m.hasRaw {
		b.fetcher.noteReadable(b.folder, uid)
		return &outcome{uid: uid, result: resultFetched, mail: m}, nil
	}

	exists, err := b.session.isInFolder(uid)
	if err != nil || exists {
		return nil, err
	}
	return &outcome{uid: uid, result: resultGone}, nil
}

// rescanSooner schedules an early rescan, because an unreadable mail may be readable in a minute. The wait doubles each
// time, up to the regular interval.
func (f *fetcher) rescanSooner() {
	timing := f.box.opts.Timing
	f.earlyRescanWait = min(max(2*f.earlyRescanWait, timing.RescanBad), timing.Rescan)
	f.rescanTimer.Reset(spreadALittle(f.earlyRescanWait))
}

// noteReadable ends the quarantine of a mail. If there is none left, rescans return to their regular interval.
func (f *fetcher) noteReadable(dir *folder, uid imap.UID) {
	delete(dir.quarantined, uid)
	if len(f.inbox.quarantined)+len(f.sent.quarantined) == 0 {
		f.earlyRescanWait = 0
	}
}
