package mailbox

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// clockDoubt is how far the mail server's clock may be behind the database's. Mail that was received
// up to this long before the account was set up is fetched as well, so that none is missed.
const clockDoubt = 10 * time.Minute

// takenFrom returns the time of arrival from which on mail is fetched at the first look; zero = mail
// that is there at the first look is not fetched.
func (c *Mailbox) takenFrom() time.Time {
	if c.beginsAt.IsZero() {
		return time.Time{}
	}
	return c.beginsAt.Add(-clockDoubt).UTC()
}

// align compares the inbox with its watermark. Without a watermark, this is the first look: it
// fetches mail since the account was set up; so it does where the account was given another mailbox (takenFrom). With a changed
// UIDVALIDITY, or where the mailbox moved to another server, all known UIDs are void: it
// fetches the last days again, and Accept recognises the mails that are stored already.
func (f *fetcher) align(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	m := f.inbox.mark
	switch {
	case m != nil && f.c.elsewhere(m) && m.Address != f.c.address():
		f.inbox.mark, f.sent.mark, f.before = nil, nil, m.NewestAt
		return f.begin(ctx, s, data)
	case m == nil:
		return f.begin(ctx, s, data)
	case f.c.elsewhere(m):
		if f.sent.mark != nil {
			f.sent.mark.UIDValidity = 0 // no server's
		}
		return f.startOver(ctx, s, data)
	case m.UIDValidity != data.UIDValidity:
		return f.startOver(ctx, s, data)
	case m.Server != f.c.server() || m.Address != f.c.address():
		m.Server, m.Address = f.c.server(), f.c.address()
		return f.save(ctx, m)
	}
	return nil
}

// takenFrom is Mailbox.takenFrom, but where the account was given another mailbox: that may be the same one by another
// name, and what came since the newest known mail is fetched, at most of the last days.
func (f *fetcher) takenFrom() time.Time {
	from := f.c.takenFrom()
	if f.before.IsZero() || from.IsZero() || !f.before.Before(from) {
		return from
	}
	if earliest := from.Add(-f.c.opts.Timing.Overlap); f.before.Before(earliest) {
		return earliest
	}
	return f.before
}

// begin makes the first watermark, behind all mail in the inbox, and fetches the mail that came since
// the account was set up. It saves the watermark last: after a crash it starts again.
func (f *fetcher) begin(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	m, err := f.markAtEnd(s, f.inbox.name, data)
	if err != nil {
		return err
	}
	from := f.takenFrom()
	m.SentFrom = from
	taken := 0
	if !from.IsZero() {
		m.NewestAt, m.StartedAt = from, from
		if taken, err = f.reread(ctx, s, m, from); err != nil {
			return err
		}
	}
	m.Left = max(0, int(data.NumMessages)-taken)
	f.c.log.Info("first look into the folder", "folder", m.Folder, "mails_taken", taken,
		"older_mails_left", m.Left, "taken_from", from)
	return f.save(ctx, m)
}

// startOver makes a new watermark after the folder's mails got other UIDs, and fetches the mail of the last days
// again. Mail that was there before the account was set up is left out, by its time of arrival.
func (f *fetcher) startOver(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	f.inbox.forgetTrouble()
	m, err := f.markAtEnd(s, f.inbox.name, data)
	if err != nil {
		return err
	}
	before := f.inbox.mark
	m.NewestAt, m.StartedAt, m.Left, m.SentFrom = before.NewestAt, before.StartedAt, before.Left, before.SentFrom
	taken, err := f.reread(ctx, s, m, before.StartedAt)
	if err != nil {
		return err
	}
	m.First = 1 // a rescan also fetches mails that appear late, with any UID
	f.c.log.Info("the folder's mails have other UIDs, read the last days again", "old", before.UIDValidity, "new", data.UIDValidity,
		"mails_read", taken, "older_mails_left", max(0, int(data.NumMessages)-taken))
	return f.save(ctx, m)
}

// markAtEnd returns a watermark behind all mails that are in the folder now.
func (f *fetcher) markAtEnd(s *imapSession, name string, data *imap.SelectData) (*mark, error) {
	now := f.c.env.Now()
	m := &mark{Folder: name, UIDValidity: data.UIDValidity, First: data.UIDNext, Server: f.c.server(), Address: f.c.address()}
	if data.NumMessages > 0 {
		uid, at, err := s.newest(data.NumMessages)
		if err != nil {
			return nil, err
		}
		if m.First == 0 { // the server did not tell UIDNEXT
			m.First = uid + 1
		}
		if at.IsZero() || at.After(now) {
			at = now
		}
		m.StartedAt = at.UTC()
	}
	m.First = max(m.First, 1)
	m.Last = m.First - 1
	m.arrived(m.StartedAt, now)
	if m.NewestAt.IsZero() {
		m.NewestAt = now.UTC()
	}
	return m, nil
}

// reread fetches the inbox's mail of the last days, without mail that arrived until oldUntil (zero =
// all of it), and new mail in the folder of sent mail. It notes the mails in the new watermark m, and
// returns how many it took from the inbox.
func (f *fetcher) reread(ctx context.Context, s *imapSession, m *mark, oldUntil time.Time) (taken int, err error) {
	sent, err := f.newSent(ctx, s) // first: see look
	if err == nil {
		err = s.enter(f.inbox.name, m.UIDValidity)
	}
	if err != nil {
		return 0, err
	}
	uids, err := f.since(s, m.NewestAt)
	if err != nil {
		return 0, err
	}
	f.inbox.oldUntil = oldUntil
	defer func() { f.inbox.oldUntil = time.Time{} }()
	err = f.takeInOrder(ctx, s, m.UIDValidity, uids, sent, func(_ context.Context, done []outcome) error {
		for _, o := range done {
			if o.fate == fateFetched || o.fate == fateUnreadable {
				m.First = min(m.First, o.uid)
				taken++
			}
		}
		m.note(done, f.c.env.Now())
		return nil
	})
	return taken, err
}
