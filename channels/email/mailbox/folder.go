package mailbox

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// folder is what is known about one of the two folders of a mailbox that Parley reads: the inbox, and the folder of
// sent mail, where mails to customers lie that were not sent by Parley. It says how far the folder was read, and what
// went wrong with which mail, so that one mail that can't be read never keeps the others from coming.
//
// Parley reads in sessions. A session is one IMAP connection; after an error that ends it, a new one begins after a
// while. A folder outlives its sessions. It is used by one goroutine only (see fetcher).
type folder struct {
	name   string
	isSent bool  // the folder of sent mail, not the inbox
	mark   *mark // how far the folder was read; nil before the first look

	// careUpTo is set once asking for several mails has failed: mails up to this UID are asked for one by one, to
	// find the one that is to blame.
	careUpTo    imap.UID
	tries       map[imap.UID]int       // by mail that was asked for alone: how often that has failed
	brokenSince map[imap.UID]time.Time // by mail that was asked for alone and broke the connection: when it did so first
	quarantined map[imap.UID]bool      // mails that could not be read maxTries times

	// How many sessions in a row have ended because the server refused every mail. They are counted apart, because a
	// server may ask for more patience (maxThrottles) than Parley has with one that is out of order (maxRefusals).
	throttles int // the server said that it was asked too much
	refusals  int // it gave any other reason

	// oldUntil is set where UIDs can't tell which mail is old: mail that arrived until then is left out. If it is
	// zero, no mail is left out.
	oldUntil time.Time
}

// newFolder returns a folder of which nothing was read yet.
func newFolder(name string, sent bool) *folder {
	f := &folder{name: name, isSent: sent}
	f.forgetTrouble()
	return f
}

// forgetTrouble forgets which mails can't be read, because the server has given all mails new UIDs (a new UIDVALIDITY).
func (f *folder) forgetTrouble() {
	f.tries = map[imap.UID]int{}
	f.brokenSince = map[imap.UID]time.Time{}
	f.quarantined = map[imap.UID]bool{}
	f.careUpTo = 0
	f.forgetRefusals()
}

// forgetTries forgets the attempts at a mail that has been dealt with.
func (f *folder) forgetTries(uid imap.UID) {
	delete(f.tries, uid)
	delete(f.brokenSince, uid)
}

// noteBroken records that a connection broke while a mail was asked for alone. Until blameAfter has passed since the first
// break, the last attempt doesn't count: a bad line breaks as many connections in a short time.
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

// forgetRefusals begins to count sessions anew, because the server has answered what it was asked for.
func (f *folder) forgetRefusals() { f.refusals, f.throttles = 0, 0 }

// isOld reports whether a mail arrived before the account was set up, so that nobody is to see it. The time of arrival
// decides where UIDs can't: at the first look, and after UIDVALIDITY changed.
func (f *folder) isOld(m *fetched) bool {
	if f.oldUntil.IsZero() || m.arrivedAt.IsZero() {
		return false
	}
	return !m.arrivedAt.After(f.oldUntil)
}

// askCarefully calls ask with all mails at once. If that fails, it calls ask with each mail alone, in this session if
// the connection still works and otherwise in the next one. It leaves out a mail that has broken the connection when
// it was asked for alone, and goes on after a mail about which the server refuses to answer: ask learns nothing about
// these. uids must be sorted and must not be empty.
// Errors: those that end the session.
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

// askAlone calls ask with one mail, and counts a try of the mail if that breaks the connection.
// Errors: those that end the session.
func (f *folder) askAlone(uid imap.UID, ask func(uids []imap.UID) error) error {
	f.tries[uid] = 1 // set before, and taken back if the connection still works
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

// countThrottling counts a session in which the server says that it was asked too much, and returns true: the session is to end. For other
// errors, and after maxThrottles sessions, it returns false: then the server is asked on.
func (f *folder) countThrottling(err error) (endSession bool) {
	return isThrottled(err) && f.countRefusal(err)
}

// countRefusal counts a session in which the server refused every mail, and returns true: the session is to end, and
// the next one may fare better. It returns false, and counts nothing, if Parley has waited for the server long
// enough. A session that stored some mails before it was refused counts twice (see fetchBatch).
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

// isGivenUp reports whether the server has refused everything for this reason in as many sessions as Parley waits for
// it.
func (f *folder) isGivenUp(refusal error) bool {
	if isThrottled(refusal) {
		return f.throttles >= maxThrottles
	}
	return f.refusals >= maxRefusals
}
