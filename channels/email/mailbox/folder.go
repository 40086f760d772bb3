package mailbox

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// folder is a mailbox folder that is read: how far it has been read, and which of its mails can't be read.
// Who uses it is said at fetcher.
type folder struct {
	name   string
	isSent bool  // the folder of sent mail, not the inbox
	mark   *mark // how far it has been read; nil before the first look

	tries       map[imap.UID]int       // for mails that are asked for alone: the attempts that didn't succeed
	brokenSince map[imap.UID]time.Time // for mails that broke a connection when they were asked for alone: when they did so first
	quarantined map[imap.UID]bool      // mails that could not be read maxTries times
	refusals    int                    // sessions in a row in which the server refused every mail, without saying that it was asked too much
	throttles   int                    // sessions in a row that ended because the server said so
	careUpTo    imap.UID               // mails up to this UID are fetched one by one, because one of them broke a connection

	// oldUntil is set where UIDs can't tell which mail is old: mail that arrived until then is left out. If
	// it is zero, no mail is left out.
	oldUntil time.Time
}

// newFolder returns a folder of which nothing was read yet.
func newFolder(name string, sent bool) *folder {
	d := &folder{name: name, isSent: sent}
	d.forgetTrouble()
	return d
}

// forgetTrouble forgets which mails can't be read, after UIDVALIDITY changed.
func (d *folder) forgetTrouble() {
	d.tries = map[imap.UID]int{}
	d.brokenSince = map[imap.UID]time.Time{}
	d.quarantined = map[imap.UID]bool{}
	d.careUpTo = 0
	d.forgetRefusals()
}

// forgetTries forgets the attempts at a mail that has been dealt with.
func (d *folder) forgetTries(uid imap.UID) {
	delete(d.tries, uid)
	delete(d.brokenSince, uid)
}

// noteBroken records that a connection broke while a mail was asked for alone. It takes back the last attempt until blameAfter is over:
// a bad line breaks as many connections in a short time.
func (d *folder) noteBroken(uid imap.UID, now time.Time, blameAfter time.Duration) {
	since, ok := d.brokenSince[uid]
	if !ok {
		since = now
		d.brokenSince[uid] = since
	}
	if d.tries[uid] == maxTries && now.Sub(since) < blameAfter {
		d.tries[uid]--
	}
}

// forgetRefusals forgets in how many sessions the server refused everything, once it has handed out what was asked for.
func (d *folder) forgetRefusals() { d.refusals, d.throttles = 0, 0 }

// isOld reports whether a mail was there before the account was set up, by its time of arrival. This is
// needed where UIDs can't tell: at the first look, and after UIDVALIDITY changed.
func (d *folder) isOld(m *fetched) bool {
	if d.oldUntil.IsZero() || m.arrivedAt.IsZero() {
		return false
	}
	return !m.arrivedAt.After(d.oldUntil)
}

// askCarefully calls ask with all mails at once or, if that fails, with each alone. It never asks again about a mail that broke the
// connection. Of such a mail, and of one about which the server refuses to answer, nothing is found out.
// Errors: those that end the session. The next one asks about these mails one by one.
func (d *folder) askCarefully(uids []imap.UID, ask func(uids []imap.UID) error) error {
	if uids[0] > d.careUpTo {
		err := ask(uids)
		if err == nil {
			return nil
		}
		if d.countIfThrottled(err) {
			return err
		}

		d.careUpTo = max(d.careUpTo, uids[len(uids)-1])
		if !isRefusal(err) {
			return err
		}
	}

	for _, uid := range uids {
		if d.tries[uid] > 0 {
			continue
		}

		d.tries[uid] = 1 // before the question, because it may break the connection
		err := ask([]imap.UID{uid})
		if err != nil && !isRefusal(err) {
			return err
		}
		delete(d.tries, uid)
		if d.countIfThrottled(err) {
			return err
		}
	}

	return nil
}

// countIfThrottled counts the session if the server refuses because it was asked too much. It reports whether the session ends: after
// too many such sessions, it goes on.
func (d *folder) countIfThrottled(err error) bool { return isThrottled(err) && d.countRefusal(err) }

// countRefusal counts a session in which the server refused everything, and reports whether the server is still waited for. Refusals
// because it was asked too much have a count of their own: half an hour of them must not use up the patience with an outage. A session
// in which mails before the refused one were stored counts twice: see fetchBatch.
func (d *folder) countRefusal(refusal error) bool {
	if d.isGivenUp(refusal) {
		return false
	}
	if isThrottled(refusal) {
		d.throttles++
	} else {
		d.refusals++
	}
	return true
}

// isGivenUp reports whether the server has refused everything in so many sessions that it is no longer waited for.
func (d *folder) isGivenUp(refusal error) bool {
	if isThrottled(refusal) {
		return d.throttles >= maxThrottles
	}
	return d.refusals >= maxRefusals
}
