package mailbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// mark is the durable watermark of one folder: it says which mails have been dealt with, so that none is fetched twice or missed. The
// watermark of the inbox has that of the folder of sent mail in it.
// Shape: {"v":1,"folder":"INBOX","uidvalidity":1,"server":…,"first":5,"last":9,"newest_at":…,"started_at":…,"done":[[5,9]],"sent":{…}}
type mark struct {
	V           int    `json:"v"` // markVersion
	Folder      string `json:"folder"`
	UIDValidity uint32 `json:"uidvalidity"`
	// Server is where the folder was read, and as whom. Address is the account's address at that time. They
	// tell one mailbox from another, which UIDVALIDITY doesn't: large providers have the same one in many
	// mailboxes. Both are "" in a watermark of an earlier version.
	Server  string `json:"server,omitempty"`
	Address string `json:"address,omitempty"`
	// Sender is by which server the account's mail is sent, and as whom; "" in a watermark of an earlier version.
	// MovedAt is when Server or Sender last became another one; it is zero if neither did.
	Sender  string    `json:"sender,omitempty"`
	MovedAt time.Time `json:"moved_at,omitzero"`
	// First is the lowest UID to fetch: mail below it was there before the account was set up. After
	// a change of UIDVALIDITY it is 1, and StartedAt decides.
	First imap.UID `json:"first"`
	Last  imap.UID `json:"last"` // the highest UID that was dealt with: new mail has higher ones
	// NewestAt is the latest time of arrival (INTERNALDATE) of a mail that was dealt with. A rescan
	// looks back from there.
	NewestAt time.Time `json:"newest_at"`
	// StartedAt is the latest time of arrival of mail that was there before the account was set up. It is
	// zero if there was none.
	StartedAt time.Time `json:"started_at"`
	// Left is how many mails were there before the account was set up, for people.
	Left int `json:"left,omitempty"`
	// Done lists the UIDs that were dealt with and that a rescan finds again, as ranges {first, last}. A rescan fetches UIDs that are not
	// listed, because servers may show a lower UID after a higher one.
	Done [][2]imap.UID `json:"done"`

	// SentFrom is the time of arrival from which on mail in the folder of sent mail is read at the first look
	// into that folder. If it is zero, mail that is there at the first look is not read.
	SentFrom time.Time `json:"sent_from,omitzero"`
	// Sent is the watermark of the folder of sent mail. It is nil before the first look into that folder.
	Sent *mark `json:"sent,omitempty"`
}

const (
	markVersion = 1
	// maxDoneRanges limits the saved list. Mails that are dropped from it are fetched once more, and
	// Accept recognises them.
	maxDoneRanges = 4000
)

var errBadMark = errors.New("email: watermark makes no sense")

// loadMark reads the watermark. The result is nil, without an error, if none was saved yet, or if the saved one is of
// another folder than the account has now: reading begins anew then.
// Errors: errBadMark, or the database's.
func (c *Mailbox) loadMark(ctx context.Context) (*mark, error) {
	m, _, err := c.loadMarkOfAnyFolder(ctx)
	if err != nil || m == nil || m.Folder != c.set.Folder {
		return nil, err
	}
	return m, nil
}

// loadMarkOfAnyFolder is loadMark, but also returns a watermark of another folder: which servers the account had
// doesn't depend on the folder. stored is how the watermark is stored.
func (c *Mailbox) loadMarkOfAnyFolder(ctx context.Context) (m *mark, stored []byte, err error) {
	stored, err = c.env.State.Load(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("email: load watermark: %w", err)
	}
	if len(stored) == 0 {
		return nil, stored, nil // none was saved yet
	}

	m = &mark{}
	if err := json.Unmarshal(stored, m); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errBadMark, err)
	}
	if m.V != markVersion {
		return nil, nil, fmt.Errorf("%w: version %d is not %d", errBadMark, m.V, markVersion)
	}

	return m, stored, nil
}

// saveMark saves the watermark, with that of the folder of sent mail in it, in place of the one that is stored as before. It returns how
// the watermark is stored now.
func (c *Mailbox) saveMark(ctx context.Context, before []byte, m *mark) (stored []byte, err error) {
	m.V = markVersion
	m.limitDone()
	if m.Sent != nil {
		m.Sent.V = markVersion
		m.Sent.limitDone()
	}

	stored, err = json.Marshal(m)
	if err == nil {
		err = c.env.State.Save(ctx, before, stored)
	}
	if err != nil {
		return nil, fmt.Errorf("email: save watermark: %w", err)
	}

	return stored, nil
}

// serverAndUser names where the account's mailbox is read, and as whom.
func (c *Mailbox) serverAndUser() string {
	return strings.ToLower(c.set.IMAP.Username + " at " + strings.TrimSuffix(c.set.IMAP.Host, "."))
}

// sender names where the account's mail is sent, and as whom.
func (c *Mailbox) sender() string {
	return strings.ToLower(c.set.SMTP.Username + " at " + strings.TrimSuffix(c.set.SMTP.Host, "."))
}

// ownAddress is the account's address.
func (c *Mailbox) ownAddress() string { return strings.ToLower(c.set.Address) }

// isElsewhere reports whether a watermark belongs to a mailbox at another server, or to that of another user.
func (c *Mailbox) isElsewhere(m *mark) bool { return m.Server != "" && m.Server != c.serverAndUser() }

// hasMoved reports whether the account has got another server since a watermark was written, to read mail or to send it.
func (c *Mailbox) hasMoved(m *mark) bool {
	return c.isElsewhere(m) || m.Sender != "" && m.Sender != c.sender()
}

// movedAt returns when the account got its present servers, as far as a watermark knows. It is zero if it had no others.
func (c *Mailbox) movedAt(m *mark) time.Time {
	if c.hasMoved(m) {
		return c.env.Now().UTC()
	}
	return m.MovedAt
}

// limitDone drops the lowest ranges of Done if it is too long.
func (m *mark) limitDone() {
	if over := len(m.Done) - maxDoneRanges; over > 0 {
		m.Done = m.Done[over:]
	}
}

// isDone reports whether Done lists a UID.
func (m *mark) isDone(uid imap.UID) bool {
	i := m.rangeIndex(uid)
	return i < len(m.Done) && m.Done[i][0] <= uid
}

// rangeIndex returns the index of the first range that doesn't end before a UID. If the UID is listed, it is
// in this range; otherwise a new range would go there.
func (m *mark) rangeIndex(uid imap.UID) int {
	return sort.Search(len(m.Done), func(i int) bool { return m.Done[i][1] >= uid })
}

// addDone adds a UID to Done and joins adjacent ranges.
func (m *mark) addDone(uid imap.UID) {
	if m.isDone(uid) {
		return
	}

	i := m.rangeIndex(uid)
	joinsLeft := i > 0 && m.Done[i-1][1]+1 == uid
	joinsRight := i < len(m.Done) && uid+1 == m.Done[i][0]
	switch {
	case joinsLeft && joinsRight:
		m.Done[i-1][1] = m.Done[i][1]
		m.Done = append(m.Done[:i], m.Done[i+1:]...)
	case joinsLeft:
		m.Done[i-1][1] = uid
	case joinsRight:
		m.Done[i][0] = uid
	default:
		m.Done = append(m.Done, [2]imap.UID{})
		copy(m.Done[i+1:], m.Done[i:])
		m.Done[i] = [2]imap.UID{uid, uid}
	}
}

// dropDoneBelow removes the UIDs below a UID from Done.
func (m *mark) dropDoneBelow(below imap.UID) {
	for len(m.Done) > 0 && m.Done[0][1] < below {
		m.Done = m.Done[1:]
	}
	if len(m.Done) > 0 && m.Done[0][0] < below {
		m.Done[0][0] = below
	}
}

// raiseNewestAt raises NewestAt to a mail's time of arrival, but never into the future: rescans, which begin
// there, would miss mail.
func (m *mark) raiseNewestAt(at, now time.Time) {
	if at.After(now) {
		at = now
	}
	if at.After(m.NewestAt) {
		m.NewestAt = at.UTC()
	}
}
