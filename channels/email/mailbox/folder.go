package mailbox

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// folder is the state of one folder that Parley reads: the inbox, or the Sent folder with the mails that people send to
// customers without Parley. It records how far the folder was read, and which mails caused failures, so that a single
// bad mail never blocks the others. Suppose mail 7 makes the server drop the connection:
//
//  1. Fetching mails 5 to 9 together fails, so careUpTo becomes 9.
//  2. The next session, which is a new connection, fetches 5 and 6 one by one. Mail 7 breaks that session.
//  3. After maxTries such attempts mail 7 is quarantined: it is skipped and reported. Then 8 and 9 are fetched.
//
// A folder outlives its sessions. It is used by a single goroutine (see fetcher).
type folder struct {
	name   string
	isSent bool  // the Sent folder, not the inbox
	mark   *mark // the watermark: how far the folder was read; nil before the first look

	careUpTo    imap.UID               // mails up to this UID are fetched one by one
	tries       map[imap.UID]int       // failed attempts to fetch a mail alone
	brokenSince map[imap.UID]time.Time // when a mail, fetched alone, first broke the connection
	quarantined map[imap.UID]bool      // mails that failed maxTries times

	// How many sessions in a row have ended because the server refused every mail. Parley is more patient with a server
	// that limits requests (maxThrottles) than with a faulty one (maxRefusals).
	throttles int // refusals because of too many requests
	refusals  int // refusals for any other reason

	// oldUntil is set when UIDs don't show which mails are old: mail that arrived up to this time is skipped.
	oldUntil time.Time
}

// newFolder returns a folder that wasn't read yet.
func newFolder(name string, sent bool) *folder {
	f := &folder{name: name, isSent: sent}
	f.forgetTrouble()
	return f
}

// forgetTrouble resets all failures. It is called when the mails have got new UIDs.
func (f *folder) forgetTrouble() {
	f.tries = map[imap.UID]int{}
	f.brokenSince = map[imap.UID]time.Time{}
	f.quarantined = map[imap.UID]bool{}
	f.careUpTo = 0
	f.forgetRefusals()
}

// forgetTries resets the failures of a mail that has been handled.
func (f *folder) forgetTries(uid imap.UID) {
	delete(f.tries, uid)
	delete(f.brokenSince, uid)
}

// noteBroken records that a connection broke while a mail was fetched alone. The last attempt counts only if blameAfter
// has passed since the first break: a bad network may break as many connections in a short time.
func (f *folder) noteBroken(uid imap.UID, now time.Time, blameAfter time.Duration) {
	since, ok := f.brokenSince[uid]
	if !ok {
		since = now
		f.brokenSince[uid] = since
	}
	if f.tries[uid] == maxTries && now.Sub(since) < blameAfter {
		f.tries[uid]--
	}
}

// forgetRefusals resets the counts of refusals, because the server has handed out a mail.
func (f *folder) forgetRefusals() { f.refusals, f.throttles = 0, 0 }

// isOld reports whether a mail arrived before the account was set up, so that it must be skipped; see oldUntil.
func (f *folder) isOld(m *fetched) bool {
	if f.oldUntil.IsZero() || m.arrivedAt.IsZero() {
		return false
	}
	return !m.arrivedAt.After(f.oldUntil)
}

// askCarefully calls ask with all mails. If that fails, it calls ask with each mail alone: in this session if the
// connection still works, otherwise in the next one. It skips mails that have broken a connection before, and ignores a
// refusal of a single mail. uids must be sorted and not empty. An error ends the session.
func (f *folder) askCarefully(uids []imap.UID, ask func(uids []imap.UID) error) error {
	first, last := uids[0], uids[len(uids)-1]
	if first > f.careUpTo {
		err := ask(uids)
		if err == nil {
			return nil
		}
		if f.countThrottling(err) {
			return err
		}

		f.careUpTo = max(f.careUpTo, last)
		if !isRefusal(err) {
			return err
		}
	}

	for _, uid := range uids {
		if f.tries[uid] > 0 {
			continue
		}
		if err := f.askAlone(uid, ask); err != nil {
			return err
		}
	}
	return nil
}

// askAlone calls ask with one mail. If that breaks the connection, it counts as a try. An error ends the session.
func (f *folder) askAlone(uid imap.UID, ask func(uids []imap.UID) error) error {
	f.tries[uid] = 1 // reset below if the connection still works
	err := ask([]imap.UID{uid})
	if err != nil && !isRefusal(err) {
		return err
	}

	delete(f.tries, uid)
	if f.countThrottling(err) {
		return err
	}
	return nil
}

// countThrottling is countRefusal for errors that say that there were too many requests. It returns false for others.
func (f *folder) countThrottling(err error) (endSession bool) {
	return isThrottled(err) && f.countRefusal(err)
}

// countRefusal counts a session in which the server refused every mail. It returns true if the session must end, so that
// a later one may succeed. It returns false, without counting, if too many sessions have failed in this way. A session
// that stored some mails before the refusal counts twice (see fetchBatch).
func (f *folder) countRefusal(refusal error) (endSession bool) {
	if f.isGivenUp(refusal) {
		return false
	}
	if isThrottled(refusal) {
		f.throttles++
	} else {
		f.refusals++
	}
	return true
}

// isGivenUp reports whether the maximum number of sessions has ended for this kind of refusal.
func (f *folder) isGivenUp(refusal error) bool {
	if isThrottled(refusal) {
		return f.throttles >= maxThrottles
	}
	return f.refusals >= maxRefusals
}
