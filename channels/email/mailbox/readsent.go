package mailbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/mailid"
)

// The folder of sent mail is read for answers that somebody writes in the mailbox itself. The
// connection that reads the inbox also reads this folder, each time before it looks into the inbox.
// Mails that Parley sent are recognised by their headers and skipped.

// errRenumbered means that a folder got another UIDVALIDITY while another folder was selected. It
// ends the session; the next one compares the folder with its watermark.
var errRenumbered = errors.New("email: the folder was renumbered")

// filedMail is a mail in the folder of sent mail.
type filedMail struct {
	uid  imap.UID
	at   time.Time // INTERNALDATE; zero = the server didn't say
	skip bool      // Parley sent it, or it was there before the account was set up
}

// newSent lists new mails in the folder of sent mail without fetching them. Afterwards another folder
// than the inbox may be selected. If the folder can't be read, it is left alone for a while and the
// result is empty, because that must not keep the inbox from being read.
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
	t := f.c.opts.Timing
	f.sentRest = min(max(2*f.sentRest, t.RescanBad), t.Rescan)
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
	folders, err := s.outgoing(f.c.set.SentFolder)
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

// reads reports whether the watermark is one of the folder with this name and UIDVALIDITY.
func (d *folder) reads(name string, validity uint32) bool {
	return d.mark != nil && d.mark.Folder == name && d.mark.UIDValidity == validity
}

// alignSent makes a watermark for the folder of sent mail if there is none, or if the folder's name or
// UIDVALIDITY changed. It begins where the account was set up, or some days before the newest mail
// that was read.
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

// sentFrom returns the time of arrival from which on mail is read in a folder of sent mail without a
// watermark; zero = mail that is there already is not read.
func (f *fetcher) sentFrom() time.Time {
	before := f.sent.mark
	switch {
	case before != nil:
		from := before.NewestAt.Add(-f.c.opts.Timing.Overlap)
		if from.Before(before.StartedAt) {
			from = before.StartedAt
		}
		return from
	case f.inbox.mark != nil:
		return f.inbox.mark.SentFrom
	}
	return f.takenFrom()
}

// listSent returns when mails in the folder of sent mail arrived, and which to skip.
func (f *fetcher) listSent(s *imapSession, uids []imap.UID) ([]filedMail, error) {
	var list []filedMail
	for some := range slices.Chunk(uids, batchSize) {
		seen, err := s.sightings(some)
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

// sentByUs reports whether Parley sent a mail: by its Message-ID or, should the server have replaced
// that, by mailid.MessageHeader.
func (c *Mailbox) sentByUs(m sighting) bool {
	for _, id := range []string{m.id, m.token} {
		if _, message, ours := mailid.Parse(c.env.Keys, id); ours && message != 0 {
			return true
		}
	}
	return false
}

// takeInOrder fetches mails of the inbox and of the folder of sent mail, merged by their times of
// arrival: so a question comes before our answer, and our answer before the customer's reaction to it.
func (f *fetcher) takeInOrder(ctx context.Context, s *imapSession, validity uint32, uids []imap.UID, sent []filedMail,
	took func(context.Context, []outcome) error) error {
	for _, m := range sent {
		if m.skip {
			f.sent.mark.note([]outcome{{uid: m.uid, fate: fateSkipped, mail: &fetched{at: m.at}}}, f.c.env.Now())
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

// backToInbox selects the inbox after the folder of sent mail. The server doesn't announce mail that
// came meanwhile, so it asks for another look.
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

// enter selects a folder unless it is selected. Errors: errRenumbered.
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

// arrivedBefore returns how many of the mails of the inbox, from the first on, did not arrive after at;
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

// rescanSent rescans the folder of sent mail, and makes the next look find out again which folder that is.
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

// advanceSent adds mails to the watermark of the folder of sent mail and saves it.
func (f *fetcher) advanceSent(ctx context.Context, done []outcome) error {
	f.sent.mark.note(done, f.c.env.Now())
	return f.saveSent(ctx)
}

// saveSent saves the watermark of the folder of sent mail as a part of the inbox's watermark. Before
// that exists nothing is saved, and after a crash both folders begin again.
func (f *fetcher) saveSent(ctx context.Context) error {
	if f.inbox.mark == nil {
		return nil
	}
	return f.save(ctx, f.inbox.mark)
}
