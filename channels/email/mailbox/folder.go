package mailbox

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// folder is a mailbox folder that is read: how far it has been read, and which of its mails can't be
// read. Only the goroutine of Run uses it.
type folder struct {
	name string
	sent bool  // it is the folder of sent mail
	mark *mark // nil = it was not looked into yet

	tries    map[imap.UID]int  // failed attempts to fetch a mail on its own
	bad      map[imap.UID]bool // quarantined mails
	careful  imap.UID          // mails up to this UID are fetched one by one
	oldUntil time.Time         // while UIDs are void: mail that arrived until then is left out; zero = none
}

func newFolder(name string, sent bool) *folder {
	d := &folder{name: name, sent: sent}
	d.forgetTrouble()
	return d
}

// forgetTrouble forgets which mails can't be read, after UIDVALIDITY changed.
func (d *folder) forgetTrouble() {
	d.tries, d.bad, d.careful = map[imap.UID]int{}, map[imap.UID]bool{}, 0
}

// old reports whether a mail was there before the account was set up, by its time of arrival. It is
// needed where UIDs can't tell: at the first look, and after UIDVALIDITY changed.
func (d *folder) old(m *fetched) bool {
	return !d.oldUntil.IsZero() && !m.at.IsZero() && !m.at.After(d.oldUntil)
}
