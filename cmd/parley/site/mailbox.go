package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"parley/bot/web"
	"parley/bot/web/mailbox"
	"parley/bridge/setup"
	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/email/message"
	"parley/cmd/parley/operate"
	"parley/store"
)

// emailKind is the kind of mailboxes, and the section of their fields. Every Parley has it.
const emailKind = "email"

// testTimeout bounds the test of a mailbox for a page.
const testTimeout = 20 * time.Second

// mailboxDesk implements mailbox.Desk, for the pages on which admins add a mailbox. It finds a mailbox's servers,
// signs in to them on trial, and connects a mailbox at Google or Microsoft.
type mailboxDesk struct {
	o     Options
	cache *setupCache
}

// FindServers looks for the servers of a mailbox by its address. The result is empty if this Parley can't look for them.
// Errors: *web.Problem for what isn't an address.
func (d *mailboxDesk) FindServers(ctx context.Context, address string) (mailbox.Found, error) {
	if d.o.Finder == nil {
		return mailbox.Found{}, nil
	}

	found, err := d.o.Finder.Find(ctx, address)
	if errors.Is(err, emailmailbox.ErrNoAddress) {
		return mailbox.Found{}, &web.Problem{Text: "This isn't an e-mail address.", Hint: "Write it like help@example.com."}
	}
	if err != nil {
		return mailbox.Found{}, fmt.Errorf("site: find a mailbox's servers: %w", err)
	}

	server := func(s message.Server) mailbox.Server {
		return mailbox.Server{Host: s.Host, Port: s.Port, Security: s.Security, Username: s.Username}
	}

	return mailbox.Found{
		From:     found.From,
		Hint:     found.Hint,
		Provider: found.OAuth,
		IMAP:     server(found.IMAP),
		SMTP:     server(found.SMTP),
	}, nil
}

// TestSettings signs in to a mailbox with settings that aren't stored yet, and returns what worked and what didn't.
// Errors: *setup.Refused for fields that are wrong in themselves.
func (d *mailboxDesk) TestSettings(ctx context.Context, values map[string][]string) ([]mailbox.Finding, error) {
	spec := d.o.findSpec(emailKind)
	config := configOf(spec, values)
	if findings := setup.FindMisfits(*spec, config); len(findings) > 0 {
		refused := &setup.Refused{Fields: map[string]string{}}
		for _, m := range findings {
			refused.Fields[emailKind+"."+m.Field] = m.Text
		}
		return nil, refused
	}
	return d.signIn(ctx, store.Account{Name: "new", Kind: emailKind}, config)
}

// TestMailbox signs in to a stored mailbox, and returns what worked and what didn't.
// Errors: *web.Problem for settings that are wrong in themselves.
func (d *mailboxDesk) TestMailbox(ctx context.Context, name string) ([]mailbox.Finding, error) {
	account, err := d.findAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	spec := d.o.findSpec(emailKind)
	config, err := setup.OpenConfig(account, d.o.Sealer, *spec)
	if err != nil {
		return nil, err
	}

	if findings := setup.FindMisfits(*spec, config); len(findings) > 0 {
		text := "These settings can't work."
		for _, m := range findings {
			text += " " + cmp.Or(m.Field, m.What) + ": " + m.Text
		}
		return nil, &web.Problem{Text: text, Hint: "Put them right."}
	}

	return d.signIn(ctx, account, config)
}

// findAccount reads a mailbox by its name.
// Errors: *web.Problem.
func (d *mailboxDesk) findAccount(ctx context.Context, name string) (store.Account, error) {
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return store.Account{}, err
	}
	for _, a := range accounts {
		if a.Name == name && a.Kind == emailKind {
			return a, nil
		}
	}
	return store.Account{}, &web.Problem{Text: "There is no mailbox " + name + ".", Hint: "It may have been taken out."}
}

// signIn signs in to a mailbox with settings that are right in themselves, and returns what was found.
func (d *mailboxDesk) signIn(ctx context.Context, a store.Account, config channels.Config) ([]mailbox.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	options := d.o.inspectOptions()
	if d.o.Consents != nil {
		options.Grant = d.o.Consents.ConsentOf
	}

	found, err := operate.Try(ctx, options, a, config)
	if err != nil {
		return nil, fmt.Errorf("site: test of mailbox %s: %w", a.Name, err)
	}
	return findingsOf(found), nil
}

// findingsOf returns a channel's findings as the page shows them.
func findingsOf(found []channels.Finding) []mailbox.Finding {
	list := make([]mailbox.Finding, len(found))
	for i, f := range found {
		list[i] = mailbox.Finding{OK: f.OK, What: f.What, Text: f.Text, Hint: f.Hint}
	}
	return list
}

// ListMailboxes lists the mailboxes that viewer may see, with their states.
func (d *mailboxDesk) ListMailboxes(ctx context.Context, viewer store.AgentID) ([]mailbox.Mailbox, error) {
	accounts, err := d.o.listAccountsFor(ctx, viewer)
	if err != nil {
		return nil, err
	}

	grants, err := store.GrantConnections(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}

	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return nil, err
	}

	var list []mailbox.Mailbox
	for _, a := range accounts {
		if a.Kind != emailKind || a.Side != store.SideChannel {
			continue
		}

		i := slices.IndexFunc(entries, func(e setup.Entry) bool { return e.Kind == setup.EntryAccount && e.Name == a.Name })
		if i < 0 { // it was added or taken out just now
			continue
		}

		list = append(list, mailboxOf(a, entries[i], grants[a.ID]))
	}

	return list, nil
}

// mailboxOf describes a mailbox for the pages. consent is the zero Connection if nobody has consented yet.
func mailboxOf(a store.Account, e setup.Entry, consent store.GrantConnection) mailbox.Mailbox {
	m := mailbox.Mailbox{
		Name:     a.Name,
		Address:  e.Value("email.address"),
		Provider: e.Value("email.oauth"),
		Person:   cmp.Or(e.Value("email.oauth_user"), e.Value("email.address")),
		Status:   a.Status,
		Text:     a.StatusText,
		Hint:     a.StatusHint,
		Paused:   a.Paused,
		Mode:     string(a.Mode),
	}
	if consent.Provider == m.Provider { // not that of a provider before
		m.SignedIn = consent.SignedIn
		m.Connected = consent.AccountID != 0 && consent.Refused == ""
	}
	return m
}

// ListNames returns the names of all accounts, of every kind, and of all teams.
func (d *mailboxDesk) ListNames(ctx context.Context) (mailbox.Names, error) {
	entries, err := d.cache.Entries(ctx)
	if err != nil {
		return mailbox.Names{}, err
	}

	var names mailbox.Names
	for _, e := range entries {
		switch e.Kind {
		case setup.EntryAccount:
			names.Accounts = append(names.Accounts, e.Name)
		case setup.EntryTeam:
			names.Teams = append(names.Teams, e.Name)
		}
	}
	return names, nil
}

func (d *mailboxDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}

func (d *mailboxDesk) IsRegistered(provider string) bool {
	return d.o.Consents != nil && d.o.Consents.IsRegistered(provider)
}

// BeginConsent begins to connect a mailbox at Google or Microsoft, and returns the link there. The person's browser comes
// back to FinishConsent, in the same session.
func (d *mailboxDesk) BeginConsent(ctx context.Context, name, session string) (string, error) {
	account, err := d.findAccount(ctx, name)
	if err != nil {
		return "", err
	}
	if d.o.Consents == nil {
		return "", problemWithoutConsents()
	}
	link, err := d.o.Consents.BeginInBrowser(ctx, account, d.o.BaseURL+mailbox.ReturnPath(), session)
	return link, problemOf(err)
}

// FinishConsent ends what BeginConsent began. answer is the query with which the browser came back.
func (d *mailboxDesk) FinishConsent(ctx context.Context, session string, answer url.Values) (mailbox.Consent, error) {
	if d.o.Consents == nil {
		return mailbox.Consent{}, problemWithoutConsents()
	}
	account, person, err := d.o.Consents.FinishInBrowser(ctx, session, answer)
	finished := mailbox.Consent{Person: person}
	if account != nil {
		finished.Mailbox = account.Name
	}
	return finished, problemOf(err)
}

func problemWithoutConsents() *web.Problem {
	return &web.Problem{Text: "Mailboxes can't be signed in to from this page.", Hint: "On the server, parley connect does it."}
}

// problemOf turns a failed consent into a *web.Problem; other errors stay as they are.
func problemOf(err error) error {
	if f, ok := errors.AsType[*operate.Failure](err); ok {
		return &web.Problem{Text: f.Text, Hint: f.Hint}
	}
	return err
}
