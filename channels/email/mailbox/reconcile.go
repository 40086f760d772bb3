package mailbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// Reconcile finds out whether a mail was sent. It is used if the connection to the SMTP server broke before the server
// confirmed the mail: sending it again could send it twice, and giving up could lose it. Reconcile looks for a copy of
// the mail in the mailbox, by its Message-ID, which all attempts to send it share.
//
// If a copy is in the Sent folder or in Gmail's All Mail, the outcome is Landed: servers and Parley file copies only
// after the mail was accepted. Large providers search headers late or not at all, and some replace the Message-ID. So
// Reconcile also reads the headers of the last mails, and recognises ours by its other headers.
//
// A missing copy proves only something if the server itself files copies. If Parley files them, the process may have died
// after the server accepted the mail and before it filed the copy. The caller sends the mail again after Absent, and asks
// a person after CannotTell. So Absent needs a reason. The first of these rules that applies decides:
//
//   - CannotTell: the search misses another mail of ours that is in the folder. It may miss this one, too.
//   - Absent: there is a copy of our newest mail that Parley didn't file (its own copies have X-Parley-Copy). So the
//     server files copies and keeps our Message-ID. Mails from before the account's last change of servers don't count.
//   - CannotTell: a mail of ours is missing that the server is known to have accepted: the last one of this process, or
//     one to which this conversation refers.
//   - Absent: the server is Gmail, which files copies and keeps Message-IDs, or an administrator has set save_sent to
//     off, which says that the server files copies.
//   - CannotTell: for all other servers, and for Microsoft 365, which may replace the Message-ID.
//
// If a person has sent the mail again, it has the Message-ID of its earlier sending, and a copy counts only if it was
// filed since the current attempt began. If there is only an older copy, the outcome is CannotTell, because some servers
// file a Message-ID only once.
//
// Servers may file late, so the caller relies on Absent only if it holds for some minutes (Sending.AbsentFor). If the
// mailbox can't be read, Reconcile returns CannotTell and an error.
func (box *Mailbox) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	s, err := box.openIMAP(ctx)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	defer s.close()
	outcome, receipt, err := box.findOutcome(ctx, s, o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("email: reconcile: %w", err)
	}
	return outcome, receipt, nil
}

func (box *Mailbox) findOutcome(
	ctx context.Context, s *imapSession, o channels.Outbound,
) (channels.Outcome, channels.Receipt, error) {
	folders, err := s.findSentFolders(box.set.SentFolder)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	hasEarlierCopy := false // of an earlier sending
	for _, folder := range folders.existingNames() {
		if _, err := s.open(folder); err != nil {
			return channels.CannotTell, channels.Receipt{}, err
		}

		for _, id := range box.possibleIDs(o) {
			found, err := s.findByMessageID(id)
			if err != nil {
				return channels.CannotTell, channels.Receipt{}, err
			}
			if len(found) > 0 {
				hasEarlierCopy = true
			}
			if slices.ContainsFunc(found, func(m mailHeaders) bool { return isOfAttempt(m, o.Attempt) }) {
				return channels.Landed, receiptOfFound(id), nil
			}
		}
	}

	if folders.sent == "" || hasEarlierCopy {
		return channels.CannotTell, channels.Receipt{}, nil
	}

	return box.judgeAbsence(ctx, s, folders.sent, o)
}

// possibleIDs returns the possible Message-IDs of the mail, one for each key: an older key may have signed it.
func (box *Mailbox) possibleIDs(o channels.Outbound) []string {
	var ids []string
	for _, key := range box.env.Keys {
		ids = append(ids, message.Message(key, o.ConversationID, o.MessageID, box.set.Domain()))
	}
	return ids
}

// receiptOfFound returns the receipt of a mail that was found.
func receiptOfFound(id string) channels.Receipt {
	return channels.Receipt{ExternalID: id, State: channels.StateAccepted}
}

// filingTolerance is how far the mail server's clock may be behind ours: a copy that was filed this long before an
// attempt still counts as its copy.
const filingTolerance = time.Minute

// isOfAttempt reports whether a copy may be of this attempt, and not of an earlier sending.
func isOfAttempt(m mailHeaders, a channels.Attempt) bool {
	if a.Again == 0 { // there was no earlier sending
		return true
	}
	return !m.arrivedAt.IsZero() && !m.arrivedAt.Before(a.FirstAt.Add(-filingTolerance))
}

// judgeAbsence returns the outcome for a mail that the search didn't find in the Sent folder, which is named sent. It may
// be Landed if the mail is among the last ones.
func (box *Mailbox) judgeAbsence(
	ctx context.Context, s *imapSession, sent string, o channels.Outbound,
) (channels.Outcome, channels.Receipt, error) {
	folder, err := s.open(sent)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	var recent []mailHeaders
	if folder.NumMessages > 0 {
		if recent, err = s.readLastHeaders(folder.NumMessages); err != nil {
			return channels.CannotTell, channels.Receipt{}, err
		}
	}
	for _, id := range box.possibleIDs(o) {
		copies := slices.DeleteFunc(slices.Clone(recent), func(m mailHeaders) bool { return !m.isNamed(id) })
		if slices.ContainsFunc(copies, func(m mailHeaders) bool { return isOfAttempt(m, o.Attempt) }) {
			return channels.Landed, receiptOfFound(id), nil
		}
		hasEarlierCopy := len(copies) > 0
		if hasEarlierCopy {
			return channels.CannotTell, channels.Receipt{}, nil
		}
	}

	outcome, err := box.judgeByOthers(ctx, s, recent, o)
	return outcome, channels.Receipt{}, err
}

// judgeByOthers decides between Absent and CannotTell by looking for copies of other mails of ours. recent has the last
// mails of the Sent folder, which is selected.
func (box *Mailbox) judgeByOthers(
	ctx context.Context, s *imapSession, recent []mailHeaders, o channels.Outbound,
) (channels.Outcome, error) {
	isAcceptedMissing := false // there is no copy of an accepted mail
	seen := recent
	for _, id := range box.knownAccepted(o) {
		found, err := s.findByMessageID(id)
		if err != nil {
			return channels.CannotTell, err
		}
		if len(found) == 0 {
			isAcceptedMissing = true
			isMissedBySearch := slices.ContainsFunc(recent, func(m mailHeaders) bool { return m.isNamed(id) })
			if isMissedBySearch {
				return channels.CannotTell, nil
			}
		}

		seen = append(seen, found...)
	}

	isFiling, err := box.isServerFiling(ctx, seen)
	if err != nil {
		return channels.CannotTell, err
	}
	parleyFiles := box.set.SaveSent == message.SaveOn
	switch {
	case isFiling:
		return channels.Absent, nil
	case isAcceptedMissing, parleyFiles, box.set.Service() == message.Microsoft:
		return channels.CannotTell, nil
	default:
		return channels.Absent, nil
	}
}

// isServerFiling reports whether the mails in the Sent folder prove that the account's current server files copies: there
// is a copy of our newest mail that we didn't file.
func (box *Mailbox) isServerFiling(ctx context.Context, seen []mailHeaders) (bool, error) {
	seen = slices.DeleteFunc(seen, func(m mailHeaders) bool {
		return !m.hasOurID(box.env.Keys)
	})
	if len(seen) == 0 {
		return false, nil
	}

	movedAt, hasJustMoved, err := box.lastMove(ctx)
	if err != nil || hasJustMoved {
		return false, err
	}

	newest := slices.MaxFunc(seen, func(a, b mailHeaders) int {
		return cmp.Or(a.arrivedAt.Compare(b.arrivedAt), cmp.Compare(a.uid, b.uid))
	})
	return slices.ContainsFunc(seen, func(m mailHeaders) bool {
		return m.id == newest.id && !m.isOurCopy && !m.arrivedAt.Before(movedAt)
	}), nil
}

// lastMove returns when the account got its current servers, according to the watermark, or zero if they never changed.
// hasJustMoved is true if they have changed since the mailbox was last read.
func (box *Mailbox) lastMove(ctx context.Context) (at time.Time, hasJustMoved bool, err error) {
	if box.env.State == nil {
		return time.Time{}, false, nil
	}
	m, _, err := box.loadMarkOfAnyFolder(ctx)
	if err != nil || m == nil {
		return time.Time{}, false, err
	}
	return m.MovedAt, box.hasMoved(m), nil
}

// knownAccepted returns the Message-IDs of mails of ours that the server has accepted: those to which the conversation
// refers, and the last one of this process.
func (box *Mailbox) knownAccepted(o channels.Outbound) []string {
	const maxReferences = 3 // each costs a search
	var known []string
	for _, id := range slices.Backward(append(slices.Clone(o.References), o.InReplyTo)) {
		id = message.Clean(id)
		token, isOurs := message.Parse(box.env.Keys, id)
		isOtherMail := token.Message != 0 && token.Message != o.MessageID
		if isOurs && isOtherMail && !slices.Contains(known, id) {
			known = append(known, id)
		}
		if len(known) == maxReferences {
			break
		}
	}

	box.mu.Lock()
	defer box.mu.Unlock()

	if box.lastSent != "" && !slices.Contains(known, box.lastSent) {
		known = append(known, box.lastSent)
	}

	return known
}
