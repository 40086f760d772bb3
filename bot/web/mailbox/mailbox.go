// Package mailbox serves the pages on which admins add a mailbox, connect it to its provider, and test whether Parley
// can sign in to its servers. A mailbox is an account to which customers write e-mail. Parley reads it by IMAP and sends
// by SMTP. It signs in with a password or, at Google and Microsoft, with OAuth, for which a person signs in there and
// gives consent.
package mailbox

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
)

// Desk is the backend of these pages.
type Desk interface {
	Servers
	Mailboxes
	Consents
}

// Servers looks up the servers of mailboxes and tests them.
type Servers interface {
	// FindServers looks up the servers of an address, which takes at most a few seconds. It returns the zero Found if it
	// finds none, and a *web.Problem if the address is invalid.
	FindServers(ctx context.Context, address string) (Found, error)

	// TestSettings signs in to a mailbox that is not stored. values are those of its account, by setup.Field.Path. It
	// returns *setup.Refused or *web.Problem if they are invalid. A failed sign-in is a Finding, not an error.
	TestSettings(ctx context.Context, values map[string][]string) ([]Finding, error)

	// TestMailbox signs in to a stored mailbox. It returns a *web.Problem if its settings are invalid.
	TestMailbox(ctx context.Context, name string) ([]Finding, error)
}

// Mailboxes lists and stores mailboxes.
type Mailboxes interface {
	// ListMailboxes returns the mailboxes that viewer may see.
	ListMailboxes(ctx context.Context, viewer bridge.AgentID) ([]Mailbox, error)

	// ListNames returns the names of all accounts, on all channels, and of all teams.
	ListNames(ctx context.Context) (Names, error)

	// Save stores a change and logs who made it. It returns the errors of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)
}

// Consents connects mailboxes at Google and Microsoft by OAuth.
type Consents interface {
	// IsRegistered reports whether Parley has an OAuth client at a provider ("google" or "microsoft").
	IsRegistered(provider string) bool

	// BeginConsent begins an attempt to connect a mailbox, and returns the URL at which a person gives consent. Only the
	// same session can finish the attempt. It returns *web.Problem.
	BeginConsent(ctx context.Context, name, session string) (string, error)

	// FinishConsent finishes an attempt. answer is the query of the provider's redirect. It returns *web.Problem, with
	// Consent.Mailbox if the mailbox is known.
	FinishConsent(ctx context.Context, session string, answer url.Values) (Consent, error)
}

// Found has the probable servers of a mailbox, looked up by its address and not yet tested.
type Found struct {
	From     string // the source of the result; "" if nothing was found
	Hint     string // advice for the admin
	Provider string // "google" or "microsoft" if OAuth is possible; otherwise ""

	IMAP, SMTP Server
}

// Server is one server of a mailbox.
type Server struct{ Host, Port, Security, Username string }

// Finding is a result of a test.
type Finding struct {
	OK   bool
	What string // "IMAP login"
	Text string
	Hint string // what to do next
}

// Consent is the result of an attempt to connect a mailbox.
type Consent struct {
	Mailbox string // its name; "" if unknown
	Person  string // who gave consent; "" if unknown
}

// Names are the names of what is stored.
type Names struct{ Accounts, Teams []string }

// Mailbox is a stored mailbox.
type Mailbox struct {
	Name, Address string
	Provider      string // "google" or "microsoft" if it uses OAuth; "" if it has a password
	Person        string // who has to sign in at the provider: the mailbox itself, or somebody with full access to it
	SignedIn      string // who gave consent; "" if nobody did, or if unknown
	Connected     bool   // there is a valid consent
	Status        string // a channels.ConditionStatus
	Text, Hint    string // what is wrong, and what to do
	Paused        bool
	Mode          string // what is sent to customers: "watch" (nothing), "live" and others
}

// Paths of these pages.
const (
	addPath       = "/settings/add-mailbox"
	mailboxesPath = "/settings/mailboxes"
	returnPath    = mailboxesPath + "/return"
	accountsPath  = "/settings/accounts"
)

// ReturnPath returns the path to which providers redirect browsers after the consent.
func ReturnPath() string { return returnPath }

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area returns the area of the mailboxes' pages.
func Area(desk Desk) web.Area {
	p := pages{desk}
	return web.Area{
		Name:      "mailbox",
		Templates: templates,
		Funcs:     map[string]any{"title": titleOf},
		Routes: []web.Route{
			{Pattern: "GET " + addPath, For: web.Admins, Do: p.showBegin},
			{Pattern: "POST " + addPath, For: web.Admins, Do: p.findServers},
			{Pattern: "POST " + addPath + "/servers", For: web.Admins, Do: p.addTested},
			{Pattern: "POST " + addPath + "/provider", For: web.Admins, Do: p.addAtProvider},
			{Pattern: "GET " + returnPath, For: web.Admins, Do: p.comeBack},
			{Pattern: "GET " + mailboxesPath + "/{name}", For: web.Admins, Do: p.show},
			{Pattern: "POST " + mailboxesPath + "/{name}/connect", For: web.Admins, Do: p.connect},
			{Pattern: "POST " + mailboxesPath + "/{name}/test", For: web.Admins, Do: p.testSignIn},
		},
	}
}

// titleOf returns the display name of a provider.
func titleOf(provider string) string {
	switch provider {
	case "google":
		return "Google"
	case "microsoft":
		return "Microsoft"
	}
	return provider
}

func pathOf(account string) string { return mailboxesPath + "/" + url.PathEscape(account) }

// refuseMissing responds that there is no mailbox with that name.
func refuseMissing(v *web.Visit, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no mailbox "+name+".", "It may have been taken out.")
}
