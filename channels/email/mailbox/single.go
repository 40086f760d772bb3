package mailbox

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"parley/channels/pause"
)

// This file fetches a mail alone: one that is too large for a batch, or that may be the one at which the server fails. After maxTries
// tries, which may take several sessions, the mail is quarantined: admins are shown that it can't be read, and the mails behind it come.

// fetchSingle fetches one mail, or finds out why it can't be fetched. known has the mail's size and date, or is nil if they weren't fetched
// before.
// Errors: those that end the session.
func (t *batchFetch) fetchSingle(ctx context.Context, uid imap.UID, known *fetched) (outcome, error) {
	var refusal error // the server's answer to the last try, if it refused
	for t.folder.tries[uid] < maxTries {
		t.folder.tries[uid]++ // before the try, because that may break the connection
		var m *fetched
		m, refusal = t.tryToFetch(ctx, uid, known)
		if err := t.findSessionEnd(ctx, uid, refusal); err != nil {
			return outcome{}, err
		}

		found, err := t.findOutcome(uid, m)
		if err != nil {
			return outcome{}, err
		}
		if found != nil {
			return *found, nil
		}

		known = nil // the next try asks for size and date again
		if !pause.For(ctx, t.fetcher.box.opts.Timing.Again) {
			return outcome{}, ctx.Err()
		}
	}

	if refusal != nil && t.judgeRefusal(uid, refusal) {
		t.folder.tries[uid]-- // the next session tries the mail once more
		return outcome{}, refusal
	}

	t.folder.quarantined[uid] = true
	t.fetcher.rescanSooner()
	t.fetcher.box.log.Error("mail can't be read, quarantined", "folder", t.folder.name, "uid", uid)
	return outcome{uid: uid, result: resultUnreadable}, nil
}

// tryToFetch makes one attempt to fetch a mail. The last one doesn't ask for size and date first, in case the server fails at that
// question. tryToFetch returns nil if the server's answer doesn't have the mail.
func (t *batchFetch) tryToFetch(ctx context.Context, uid imap.UID, known *fetched) (*fetched, error) {
	mails := map[imap.UID]*fetched{uid: {uid: uid}}
	switch {
	case t.folder.tries[uid] == maxTries: // the body alone
	case known != nil:
		mails[uid] = known
	default:
		var err error
		if mails, err = t.session.fetchSizes([]imap.UID{uid}); err != nil {
			return nil, err
		}
	}

	m := mails[uid]
	if m == nil || t.folder.isOld(m) {
		return m, nil
	}
	if err := t.reserveFor(ctx, m); err != nil {
		return nil, err
	}

	err := t.session.fetchBodies([]imap.UID{uid}, mails, t.fetcher.box.opts)
	return m, err
}

// reserveFor reserves memory for a batch of one mail. Larger batches have reserved it for all their mails already.
func (t *batchFetch) reserveFor(ctx context.Context, m *fetched) error {
	if t.releaseMemory != nil {
		return nil
	}

	opts := t.fetcher.box.opts
	size := m.sizeBytes
	if size <= 0 || size > opts.MaxBody {
		size = opts.MaxBody
	}

	reserve := t.fetcher.box.limits.ReserveSmall
	if size > opts.MaxJoin {
		reserve = t.fetcher.box.limits.ReserveLarge
	}

	release, err := reserve(ctx, size)
	if err != nil {
		return err
	}
	t.releaseMemory = release
	return nil
}

// findSessionEnd returns the error with which the session must end after a try that failed with err. It returns nil if the session goes
// on: err is nil, or the server only refused this mail.
func (t *batchFetch) findSessionEnd(ctx context.Context, uid imap.UID, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := t.blameMails(err, uid); err != nil { // the connection broke
		t.folder.noteBroken(uid, t.fetcher.box.env.Now(), t.fetcher.box.opts.Timing.BlameAfter)
		return err
	}
	if isThrottled(err) && t.judgeRefusal(uid, err) {
		t.folder.tries[uid]-- // it says nothing of the mail
		return err
	}
	return nil
}

// findOutcome returns what became of a mail after a try that got m. It returns nil if the mail is in the folder, but the server didn't
// hand it out.
func (t *batchFetch) findOutcome(uid imap.UID, m *fetched) (*outcome, error) {
	if m != nil && t.folder.isOld(m) {
		return &outcome{uid: uid, result: resultOld, mail: m}, nil
	}
	if m != nil && m.hasRaw {
		t.fetcher.noteReadable(t.folder, uid)
		return &outcome{uid: uid, result: resultFetched, mail: m}, nil
	}

	exists, err := t.session.isInFolder(uid)
	if err != nil || exists {
		return nil, err
	}
	return &outcome{uid: uid, result: resultGone}, nil
}

// rescanSooner makes the next rescan come soon, because a mail that can't be read now may be readable in a
// minute. The wait doubles each time, up to the usual time between rescans.
func (f *fetcher) rescanSooner() {
	timing := f.box.opts.Timing
	f.earlyRescanWait = min(max(2*f.earlyRescanWait, timing.RescanBad), timing.Rescan)
	f.rescanTimer.Reset(spreadALittle(f.earlyRescanWait))
}

// noteReadable records that a mail could be read.
func (f *fetcher) noteReadable(dir *folder, uid imap.UID) {
	delete(dir.quarantined, uid)
	if len(f.inbox.quarantined)+len(f.sent.quarantined) == 0 {
		f.earlyRescanWait = 0
	}
}
