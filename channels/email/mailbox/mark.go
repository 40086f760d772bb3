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

// mark is the watermark of one folder, which is stored in the database: it records which mails have been handled, so
// that none is missed or fetched twice. IMAP numbers the mails of a folder by ascending UIDs; if UIDVALIDITY changes, all
// UIDs are void. The watermark of the inbox contains that of the Sent folder. For example,
//
//	{"v":1,"folder":"INBOX","uidvalidity":1,"first":5,"last":9,"done":[[5,6],[8,9]],"sent":{…},…}
//
// means that the mails 5 to 9 have been handled, except for 7, which a rescan will look for.
type mark struct {
	V           int    `json:"v"` // markVersion
	Folder      string `json:"folder"`
	UIDValidity uint32 `json:"uidvalidity"`
	// Server is the IMAP user and host, Address the account's address. They identify the mailbox; UIDVALIDITY doesn't,
	// because large providers use the same value for many mailboxes. Watermarks of earlier versions lack both.
	Server  string `json:"server,omitempty"`
	Address string `json:"address,omitempty"`
	// Sender is the SMTP user and host. Watermarks of earlier versions lack it. MovedAt is when Server or Sender last
	// changed; it is zero if they never did.
	Sender  string    `json:"sender,omitempty"`
	MovedAt time.Time `json:"moved_at,omitzero"`
	// First is the lowest UID to fetch: mail below it is older than the account. After a change of UIDVALIDITY it is 1,
	// and StartedAt decides.
	First imap.UID `json:"first"`
	Last  imap.UID `json:"last"` // the highest UID that was handled: new mail has higher ones
	// NewestAt is the latest time of arrival (INTERNALDATE) of a handled mail. A rescan looks back from there.
	NewestAt time.Time `json:"newest_at"`
	// StartedAt is the latest time of arrival of mail that is older than the account. It is zero if there is none.
	StartedAt time.Time `json:"started_at"`
	// Left is how many mails are older than the account. It is only shown to people.
	Left int `json:"left,omitempty"`
	// Done lists the handled UIDs that a rescan finds again, as ranges {first, last}. A rescan fetches the UIDs between
	// them, because servers may show a lower UID after a higher one.
	Done [][2]imap.UID `json:"done"`

	// SentFrom is the time of arrival from which mail is read at the first look into the Sent folder. If it is zero, only
	// mail that arrives later is read.
	SentFrom time.Time `json:"sent_from,omitzero"`
	// Sent is the watermark of the Sent folder. It is nil before the first look into that folder.
	Sent *mark `json:"sent,omitempty"`
}

const (
	markVersion = 1
	// maxDoneRanges limits Done. Mails that are dropped from it are fetched again, and Accept recognises them.
	maxDoneRanges = 4000
)

var errBadMark = errors.New("email: watermark makes no sense")

// loadMark reads the watermark of the account's folder. It returns nil without an error if there is none, or if it
// belongs to a folder that the account used before. An invalid watermark is errBadMark.
func (box *Mailbox) loadMark(ctx context.Context) (*mark, error) {
	m, _, err := box.loadMarkOfAnyFolder(ctx)
	if err != nil || m == nil || m.Folder != box.set.Folder {
		return nil, err
	}
	return m, nil
}

// loadMarkOfAnyFolder is like loadMark, but also returns the watermark of another folder, for the fields that don't
// depend on the folder. stored is the watermark in its stored form.
func (box *Mailbox) loadMarkOfAnyFolder(ctx context.Context) (m *mark, stored []byte, err error) {
	stored, err = box.env.State.Load(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("email: load watermark: %w", err)
	}
	if len(stored) == 0 {
		return nil, stored, nil
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

// saveMark replaces the watermark whose stored form is before by m, and returns the stored form of m. It fails if another
// watermark is stored.
func (box *Mailbox) saveMark(ctx context.Context, before []byte, m *mark) (stored []byte, err error) {
	m.V = markVersion
	m.limitDone()
	if m.Sent != nil {
		m.Sent.V = markVersion
		m.Sent.limitDone()
	}

	stored, err = json.Marshal(m)
	if err == nil {
		err = box.env.State.Save(ctx, before, stored)
	}
	if err != nil {
		return nil, fmt.Errorf("email: save watermark: %w", err)
	}

	return stored, nil
}

// serverAndUser returns mark.Server for the current settings: "ann at imap.acme.test".
func (box *Mailbox) serverAndUser() string {
	return strings.ToLower(box.set.IMAP.Username + " at " + strings.TrimSuffix(box.set.IMAP.Host, "."))
}

// sender returns mark.Sender for the current settings.
func (box *Mailbox) sender() string {
	return strings.ToLower(box.set.SMTP.Username + " at " + strings.TrimSuffix(box.set.SMTP.Host, "."))
}

// ownAddress returns mark.Address for the current settings.
func (box *Mailbox) ownAddress() string { return strings.ToLower(box.set.Address) }

// isElsewhere reports whether a watermark belongs to another server or user.
func (box *Mailbox) isElsewhere(m *mark) bool {
	return m.Server != "" && m.Server != box.serverAndUser()
}

// hasMoved reports whether the account's IMAP or SMTP server has changed since a watermark was saved.
func (box *Mailbox) hasMoved(m *mark) bool {
	return box.isElsewhere(m) || m.Sender != "" && m.Sender != box.sender()
}

// movedAt returns when the account got its current servers, according to the last watermark. It is zero if they never
// changed.
func (box *Mailbox) movedAt(m *mark) time.Time {
	if box.hasMoved(m) {
		return box.env.Now().UTC()
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

// rangeIndex returns the index of the first range that ends at or after a UID. If the UID is in Done, it is in this
// range; otherwise a new range must be inserted there.
func (m *mark) rangeIndex(uid imap.UID) int {
	return sort.Search(len(m.Done), func(i int) bool { return m.Done[i][1] >= uid })
}

// addDone adds a UID to Done and merges adjacent ranges.
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

// raiseNewestAt raises NewestAt to a mail's time of arrival, but never into the future: a rescan, which looks back from
// there, would miss mail.
func (m *mark) raiseNewestAt(at, now time.Time) {
	if at.After(now) {
		at = now
	}
	if at.After(m.NewestAt) {
		m.NewestAt = at.UTC()
	}
}
