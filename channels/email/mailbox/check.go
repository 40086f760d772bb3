package mailbox

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/message"
)

// Check signs in to the IMAP server with the stored credentials and reports on the folders and on the server's
// capabilities, as an administrator reads them. It changes nothing in the mailbox.
func (box *Mailbox) Check(ctx context.Context) []channels.Finding {
	const login, folder = "IMAP login", "IMAP folder"
	ctx, cancel := context.WithTimeout(ctx, CheckTimeout)
	defer cancel()
	server := box.set.IMAP
	s, err := box.openIMAP(ctx)
	if err != nil {
		p := box.explain(err)
		return []channels.Finding{channels.Fault(login, p.Text, p.Hint)}
	}
	defer s.logout()
	out := []channels.Finding{channels.Success(login, "%s signed in at %s.", server.Username, server.Address())}
	if server.Security == message.Unprotected {
		out = append(out, channels.Success("IMAP security", UnprotectedText))
	}

	data, err := s.examine(box.set.Folder)
	if err != nil {
		p := box.explain(atStage(stageFolder, err))
		return append(out, channels.Fault(folder, p.Text, p.Hint))
	}

	mails := "mails"
	if data.NumMessages == 1 {
		mails = "mail"
	}
	out = append(out, channels.Success(folder, "%s has %d %s.%s", box.set.Folder, data.NumMessages, mails, box.olderMails(ctx)))
	caps := s.client.Caps()
	if caps.Has(imap.CapIdle) {
		out = append(out, channels.Success("IMAP IDLE", "New mail is announced at once."))
	} else {
		out = append(out, channels.Success("IMAP IDLE", "Not offered: new mail is noticed within %v.", box.opts.Timing.PollBlind))
	}

	if caps.Has(imap.CapUIDPlus) {
		out = append(out, channels.Success("IMAP UIDPLUS", "Offered."))
	} else {
		out = append(out, channels.Success("IMAP UIDPLUS", "Not offered; Parley does without."))
	}

	return append(out, box.checkSent(s))
}

// olderMails returns a sentence about mails in the folder that are not fetched, or "".
func (box *Mailbox) olderMails(ctx context.Context) string {
	if box.env.State == nil {
		return ""
	}

	m, err := box.loadMark(ctx)
	if err != nil {
		return "" // Run reports unreadable watermarks
	}

	if m == nil {
		from := box.firstLookSince()
		if from.IsZero() {
			return " parley serve has not looked into it yet."
		}

		return fmt.Sprintf(" parley serve has not looked into it yet; it will take what was received since %s.",
			from.Format("2006-01-02 15:04 MST"))
	}

	switch m.Left {
	case 0:
		return ""
	case 1:
		return " 1 that was there before the account was set up is left alone."
	default:
		return fmt.Sprintf(" %d that were there before the account was set up are left alone.", m.Left)
	}
}

// checkSent reports whether there is a Sent folder, and whether it can be opened.
func (box *Mailbox) checkSent(s *imapSession) channels.Finding {
	const what = "Sent folder"
	folders, err := s.findSentFolders(box.set.SentFolder)
	if err != nil {
		return channels.Fault(what, "The folders can't be listed: "+message.Excerpt(err.Error()),
			"Name that folder in the account's settings: sent_folder.")
	}

	if folders.sent == "" {
		return channels.Fault(what,
			"The mailbox has no folder of sent mail, so nobody can find out whether a mail whose answer was lost was sent.",
			"Make a folder named Sent.")
	}

	if _, err := s.examine(folders.sent); err != nil {
		return channels.Fault(what, fmt.Sprintf("The folder %q can't be opened: %s", folders.sent, message.Excerpt(serverWords(err))),
			"Check sent_folder in the account's settings; empty: Parley finds it.")
	}

	const read = " What is answered there by other programs is shown in the threads."
	if box.set.SaveSent == message.SaveOff {
		return channels.Success(what, "%s; the server files what it sends."+read, folders.sent)
	}

	return channels.Success(what, "%s; Parley files a copy of what it sends."+read, folders.sent)
}
