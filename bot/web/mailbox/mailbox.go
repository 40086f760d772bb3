// Package mailbox has the pages on which admins add a mailbox, connect it to its provider, and see whether its
// servers let Parley in. A mailbox is an account to which customers write mails. Parley reads it by IMAP and sends by
// SMTP. It signs in there with a password or, at Google and Microsoft, by the consent of a person who signs in there
// (OAuth).
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

// Desk is what these pages need of the rest of Parley: how servers are found and tested, which mailboxes are stored,
// and how a provider is asked for consent.
type Desk interface {
	Servers
	Mailboxes
	Consents
}

// Servers finds the servers of mailboxes, and signs in to them on trial.
type Servers interface {
	// FindServers finds the servers of an address, within some seconds. It returns the zero Found if nothing is known of
	// them. Errors: *web.Problem if it isn't an address.
	FindServers(ctx context.Context, address string) (Found, error)

	// TestSettings signs in to a mailbox that is not stored, with the values of its account by the paths of setup.Field.
	// Errors: *setup.Refused, or *web.Problem, if the values can't work.
	TestSettings(ctx context.Context, values map[string][]string) ([]Finding, error)

	// TestMailbox signs in to a mailbox that is stored.
	// Errors: *web.Problem if its settings can't work.
	TestMailbox(ctx context.Context, name string) ([]Finding, error)
}

// Mailboxes lists the mailboxes that are stored, and adds others.
type Mailboxes interface {
	// ListMailboxes lists the mailboxes, as viewer may see them.
	ListMailboxes(ctx context.Context, viewer bridge.AgentID) ([]Mailbox, error)

	// ListNames lists the names of all accounts, of every channel, and of all teams.
	ListNames(ctx context.Context) (Names, error)

	// Save makes a change in somebody's name. Errors: those of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)
}

// Consents connects mailboxes at Google and Microsoft, where a person consents to our signing in.
type Consents interface {
	// IsRegistered reports whether Parley is registered with a provider (google, microsoft) as an app that may ask for
	// consent.
	IsRegistered(provider string) bool

	// BeginConsent begins an attempt to connect a mailbox, and returns the provider's address at which a person
	// consents. Only the given session can finish the attempt. Errors: *web.Problem.
	BeginConsent(ctx context.Context, name, session string) (string, error)

	// FinishConsent finishes an attempt. answer is the query with which the provider sent the browser back. With an
	// error, the mailbox may be known nevertheless. Errors: *web.Problem.
	FinishConsent(ctx context.Context, session string, answer url.Values) (Consent, error)
}

// Found is how a mailbox can probably be reached, as was looked up by its address. Nobody has signed in yet.
type Found struct {
	From     string // where it was found; "" if nothing was found
	Hint     string // what people should know
	Provider string // at which a person can sign in instead of a password: google, microsoft; "" if there is none

	IMAP, SMTP Server
}

// Server is one server of a mailbox.
type Server struct{ Host, Port, Security, Username string }

// Finding is what a test of a server found.
type Finding struct {
	OK   bool
	What string // "IMAP login"
	Text string
	Hint string // what to do next
}

// Consent is a finished attempt to connect a mailbox.
type Consent struct {
	Mailbox string // its name; "" if it isn't known
	Person  string // who consented; "" if the provider doesn't say
}

// Names are those that are taken.
type Names struct{ Accounts, Teams []string }

// Mailbox is a mailbox that is stored.
type Mailbox struct {
	Name, Address string
	Provider      string // at which a person consents; "" if it has a password
	Person        string // who is to sign in there: the mailbox itself, or somebody with full access to it
	SignedIn      string // who consented; "" if nobody did, or if the provider didn't say
	Connected     bool   // somebody consented, and the consent is still valid
	Status        string // a channels.ConditionStatus
	Text, Hint    string // what is wrong, and what to do
	Paused        bool
	Mode          string
}

// Addresses of these pages.
const (
	addPath       = "/settings/add-mailbox"
	mailboxesPath = "/settings/mailboxes"
	returnPath    = mailboxesPath + "/return"
	accountsPath  = "/settings/accounts"
)

// ReturnPath is the address to which providers send people back.
func ReturnPath() string { return returnPath }

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the pages of mailboxes.
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

// titleOf names a provider for people.
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

// refuseMissing answers that there is no such mailbox.
func refuseMissing(v *web.Visit, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no mailbox "+name+".", "It may have been taken out.")
}
