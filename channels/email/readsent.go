package email

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// The folder of sent mail is read for the answers that somebody writes in the mailbox itself. It is
// looked at by the connection that reads the inbox, whenever that is looked at. What Parley sent
// itself is passed over by its header, which costs no body.

// errRenumbered says that a folder got another UIDVALIDITY while another one was open: the next
// session begins by comparing it with its watermark.
var errRenumbered = errors.New("email: the folder was renumbered")

// filedMail is a mail in the folder of sent mail.
type filedMail struct {
	uid  imap.UID
	at   time.Time // INTERNALDATE; zero: not told
	skip bool      // Parley sent it, or it was there before us
}

// newSent lists what is new in the folder of sent mail, without taking it. The inbox may have to be
// opened again. A folder that can't be read is left alone for a while: it must not keep the inbox
// from being read.
// Errors: those that end the session.
func (f *fetcher) newSent(ctx context.Context, s *imapSession) ([]filedMail, error) {
	if f.c.env.Now().Before(f.sentRestEnds) {
		return nil, nil
	}
	list, err := f.findSent(ctx, s)
	if err != nil {
		return nil, f.restSent(ctx, s, err)
	}
	f.sentRest = 0
	return list, nil
}

// restSent leaves the folder of sent mail alone for a while, twice as long each time. It returns an
// error only if the connection is no longer good.
func (f *fetcher) restSent(ctx context.Context, s *imapSession, err error) error {
	t := f.c.opts.timing
	f.sentRest = min(max(2*f.sentRest, t.rescanBad), t.rescan)
	f.sentRestEnds = f.c.env.Now().Add(f.sentRest)
	s.sentNext = 0
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.c.log.Warn("folder of sent mail can't be read", "folder", f.sent.name, "error", err, "again_in", f.sentRest.String())
	if refused(err) {
		return nil
	}
	return err
}

func (f *fetcher) findSent(ctx context.Context, s *imapSession) ([]filedMail, error) {
	folders, err := s.outgoing(f.c.set.sentFolder)
	if err != nil || folders.sent == "" || folders.sent == f.inbox.name {
		return nil, err
	}
	now, err := s.status(folders.sent)
	if err != nil || now.UIDNext != 0 && now.UIDNext == s.sentNext && f.sent.reads(folders.sent, now.UIDValidity) {
		return nil, err
	}
	data, err := s.examine(folders.sent)
	if err != nil {
		return nil, err
	}
	if err := f.alignSent(ctx, s, folders.sent, data); err != nil {
		return nil, err
	}
	uids, err := s.searchAfter(f.sent.mark.Last)
	if err != nil {
		return nil, err
	}
	list, err := f.listSent(s, uids)
	s.sentNext = now.UIDNext
	return list, err
}

// reads says that the watermark is that of a folder as it is now.
func (d *folder) reads(name string, validity uint32) bool {
	return d.mark != nil && d.mark.Folder == name && d.mark.UIDValidity == validity
}

// alignSent makes the watermark of the folder of sent mail where there is none for the folder as
// it is: before all that arrived since the account was set up, or in the last days of what was read.
func (f *fetcher) alignSent(ctx context.Context, s *imapSession, name string, data *imap.SelectData) error {
	if f.sent.reads(name, data.UIDValidity) {
		f.sent.name, f.sent.oldUntil = name, f.sent.mark.StartedAt
		return nil
	}
	m, err := f.markAtEnd(s, name, data)
	if err != nil {
		return err
	}
	from := f.sentFrom()
	if from.IsZero() {
		from = f.c.env.Now().Add(-clockDoubt).UTC()
	} else {
		uids, err := f.since(s, from)
		if err != nil {
			return err
		}
		if len(uids) > 0 {
			m.First = min(m.First, uids[0])
			m.Last = m.First - 1
		}
	}
	m.NewestAt, m.StartedAt = from, from
	f.c.log.Info("first look into the folder of sent mail", "folder", name, "taken_from", from)
	f.sent.forgetTrouble()
	f.sent.name, f.sent.mark, f.sent.oldUntil = name, m, from
	return f.saveSent(ctx)
}

// sentFrom gives the arrival from which mail of a folder counts that is looked into for the first
// time, or anew because its UIDs mean nothing any more; zero = none of what is there.
func (f *fetcher) sentFrom() time.Time {
	before := f.sent.mark
	switch {
	case before != nil:
		from := before.NewestAt.Add(-f.c.opts.timing.overlap)
		if from.Before(before.StartedAt) {
			from = before.StartedAt
		}
		return from
	case f.inbox.mark != nil:
		return f.inbox.mark.SentFrom
	}
	return f.c.takenFrom()
}

// listSent tells of mails of the folder of sent mail when they arrived and which are passed over.
func (f *fetcher) listSent(s *imapSession, uids []imap.UID) ([]filedMail, error) {
	var list []filedMail
	for some := range slices.Chunk(uids, batchSize) {
		seen, err := s.sightings(imap.UIDSetNum(some...))
		if err != nil {
			return nil, err
		}
		for _, uid := range some {
			m := filedMail{uid: uid}
			if i := slices.IndexFunc(seen, func(m sighting) bool { return m.uid == uid }); i >= 0 {
				m.at = seen[i].at
				m.skip = f.c.sentByUs(seen[i]) || f.sent.old(&fetched{at: m.at})
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// sentByUs says that Parley sent a mail: by its Message-ID, or by the header that repeats it where
// the server replaced that.
func (c *Channel) sentByUs(m sighting) bool {
	for _, id := range []string{m.id, m.token} {
		if _, message, ours := parseToken(c.env.Keys, id); ours && message != 0 {
			return true
		}
	}
	return false
}

// takeInOrder takes mails of the inbox, and between them those of the folder of sent mail, by their
// arrival: a question comes before its answer, and that before what the customer says to it.
func (f *fetcher) takeInOrder(ctx context.Context, s *imapSession, validity uint32, uids []imap.UID, sent []filedMail,
	took func(context.Context, []outcome) error) error {
	for _, m := range sent {
		if m.skip {
			f.sent.mark.note([]outcome{{m.uid, fateSkipped, &fetched{at: m.at}}}, f.c.env.Now())
			continue
		}
		n, err := f.arrivedBefore(s, uids, validity, m.at)
		if err != nil {
			return err
		}
		if err := f.takeInbox(ctx, s, validity, uids[:n], took); err != nil {
			return err
		}
		uids = uids[n:]
		if err := f.takeSent(ctx, s, m.uid); err != nil {
			if err := f.restSent(ctx, s, err); err != nil {
				return err
			}
			break
		}
	}
	if len(sent) > 0 {
		if err := f.saveSent(ctx); err != nil {
			return err
		}
	}
	return f.takeInbox(ctx, s, validity, uids, took)
}

func (f *fetcher) takeInbox(ctx context.Context, s *imapSession, validity uint32, uids []imap.UID,
	took func(context.Context, []outcome) error) error {
	if err := f.backToInbox(s, validity); err != nil {
		return err
	}
	return f.take(ctx, s, f.inbox, validity, uids, took)
}

// backToInbox opens the inbox again after the folder of sent mail. Nobody announces what came
// meanwhile, so that another look follows.
func (f *fetcher) backToInbox(s *imapSession, validity uint32) error {
	if s.opened != f.inbox.name {
		s.announce()
	}
	return s.enter(f.inbox.name, validity)
}

func (f *fetcher) takeSent(ctx context.Context, s *imapSession, uids ...imap.UID) error {
	if err := s.enter(f.sent.name, f.sent.mark.UIDValidity); err != nil {
		return err
	}
	return f.take(ctx, s, f.sent, f.sent.mark.UIDValidity, uids, f.advanceSent)
}

// enter opens a folder unless it is open. Errors: errRenumbered.
func (s *imapSession) enter(folder string, validity uint32) error {
	if s.opened == folder {
		return nil
	}
	data, err := s.examine(folder)
	if err == nil && data.UIDValidity != validity {
		err = errRenumbered
	}
	return err
}

// arrivedBefore counts the mails of the inbox, from the first, that did not arrive after a moment;
// zero = all of them.
func (f *fetcher) arrivedBefore(s *imapSession, uids []imap.UID, validity uint32, at time.Time) (int, error) {
	if at.IsZero() || len(uids) == 0 {
		return len(uids), nil
	}
	if err := f.backToInbox(s, validity); err != nil {
		return 0, err
	}
	for first := 0; first < len(uids); first += batchSize {
		some := uids[first:min(first+batchSize, len(uids))]
		known, err := s.fetchFacts(some)
		if err != nil {
			return 0, err
		}
		if i := slices.IndexFunc(some, func(uid imap.UID) bool { return known[uid] != nil && known[uid].at.After(at) }); i >= 0 {
			return first + i, nil
		}
	}
	return len(uids), nil
}

// rescanSent looks back in the folder of sent mail, and lets that be looked for anew.
func (f *fetcher) rescanSent(ctx context.Context, s *imapSession) error {
	s.folders = nil
	if f.sent.mark == nil || f.sent.mark.Last == 0 || f.c.env.Now().Before(f.sentRestEnds) {
		return nil
	}
	err := s.enter(f.sent.name, f.sent.mark.UIDValidity)
	if err == nil {
		err = f.rescan(ctx, s, f.sent, f.advanceSent)
	}
	if err != nil {
		if err := f.restSent(ctx, s, err); err != nil {
			return err
		}
	}
	return f.backToInbox(s, f.inbox.mark.UIDValidity)
}

// advanceSent moves the watermark of the folder of sent mail and saves it.
func (f *fetcher) advanceSent(ctx context.Context, done []outcome) error {
	f.sent.mark.note(done, f.c.env.Now())
	return f.saveSent(ctx)
}

// saveSent saves the watermark of the folder of sent mail, which is part of the inbox's: before
// that one is made nothing is saved, and after a crash both begin again.
func (f *fetcher) saveSent(ctx context.Context) error {
	if f.inbox.mark == nil {
		return nil
	}
	return f.save(ctx, f.inbox.mark)
}
