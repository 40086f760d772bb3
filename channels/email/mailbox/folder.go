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

	tries       map[imap.UID]int  // for mails that are fetched alone: the attempts that didn't succeed
	quarantined map[imap.UID]bool // mails that could not be read maxTries times
	careUpTo    imap.UID          // mails up to this UID are fetched one by one, because one of them broke a connection

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
	d.quarantined = map[imap.UID]bool{}
	d.careUpTo = 0
}

// isOld reports whether a mail was there before the account was set up, by its time of arrival. This is
// needed where UIDs can't tell: at the first look, and after UIDVALIDITY changed.
func (d *folder) isOld(m *fetched) bool {
	if d.oldUntil.IsZero() || m.arrivedAt.IsZero() {
		return false
	}
	return !m.arrivedAt.After(d.oldUntil)
}
