package email

import (
	"time"

	"github.com/emersion/go-imap/v2"
)

// folder is a folder that is read: how far, and which of its mails make trouble. Only the
// goroutine of Run touches it.
type folder struct {
	name string
	sent bool  // it is the folder of sent mail
	mark *mark // nil: nothing known

	tries    map[imap.UID]int // failed tries to get a mail on its own
	bad      map[imap.UID]bool
	careful  imap.UID  // mails up to this UID are fetched one by one
	oldUntil time.Time // mail up to here was there before us; zero: UIDs tell that
}

func newFolder(name string, sent bool) *folder {
	d := &folder{name: name, sent: sent}
	d.forgetTrouble()
	return d
}

// forgetTrouble is for a folder whose UIDs mean nothing any more.
func (d *folder) forgetTrouble() {
	d.tries, d.bad, d.careful = map[imap.UID]int{}, map[imap.UID]bool{}, 0
}

// old tells whether a mail was there before the first start. UIDs tell that, until UIDVALIDITY
// changes and they mean nothing any more.
func (d *folder) old(m *fetched) bool {
	return !d.oldUntil.IsZero() && !m.at.IsZero() && !m.at.After(d.oldUntil)
}
