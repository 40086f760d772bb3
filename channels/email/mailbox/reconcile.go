package mailbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"parley/channels"
	"parley/channels/email/mailid"
	"parley/channels/email/settings"
)

// Reconcile looks in the mailbox for a mail whose answer was lost, by its Message-ID, which every attempt shares.
//
// If it is in the folder of sent mail, or in Gmail's All Mail, it has Landed: both servers and Parley file a copy there only after the mail
// was accepted. Big providers search headers late or not at all, and some replace the Message-ID. So the last mails of the folder are
// read, too, and ours is recognised by its own headers.
//
// If it is not there, that proves something only if the server itself files what it sends. If Parley files the copies, this one is also
// missing if the process died after the server accepted the mail and before it filed the copy. Then the outcome is CannotTell, and a
// person decides. After Absent the mail is sent again, so Absent needs a reason. The first of these decides:
//
//   - CannotTell: the search misses a mail of ours that is in the folder. So what it doesn't find may be there.
//   - Absent: of the newest mail of ours there is a copy that Parley didn't file (its own have X-Parley-Copy). So the server files by
//     itself and keeps our Message-ID. Mails from before the account moved to its present servers don't count.
//   - CannotTell: a mail of ours is missing that the server is known to have accepted: the last one of this process, or one to which
//     this conversation refers.
//   - Absent: the server is Gmail, which is known to file and to keep ids, or an administrator says by save_sent: off that the server
//     files. For Microsoft 365, which may replace the Message-ID, and for all other servers: CannotTell.
//
// A mail that somebody sent again has the Message-ID of its earlier sending. Only a copy that was filed since the attempt began counts for
// it. If there is only an older copy, the outcome is CannotTell, because a mail with the same Message-ID is filed only once.
//
// A server may file late: the caller believes Absent only after it was so for minutes (Sending.AbsentFor).
//
// Errors: the mailbox can't be read; then the outcome is CannotTell.
func (c *Mailbox) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	s, err := c.openIMAP(ctx)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	defer s.close()
	outcome, receipt, err := c.findOutcome(ctx, s, o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("email: reconcile: %w", err)
	}
	return outcome, receipt, nil
}

func (c *Mailbox) findOutcome(
	ctx context.Context, s *imapSession, o channels.Outbound,
) (channels.Outcome, channels.Receipt, error) {
	folders, err := s.findSentFolders(c.set.SentFolder)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	hasEarlierCopy := false // a copy of an earlier sending was found
	for _, folder := range folders.existingNames() {
		if _, err := s.open(folder); err != nil {
			return channels.CannotTell, channels.Receipt{}, err
		}

		for _, id := range c.possibleIDs(o) {
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

	return c.judgeAbsence(ctx, s, folders.sent, o)
}

// possibleIDs returns the Message-IDs that the sought mail can have: an older key may have signed the attempt.
func (c *Mailbox) possibleIDs(o channels.Outbound) []string {
	var ids []string
	for _, key := range c.env.Keys {
		ids = append(ids, mailid.Message(key, o.ConversationID, o.MessageID, c.set.Domain()))
	}
	return ids
}

// receiptOfFound is the receipt of a mail that was found.
func receiptOfFound(id string) channels.Receipt {
	return channels.Receipt{ExternalID: id, State: channels.StateAccepted}
}

// filingDoubt is how far the mail server's clock may be behind ours. A copy that was filed this long before
// the attempt still counts as the attempt's.
const filingDoubt = time.Minute

// isOfAttempt reports whether a filed mail may be what an attempt sent, and not an earlier sending of the message.
func isOfAttempt(m mailHeaders, a channels.Attempt) bool {
	if a.Again == 0 { // there was no earlier sending
		return true
	}
	return !m.arrivedAt.IsZero() && !m.arrivedAt.Before(a.FirstAt.Add(-filingDoubt))
}

// judgeAbsence returns Absent or CannotTell for a mail that the search didn't find, and Landed if it is there all
// the same; see Reconcile.
func (c *Mailbox) judgeAbsence(
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
	for _, id := range c.possibleIDs(o) {
		copies := slices.DeleteFunc(slices.Clone(recent), func(m mailHeaders) bool { return !m.isNamed(id) })
		if slices.ContainsFunc(copies, func(m mailHeaders) bool { return isOfAttempt(m, o.Attempt) }) {
			return channels.Landed, receiptOfFound(id), nil
		}
		if len(copies) > 0 { // of an earlier sending
			return channels.CannotTell, channels.Receipt{}, nil
		}
	}

	outcome, err := c.judgeByOthers(ctx, s, recent, o)
	return outcome, channels.Receipt{}, err
}

// judgeByOthers returns Absent or CannotTell by what became of other mails of ours. recent are the last mails of the
// folder of sent mail, which is selected.
func (c *Mailbox) judgeByOthers(
	ctx context.Context, s *imapSession, recent []mailHeaders, o channels.Outbound,
) (channels.Outcome, error) {
	isAcceptedMissing := false // a mail is missing that the server is known to have accepted
	seen := recent
	for _, id := range c.knownAccepted(o) {
		found, err := s.findByMessageID(id)
		if err != nil {
			return channels.CannotTell, err
		}
		if len(found) == 0 {
			isAcceptedMissing = true
			if slices.ContainsFunc(recent, func(m mailHeaders) bool { return m.isNamed(id) }) {
				return channels.CannotTell, nil // the search misses what is there
			}
		}

		seen = append(seen, found...)
	}

	files, err := c.isFiling(ctx, seen)
	if err != nil {
		return channels.CannotTell, err
	}
	if files {
		return channels.Absent, nil
	}
	if isAcceptedMissing {
		return channels.CannotTell, nil
	}
	if c.set.SaveSent == settings.SaveOn || c.set.Service() == settings.Microsoft {
		return channels.CannotTell, nil
	}

	return channels.Absent, nil
}

// isFiling reports whether mails in the folder of sent mail show that the account's present server files what it
// sends: the newest one of ours is there as a copy that we didn't file.
func (c *Mailbox) isFiling(ctx context.Context, seen []mailHeaders) (bool, error) {
	seen = slices.DeleteFunc(seen, func(m mailHeaders) bool {
		return !m.hasOurID(c.env.Keys)
	})
	if len(seen) == 0 {
		return false, nil
	}

	from, hasJustMoved, err := c.presentServersSince(ctx)
	if err != nil || hasJustMoved {
		return false, err
	}

	newest := slices.MaxFunc(seen, func(a, b mailHeaders) int {
		return cmp.Or(a.arrivedAt.Compare(b.arrivedAt), cmp.Compare(a.uid, b.uid))
	})
	return slices.ContainsFunc(seen, func(m mailHeaders) bool {
		return m.id == newest.id && !m.isOurCopy && !m.arrivedAt.Before(from)
	}), nil
}

// presentServersSince returns since when the account has had its present servers, as far as the watermark knows: zero if
// it had no others. hasJustMoved is true if it got them after the mailbox was last read.
func (c *Mailbox) presentServersSince(ctx context.Context) (from time.Time, hasJustMoved bool, err error) {
	if c.env.State == nil {
		return time.Time{}, false, nil
	}
	m, _, err := c.loadMarkOfAnyFolder(ctx)
	if err != nil || m == nil {
		return time.Time{}, false, err
	}
	return m.MovedAt, c.hasMoved(m), nil
}

// knownAccepted returns the Message-IDs of mails of ours that the server is known to have accepted: those to
// which the conversation refers, and the last one of this process.
func (c *Mailbox) knownAccepted(o channels.Outbound) []string {
	const maxReferences = 3 // each costs a search
	var known []string
	for _, id := range slices.Backward(append(slices.Clone(o.References), o.InReplyTo)) {
		id = mailid.Clean(id)
		token, isOurs := mailid.Parse(c.env.Keys, id)
		isOtherMail := token.Message != 0 && token.Message != o.MessageID
		if isOurs && isOtherMail && !slices.Contains(known, id) {
			known = append(known, id)
		}
		if len(known) == maxReferences {
			break
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	if c.lastSent != "" && !slices.Contains(known, c.lastSent) {
		known = append(known, c.lastSent)
	}

	return known
}
