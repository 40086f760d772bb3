package email

import (
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
)

// Reconcile looks in the mailbox for a mail whose answer was lost, by its Message-ID,
// which every attempt shares.
//
// Found, in the folder of sent mail or in Gmail's All Mail, it has Landed: a server
// files what it sends only after it took it, and we file a copy only after the server's
// yes.
//
// Not found means something only where the server itself files what it sends. Where
// we do it, the copy is also missing when we died between the server's yes and the
// filing, which is the very case that is asked about: CannotTell, and a person
// decides. Absent lets the mail leave again, so it needs grounds. They are, strongest
// first:
//
//   - A mail of ours that stands there and was not filed by us (ours carry
//     X-Parley-Copy) is a witness that the server files by itself and keeps our
//     Message-ID: Absent.
//   - A mail of ours that the server is known to have taken (the last one of this
//     process, or one that this conversation refers to) and that does not stand there
//     shows the opposite: CannotTell, whatever the settings say.
//   - With neither, as for the first mail of an account: Gmail files and keeps ids, and
//     save_sent: off is the administrator's word that the server files: Absent.
//     Microsoft 365 may replace the Message-ID, so without a witness nothing found is
//     nothing known. All others: CannotTell.
//
// A server may file late: the caller asks again before it believes Absent.
//
// Errors: the mailbox can't be read; the outcome is CannotTell then.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	s, err := c.openIMAP(ctx)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	defer s.close()
	outcome, receipt, err := c.reconcile(s, o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, fmt.Errorf("email: reconcile: %w", err)
	}
	return outcome, receipt, nil
}

func (c *Channel) reconcile(s *imapSession, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	folders, err := s.outgoing(c.set.sentFolder)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	for _, folder := range folders.list() {
		if _, err := s.examine(folder); err != nil {
			return channels.CannotTell, channels.Receipt{}, err
		}
		for _, key := range c.env.Keys { // an older key may have signed the attempt
			id := messageID(key, o.ConversationID, o.MessageID, c.set.domain())
			found, err := s.find(id)
			if err != nil {
				return channels.CannotTell, channels.Receipt{}, err
			}
			if len(found) > 0 {
				return channels.Landed, channels.Receipt{ExternalID: id, State: channels.StateAccepted}, nil
			}
		}
	}
	if folders.sent == "" {
		return channels.CannotTell, channels.Receipt{}, nil
	}
	outcome, err := c.absence(s, folders.sent, o)
	return outcome, channels.Receipt{}, err
}

// absence decides what it means that a mail was not found; see Reconcile.
func (c *Channel) absence(s *imapSession, sent string, o channels.Outbound) (channels.Outcome, error) {
	folder, err := s.examine(sent)
	if err != nil {
		return channels.CannotTell, err
	}
	known := c.knownSent(o)
	missing := false
	var seen []sighting
	for _, id := range known {
		found, err := s.find(id)
		if err != nil {
			return channels.CannotTell, err
		}
		missing = missing || len(found) == 0
		seen = append(seen, found...)
	}
	if n := folder.NumMessages; n > 0 {
		var last imap.SeqSet
		last.AddRange(max(1, n-min(n, maxSightings)+1), n)
		recent, err := s.sightings(last)
		if err != nil {
			return channels.CannotTell, err
		}
		seen = append(seen, recent...)
	}
	witness := func(m sighting) bool {
		_, message, ours := parseToken(c.env.Keys, m.id)
		return ours && message != 0 && !m.copy
	}
	switch {
	case slices.ContainsFunc(seen, witness):
		return channels.Absent, nil
	case missing || c.set.saveSent == saveOn || c.set.provider() == providerMicrosoft:
		return channels.CannotTell, nil
	}
	return channels.Absent, nil
}

// knownSent lists mails of ours that the server is known to have taken: what a
// customer or our own record refers to, and the last one.
func (c *Channel) knownSent(o channels.Outbound) []string {
	const most = 3
	var known []string
	for _, id := range slices.Backward(append(slices.Clone(o.References), o.InReplyTo)) {
		id = cleanID(id)
		if _, message, ours := parseToken(c.env.Keys, id); ours && message != 0 && message != o.MessageID && !slices.Contains(known, id) {
			known = append(known, id)
		}
		if len(known) == most {
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
