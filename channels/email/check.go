package email

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
)

// Check signs in at the IMAP server with the stored credentials and looks at the folders and at what the
// server can do. It changes nothing.
func (c *Mailbox) Check(ctx context.Context) []channels.Finding {
	const login, folder = "IMAP login", "IMAP folder"
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	to := c.set.imap
	s, err := c.openIMAP(ctx)
	if err != nil {
		p := explain(err, to, c.set.folder)
		return []channels.Finding{fault(login, p.text, p.hint)}
	}
	defer s.logout()
	out := []channels.Finding{found(login, "%s signed in at %s.", to.username, to.address())}
	if to.security == securityNone {
		out = append(out, found("IMAP security", unprotected))
	}
	data, err := s.examine(c.set.folder)
	if err != nil {
		p := explain(atStage(stageFolder, err), to, c.set.folder)
		return append(out, fault(folder, p.text, p.hint))
	}
	out = append(out, found(folder, "%s has %d mails.%s", c.set.folder, data.NumMessages, c.olderMails(ctx)))
	caps := s.client.Caps()
	if caps.Has(imap.CapIdle) {
		out = append(out, found("IMAP IDLE", "New mail is announced at once."))
	} else {
		out = append(out, found("IMAP IDLE", "Not offered: new mail is noticed within %v.", c.opts.timing.pollBlind))
	}
	if caps.Has(imap.CapUIDPlus) {
		out = append(out, found("IMAP UIDPLUS", "Offered."))
	} else {
		out = append(out, found("IMAP UIDPLUS", "Not offered; Parley does without."))
	}
	return append(out, c.checkSent(s))
}

// olderMails says for people which mails of the folder are not fetched; "" when that isn't known.
func (c *Mailbox) olderMails(ctx context.Context) string {
	if c.env.State == nil {
		return ""
	}
	m, err := c.loadMark(ctx)
	from := c.takenFrom()
	switch {
	case err != nil:
		return ""
	case m == nil && from.IsZero():
		return " parley serve has not looked into it yet."
	case m == nil:
		return fmt.Sprintf(" parley serve has not looked into it yet; it will take what was received since %s.",
			from.Format("2006-01-02 15:04 MST"))
	case m.Left == 1:
		return " 1 that was there before the account was set up is left alone."
	case m.Left > 0:
		return fmt.Sprintf(" %d that were there before the account was set up are left alone.", m.Left)
	}
	return ""
}

func (c *Mailbox) checkSent(s *imapSession) channels.Finding {
	const what = "Sent folder"
	folders, err := s.outgoing(c.set.sentFolder)
	switch {
	case err != nil:
		return fault(what, "The folders can't be listed: "+said(err.Error()), "Ask the mailbox's provider.")
	case folders.sent == "":
		return fault(what,
			"The mailbox has no folder of sent mail, so nobody can find out whether a mail whose answer was lost was sent.",
			"Make a folder named Sent.")
	}
	if _, err := s.examine(folders.sent); err != nil {
		return fault(what, fmt.Sprintf("The folder %q can't be opened: %s", folders.sent, said(wordsOf(err))),
			"Check sent_folder in the account's settings; empty: Parley finds it.")
	}
	const read = " What is answered there by other programs is shown in the threads."
	if c.set.saveSent == saveOff {
		return found(what, "%s; the server files what it sends."+read, folders.sent)
	}
	return found(what, "%s; Parley files a copy of what it sends."+read, folders.sent)
}

// microsoftNoSMTPAuth is the enhanced status code with which Microsoft 365 refuses passwords because
// SMTP AUTH is disabled.
const microsoftNoSMTPAuth = "5.7.139"
