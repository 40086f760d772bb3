package email

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"
)

// clockDoubt is how far the mail server's clock may be behind the database's without a mail being
// passed over: what was received so long before the account was set up is taken as well.
const clockDoubt = 10 * time.Minute

// takenFrom gives the arrival from which mail is taken at the first look; zero = none of what is
// there then.
func (c *Channel) takenFrom() time.Time {
	if c.beginsAt.IsZero() {
		return time.Time{}
	}
	return c.beginsAt.Add(-clockDoubt).UTC()
}

// align compares the folder with the watermark. The first look takes what arrived since the
// account was set up. A changed UIDVALIDITY makes all UIDs void, so the last days are read again
// and Accept knows what it has.
func (f *fetcher) align(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	switch {
	case f.inbox.mark == nil:
		return f.begin(ctx, s, data)
	case f.inbox.mark.UIDValidity != data.UIDValidity:
		return f.startOver(ctx, s, data)
	}
	return nil
}

// begin notes where new mail starts and takes what came between the set-up and now. The watermark
// is saved when all of that is stored: after a crash it begins again.
func (f *fetcher) begin(ctx context.Context, s *imapSession, data *imap.SelectData) error {
	m, err := f.markAtEnd(s, f.inbox.name, data)
	if err != nil {
		return err
	}
	from := f.c.takenFrom()
	m.SentFrom = from
	taken := 0
	if !from.IsZero() {
		m.NewestAt, m.StartedAt = from, from
		if taken, err = f.reread(ctx, s, m, from); err != nil {
			return err
		}
	}
	m.Left = max(0, int(data.NumMessages)-taken)
	f.c.log.Info("first look into the folder", "folder", m.Folder, "mails_taken", taken, "older_mails_left", m.Left, "taken_from", from)
	return f.save(ctx, m)
}

// startOver reads the last days of a folder whose UIDs mean nothing any more. What was there
// before us stays out by its arrival.
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
	m.First = 1 // whatever shows up late below is fetched
	f.c.log.Info("UIDVALIDITY changed, read the last days again", "old", before.UIDValidity, "new", data.UIDValidity,
		"mails_read", taken, "older_mails_left", max(0, int(data.NumMessages)-taken))
	return f.save(ctx, m)
}

// markAtEnd gives a watermark behind everything that is in the folder now.
func (f *fetcher) markAtEnd(s *imapSession, name string, data *imap.SelectData) (*mark, error) {
	now := f.c.env.Now()
	m := &mark{Folder: name, UIDValidity: data.UIDValidity, First: data.UIDNext}
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

// reread takes the mail of the last days before a new watermark, but for what arrived up to a
// moment (zero = all of it), and notes in the watermark what has been dealt with. It returns how
// many mails it took. What is new in the folder of sent mail is taken with it.
func (f *fetcher) reread(ctx context.Context, s *imapSession, m *mark, oldUntil time.Time) (taken int, err error) {
	sent, err := f.newSent(ctx, s) // before the inbox: an answer is newer than what it answers
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
