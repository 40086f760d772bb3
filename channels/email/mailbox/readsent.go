package mailbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// This file reads the Sent folder. People may answer a customer in their mail program, without Parley; such answers must
// appear in the conversation. The connection that reads the inbox reads this folder, too, before each look into the
// inbox. Mails of both folders are then fetched in the order of arrival, so that the conversation stays in order. Mails
// that Parley sent are recognised by their Message-IDs and skipped.
//
// A failure in the Sent folder must not keep customers' mails from coming: the folder is then left alone for a while.

// missingPauses is how many times Timing.RescanBad pass before Parley looks again for a missing Sent folder. Listing the
// folders more often would be expensive, because a mailbox may have thousands.
const missingPauses = 5

// errRenumbered means that the UIDVALIDITY of a folder changed while another folder was selected. It ends the session;
// the next one adapts the watermark.
var errRenumbered = errors.New("email: the folder was renumbered")

// filedMail is a mail in the Sent folder.
type filedMail struct {
	uid       imap.UID
	arrivedAt time.Time // INTERNALDATE; zero if the server omits it
	skip      bool      // Parley sent it, or it is older than the account: it is not fetched
}

// newMails are the mails to fetch from both folders, each list in the order of UIDs.
type newMails struct {
	inbox []imap.UID
	sent  []filedMail
}

// listNewSent lists the new mails of the Sent folder without fetching them. If that fails, it pauses the folder and
// returns an empty list; it returns only errors that end the session. Afterwards the Sent folder may be selected.
func (f *fetcher) listNewSent(ctx context.Context, s *imapSession) ([]filedMail, error) {
	if f.box.env.Now().Before(f.sentPauseEnds) {
		return nil, nil
	}
	list, err := f.searchSent(ctx, s)
	if err != nil {
		return nil, f.pauseSent(ctx, s, err)
	}
	f.sentPause = 0
	return list, nil
}

// pauseSent pauses the Sent folder after a failure. The pause doubles with each failure. pauseSent returns err if the
// session must end: the connection broke, the server limits requests, or the failure wasn't that of the folder.
func (f *fetcher) pauseSent(ctx context.Context, s *imapSession, err error) error {
	if errors.Is(err, errMarkInDoubt) {
		return err
	}
	timing := f.box.opts.Timing
	f.sentPause = min(max(2*f.sentPause, timing.RescanBad), timing.Rescan)
	f.sentPauseEnds = f.box.env.Now().Add(f.sentPause)
	s.sentNext = 0  // search the folder after the pause
	s.folders = nil // it may have been renamed
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.box.log.Warn("folder of sent mail can't be read", "folder", f.sent.name, "error", err, "again_in", f.sentPause.String())
	if isRefusal(err) && !isThrottled(err) {
		return nil
	}
	return err
}

// searchSent finds the Sent folder, adapts its watermark, and lists its new mails.
func (f *fetcher) searchSent(ctx context.Context, s *imapSession) ([]filedMail, error) {
	folders, err := s.findSentFolders(f.box.set.SentFolder)
	if err != nil {
		return nil, err
	}
	if folders.sent == "" {
		s.folders = nil // the folder may be created at any time
		f.sentPauseEnds = f.box.env.Now().Add(missingPauses * f.box.opts.Timing.RescanBad)
		return nil, nil
	}
	if folders.sent == f.inbox.name {
		return nil, nil // it is read as the inbox
	}

	status, err := s.folderStatus(folders.sent)
	if err != nil {
		return nil, err
	}

	hasNoNewMail := status.UIDNext != 0 && status.UIDNext == s.sentNext
	if hasNoNewMail && f.sent.hasWatermark(folders.sent, status.UIDValidity) {
		return nil, nil
	}

	data, err := s.open(folders.sent)
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

	list, err := f.describeSent(s, uids)
	if err != nil {
		return nil, err
	}
	s.sentNext = status.UIDNext
	return list, nil
}

// hasWatermark reports whether the folder has a watermark with this name and UIDVALIDITY.
func (f *folder) hasWatermark(name string, uidValidity uint32) bool {
	if f.mark == nil {
		return false
	}
	return f.mark.Folder == name && f.mark.UIDValidity == uidValidity
}

// alignSent creates a watermark for the Sent folder if there is none, or if the folder's name or UIDVALIDITY has
// changed. It begins when the account was set up, or some days before the newest mail that was read.
func (f *fetcher) alignSent(ctx context.Context, s *imapSession, name string, data *imap.SelectData) error {
	if f.sent.hasWatermark(name, data.UIDValidity) {
		f.sent.name = name
		f.sent.oldUntil = f.sent.mark.StartedAt
		return nil
	}

	m, err := f.markAtEnd(s, name, data)
	if err != nil {
		return err
	}

	from := f.sentReadFrom()
	if from.IsZero() {
		from = f.box.env.Now().Add(-clockTolerance).UTC()
	} else {
		uids, err := f.searchSince(s, from)
		if err != nil {
			return err
		}
		if len(uids) > 0 {
			m.First = min(m.First, uids[0])
			m.Last = m.First - 1
		}
	}

	m.NewestAt = from
	m.StartedAt = from
	f.box.log.Info("first look into the folder of sent mail", "folder", name, "taken_from", from)
	f.sent.forgetTrouble()
	f.sent.name = name
	f.sent.mark = m
	f.sent.oldUntil = from
	return f.saveSent(ctx)
}

// sentReadFrom returns from which time of arrival mail is read in a Sent folder without a valid watermark. If it is zero,
// only mail that arrives later is read.
func (f *fetcher) sentReadFrom() time.Time {
	if oldMark := f.sent.mark; oldMark != nil {
		from := oldMark.NewestAt.Add(-f.box.opts.Timing.Overlap)
		if from.Before(oldMark.StartedAt) {
			from = oldMark.StartedAt
		}
		return from
	}
	if f.inbox.mark != nil {
		return f.inbox.mark.SentFrom
	}
	return f.firstLookSince()
}

// describeSent returns the arrival of mails in the Sent folder, and which of them to skip. It doesn't skip mails whose
// headers can't be read: package message recognises those that Parley sent.
func (f *fetcher) describeSent(s *imapSession, uids []imap.UID) ([]filedMail, error) {
	var list []filedMail
	for some := range slices.Chunk(uids, batchSize) {
		headers := map[imap.UID]mailHeaders{}
		err := f.sent.askCarefully(some, func(uids []imap.UID) error {
			read, err := s.readHeaders(uids)
			for _, h := range read {
				headers[h.uid] = h
			}
			return err
		})
		if err != nil {
			return nil, err
		}

		for _, uid := range some {
			m := filedMail{uid: uid}
			if h, ok := headers[uid]; ok {
				m.arrivedAt = h.arrivedAt
				// A mail of ours whose Message-ID the server has replaced isn't skipped, because bounces and answers may refer
				// to the new one. Package message recognises it by its other headers.
				m.skip = h.hasOurID(f.box.env.Keys) || f.sent.isOld(&fetched{arrivedAt: h.arrivedAt})
			}

			list = append(list, m)
		}
	}

	return list, nil
}

// fetchInOrder fetches the mails of both folders, merged by their times of arrival: a question comes before our answer,
// and our answer before the customer's next mail. onStored moves the watermark of the inbox, whose UIDVALIDITY is
// uidValidity.
func (f *fetcher) fetchInOrder(
	ctx context.Context, s *imapSession, uidValidity uint32, mails newMails, onStored storedHandler,
) error {
	uids := mails.inbox
	for _, m := range mails.sent {
		if m.skip {
			f.sent.mark.noteSkipped(m, f.box.env.Now())
			continue
		}

		count, err := f.countArrivedBefore(s, uids, uidValidity, m.arrivedAt)
		if err != nil {
			return err
		}
		if err := f.fetchFromInbox(ctx, s, uidValidity, uids[:count], onStored); err != nil {
			return err
		}

		uids = uids[count:]

		if err := f.fetchFromSent(ctx, s, m.uid); err != nil {
			if err := f.pauseSent(ctx, s, err); err != nil {
				return err
			}
			break
		}
	}

	if len(mails.sent) > 0 {
		if err := f.saveSent(ctx); err != nil {
			return err
		}
	}

	return f.fetchFromInbox(ctx, s, uidValidity, uids, onStored)
}

func (f *fetcher) fetchFromInbox(
	ctx context.Context, s *imapSession, uidValidity uint32, uids []imap.UID, onStored storedHandler,
) error {
	if err := f.backToInbox(s, uidValidity); err != nil {
		return err
	}
	return f.fetchAndStore(ctx, selectedFolder{s, f.inbox, uidValidity}, uids, onStored)
}

// backToInbox selects the inbox. If the Sent folder was selected, the server didn't announce new mail in the inbox, so
// backToInbox does.
func (f *fetcher) backToInbox(s *imapSession, uidValidity uint32) error {
	if s.selected != f.inbox.name {
		s.announce()
	}
	return s.selectFolder(f.inbox.name, uidValidity)
}

func (f *fetcher) fetchFromSent(ctx context.Context, s *imapSession, uids ...imap.UID) error {
	if err := s.selectFolder(f.sent.name, f.sent.mark.UIDValidity); err != nil {
		return err
	}
	return f.fetchAndStore(ctx, selectedFolder{s, f.sent, f.sent.mark.UIDValidity}, uids, f.noteSent)
}

// selectFolder selects a folder unless it is already selected. It returns errRenumbered if its UIDVALIDITY is not
// uidValidity.
func (s *imapSession) selectFolder(folder string, uidValidity uint32) error {
	if s.selected == folder {
		return nil
	}
	data, err := s.open(folder)
	if err == nil && data.UIDValidity != uidValidity {
		err = errRenumbered
	}
	return err
}

// countArrivedBefore returns how many mails of the inbox precede the first one that arrived after at. If at is zero,
// because the time is unknown, it counts all mails.
func (f *fetcher) countArrivedBefore(s *imapSession, uids []imap.UID, uidValidity uint32, at time.Time) (int, error) {
	if at.IsZero() || len(uids) == 0 {
		return len(uids), nil
	}
	if err := f.backToInbox(s, uidValidity); err != nil {
		return 0, err
	}

	for first := 0; first < len(uids); first += batchSize {
		some := uids[first:min(first+batchSize, len(uids))]
		known := map[imap.UID]*fetched{}
		err := f.inbox.askCarefully(some, func(uids []imap.UID) error {
			mails, err := s.fetchSizes(uids)
			maps.Copy(known, mails)
			return err
		})
		if err != nil {
			return 0, err
		}

		for i, uid := range some {
			if known[uid] != nil && known[uid].arrivedAt.After(at) {
				return first + i, nil
			}
		}
	}

	return len(uids), nil
}

// rescanSent rescans the Sent folder, and selects the inbox afterwards.
func (f *fetcher) rescanSent(ctx context.Context, s *imapSession) error {
	s.folders = nil // make the next search find the Sent folder again

	if f.sent.mark == nil || f.sent.mark.Last == 0 {
		return nil // nothing was read yet
	}
	if f.box.env.Now().Before(f.sentPauseEnds) {
		return nil
	}

	err := s.selectFolder(f.sent.name, f.sent.mark.UIDValidity)
	if err == nil {
		err = f.rescan(ctx, s, f.sent, f.noteSent)
	}

	if err != nil {
		if err := f.pauseSent(ctx, s, err); err != nil {
			return err
		}
	}

	return f.backToInbox(s, f.inbox.mark.UIDValidity)
}

// noteSent adds handled mails to the watermark of the Sent folder and saves it.
func (f *fetcher) noteSent(ctx context.Context, done []outcome) error {
	f.sent.mark.noteOutcomes(done, f.box.env.Now())
	return f.saveSent(ctx)
}

// saveSent saves the watermark of the Sent folder, which is a part of the inbox's watermark. As long as the inbox has
// none, it saves nothing: after a crash both folders begin again.
func (f *fetcher) saveSent(ctx context.Context) error {
	if f.inbox.mark == nil {
		return nil
	}
	return f.save(ctx, f.inbox.mark)
}
