package site

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"parley/bot/web"
	"parley/bot/web/settings"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/email/message"
	"parley/cmd/parley/operate"
)

// This file has what settings.Desk needs to add and connect mailboxes.

// FindServers looks for the servers of a mailbox by its address. The result is empty if this Parley can't look for them.
// Errors: *web.Problem for what isn't an address.
func (d *settingsDesk) FindServers(ctx context.Context, address string) (settings.FoundServers, error) {
	if d.o.Finder == nil {
		return settings.FoundServers{}, nil
	}

	found, err := d.o.Finder.Find(ctx, address)
	if errors.Is(err, emailmailbox.ErrNoAddress) {
		return settings.FoundServers{}, &web.Problem{Text: "This isn't an e-mail address.", Hint: "Write it like help@example.com."}
	}
	if err != nil {
		return settings.FoundServers{}, fmt.Errorf("site: find a mailbox's servers: %w", err)
	}

	server := func(s message.Server) settings.Server {
		return settings.Server{Host: s.Host, Port: s.Port, Security: s.Security, Username: s.Username}
	}

	return settings.FoundServers{
		From:     found.From,
		Hint:     found.Hint,
		Provider: found.OAuth,
		IMAP:     server(found.IMAP),
		SMTP:     server(found.SMTP),
	}, nil
}

func (d *settingsDesk) IsRegistered(provider string) bool {
	return d.o.Consents != nil && d.o.Consents.IsRegistered(provider)
}

// BeginConsent begins to connect a mailbox at Google or Microsoft, and returns the link there. The person's browser comes
// back to FinishConsent, in the same session.
func (d *settingsDesk) BeginConsent(ctx context.Context, name, session string) (string, error) {
	account, _, err := d.storedAccount(ctx, name)
	if err != nil {
		return "", err
	}
	if d.o.Consents == nil {
		return "", problemWithoutConsents()
	}
	link, err := d.o.Consents.BeginInBrowser(ctx, account, d.o.BaseURL+settings.ReturnPath, session)
	return link, problemOf(err)
}

// FinishConsent ends what BeginConsent began.
func (d *settingsDesk) FinishConsent(ctx context.Context, session string, answer url.Values) (name, person string, err error) {
	if d.o.Consents == nil {
		return "", "", problemWithoutConsents()
	}
	account, person, err := d.o.Consents.FinishInBrowser(ctx, session, answer)
	if account != nil {
		name = account.Name
	}
	return name, person, problemOf(err)
}

func problemWithoutConsents() *web.Problem {
	return &web.Problem{Text: "Mailboxes can't be signed in to from this page.", Hint: "Whoever runs Parley can do it on the server."}
}

// problemOf turns a failed consent into a *web.Problem; other errors stay as they are.
func problemOf(err error) error {
	if f, ok := errors.AsType[*operate.Failure](err); ok {
		return &web.Problem{Text: f.Text, Hint: f.Hint}
	}
	return err
}
