// Package site assembles Parley's website, on which admins configure Parley and agents work in an inbox.
//
// The pages are in packages below bot/web, which know neither the database nor the running process. Each of them (an area
// of the site) declares an interface, called Desk, with what it needs. This package implements these interfaces. For
// example, the area settings has the pages for WhatsApp numbers, and settingsDesk in number.go reaches their providers.
//
// HTML belongs in the areas, SQL in package store, and business rules in package bridge.
package site

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bot/web"
	"parley/bot/web/dashboard"
	"parley/bot/web/inbox"
	"parley/bot/web/openid"
	"parley/bot/web/settings"
	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/setup"
	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/meta"
	"parley/cmd/parley/operate"
	"parley/store"
)

// Options configure New. Pool, Sealer, Specs, Signatures, BaseURL and Log are required. The comments on the other fields say
// what their zero values mean.
type Options struct {
	Pool    *pgxpool.Pool
	Sealer  *store.Sealer
	BaseURL string // the URL at which browsers reach the site
	Doors   Doors  // the ways in which agents sign in
	Log     *slog.Logger
	Now     func() time.Time // nil means time.Now

	// Conversations with customers, and the chats (Slack and Teams) in which agents work.
	Inbox    Inbox             // access to conversations through the engine; nil if there is no inbox
	Chats    Chats             // access to Slack and Teams
	Analyzer analysis.Analyzer // analyses a text that an admin enters as a test; nil if this process can't do so

	// TryRules says who would get the conversation that a customer begins with a text on an account; nil if this process can't.
	TryRules func(ctx context.Context, account, address, text string) (settings.RuleTrial, error)

	// The set-up, which is Parley's configuration.
	Specs      []channels.Spec // the kinds of accounts that customers can write to, such as email
	Lookup     setup.Lookup    // looks up people and channels in Slack or Teams; nil if none is connected
	Signatures *operate.Reader // parses the signatures that admins write on pages

	// Accounts.
	Finder   *emailmailbox.Finder // finds a mailbox's servers from its address; nil if admins must enter them
	Consents *operate.Keeper      // signs in to mailboxes at Google and Microsoft; nil if this process can't do so
	SignUp   *meta.SignUp         // connects WhatsApp numbers through Meta's sign-up; nil if the company has no app for it
	// Outside returns the network part of a channel's Env, such as its webhook URL; nil means an empty Env.
	Outside func(spec channels.Spec, account string, config channels.Config) channels.Env

	Operations Operations // backups, erasures and health checks
}

// Inbox is the site's access to the engine, the part of Parley that owns conversations and their permissions.
type Inbox interface {
	inbox.Desk

	// Readable returns those of the conversations that an agent may read, in any order. It returns a *bridge.Problem if
	// there is no such agent.
	Readable(ctx context.Context, agent bridge.AgentID, conversations []bridge.ConversationID) ([]bridge.ConversationID, error)

	// ClosedAccounts returns the accounts whose customers an agent may not see. It returns a *bridge.Problem if there is
	// no such agent.
	ClosedAccounts(ctx context.Context, agent bridge.AgentID) ([]bridge.AccountID, error)

	// Zone returns an agent's time zone: the one that the agent chose, or that of the business hours, or the local one.
	Zone(agent bridge.AgentID) *time.Location
}

// readable returns those of the conversations that viewer may read. The engine decides. If there is no engine, or if viewer
// isn't an agent, readable returns none.
func (o Options) readable(ctx context.Context, viewer store.AgentID, conversations []store.ConversationID) ([]store.ConversationID, error) {
	if o.Inbox == nil || len(conversations) == 0 {
		return nil, nil
	}
	list, err := o.Inbox.Readable(ctx, viewer, conversations)
	if _, isNobody := errors.AsType[*bridge.Problem](err); isNobody {
		return nil, nil
	}
	return list, err
}

// closedAccounts returns a function that reports whether an account is closed to viewer, who may then see nothing about its
// customers. The engine decides. If there is no engine, or if viewer isn't an agent, all accounts are closed.
func (o Options) closedAccounts(ctx context.Context, viewer store.AgentID) (isClosed func(store.AccountID) bool, err error) {
	all := func(store.AccountID) bool { return true }
	if o.Inbox == nil {
		return all, nil
	}
	list, err := o.Inbox.ClosedAccounts(ctx, viewer)
	if _, isNobody := errors.AsType[*bridge.Problem](err); isNobody {
		return all, nil
	}
	return func(id store.AccountID) bool { return slices.Contains(list, id) }, err
}

// listAccountsFor returns all accounts. For those that are closed to viewer, it hides the description of their problem, because
// it may name a customer.
func (o Options) listAccountsFor(ctx context.Context, viewer store.AgentID) ([]store.Account, error) {
	accounts, err := store.ListAccounts(ctx, o.Pool)
	if err != nil {
		return nil, err
	}

	isClosed, err := o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	for i := range accounts {
		a := &accounts[i]
		if a.StatusText != "" && isClosed(a.ID) {
			a.StatusText, a.StatusHint = "Not open to you.", ""
		}
	}

	return accounts, nil
}

// Chats has functions through which the site reaches Slack and Teams, the chats in which agents work. With the zero value, no
// chat is connected and none can be connected.
type Chats struct {
	Connected func() []Chat // returns the connected chats; nil if there are none
	// Identify tests credentials, by their names such as SlackBotToken, and changes nothing. home is the workspace or
	// organisation that they belong to, or "" if it is unknown. Identify is nil if this process can't test any.
	Identify func(ctx context.Context, kind string, values map[string]string) (home string, found []channels.Finding)
	// AwaitConnected waits up to some seconds until a chat is connected with the stored credentials. nil means that the
	// page doesn't wait.
	AwaitConnected func(ctx context.Context, kind string)
	Surface        func(kind string) bridge.Surface          // returns a connected chat or nil; may itself be nil
	SlackTeam      func(ctx context.Context) (string, error) // returns Parley's workspace; required if agents sign in with Slack
}

// find returns the surface of a chat, or nil if it isn't connected.
func (c Chats) find(kind string) bridge.Surface {
	if c.Surface == nil {
		return nil
	}
	return c.Surface(kind)
}

// Doors are the ways in which agents sign in, in addition to sign-in links. The functions are called for each request, because
// a chat can be connected at any time. With the zero value, agents can use only links.
type Doors struct {
	Providers func() []openid.Config // nil if there are none
	Tab       func() Tab             // returns the tab in Teams; nil if there is none
	Proxies   []netip.Prefix         // networks, besides private ones, whose proxies are trusted to state the client's address
}

// withDefaults replaces nil functions by ones that return nothing.
func (d Doors) withDefaults() Doors {
	if d.Providers == nil {
		d.Providers = func() []openid.Config { return nil }
	}
	if d.Tab == nil {
		d.Tab = func() Tab { return Tab{} }
	}
	return d
}

// Tab is the tab in Teams that shows the site. The zero value means that there is none.
type Tab struct {
	Host      string   // host of the site's public URL
	Ancestors []string // origins of Teams' clients, for the frame-ancestors of the Content-Security-Policy
}

// Chat is a chat in which agents work.
type Chat struct {
	Kind    string // "slack"
	Name    string // "Slack"
	FromEnv bool   // its credentials come from environment variables, so stored ones are ignored
}

// Names of the chats' credentials, both in the form on the first-steps page and in the database.
const (
	SlackBotToken = "bot_token"
	SlackAppToken = "app_token"
	TeamsAppID    = "app_id"
	TeamsPassword = "app_password" //nolint:gosec // the name of a credential, not a password
	TeamsTenantID = "tenant_id"
)

// New returns the site. It has no inbox if o.Inbox is nil.
func New(o Options) (*web.Site, error) {
	o.Doors = o.Doors.withDefaults()
	cache := &setupCache{pool: o.Pool, specs: o.Specs}
	dashboards, err := dashboard.Area(&dashboardDesk{o, cache})
	if err != nil {
		return nil, err
	}

	signInOptions := openid.Options{
		Providers: o.Doors.Providers,
		Tab:       func() openid.Tab { return openid.Tab{Host: o.Doors.Tab().Host} },
		Log:       o.Log,
		Now:       o.Now,
	}
	areas := []web.Area{
		openid.SigninArea(&signInDesk{o}, providerButtons(o.Doors.Providers)),
		openid.Area(&openidDesk{o}, signInOptions),
		settings.Area(&settingsDesk{o, cache}),
		dashboards,
		settings.RecordsArea(&recordsDesk{o}),
		settings.StartArea(&startDesk{o, cache}),
		settings.TokensArea(&tokensDesk{o}),
		settings.CustomersArea(&customersDesk{o}),
	}
	if o.Inbox != nil {
		areas = append(areas, inbox.Area(o.Inbox))
	}

	version, _ := operate.Version()
	return web.New(web.Options{
		Company:   o.companyName,
		Version:   version,
		People:    people{o.Pool, o.Inbox},
		Sessions:  store.Sessions{Pool: o.Pool},
		Secure:    strings.HasPrefix(o.BaseURL, "https://"),
		Log:       o.Log,
		Now:       o.Now,
		Areas:     areas,
		Tokens:    o.findHolder,
		Proxies:   o.Doors.Proxies,
		Ancestors: func() []string { return o.Doors.Tab().Ancestors },
	})
}

// findSpec returns the description of a kind of account, or nil if this version of Parley doesn't support it.
func (o Options) findSpec(kind string) *channels.Spec {
	if i := slices.IndexFunc(o.Specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &o.Specs[i]
	}
	return nil
}

// configOf returns the settings in a submitted form, with defaults in place of empty ones. The keys of values are paths: for
// the kind email, "email.address" becomes the setting "address".
func configOf(spec *channels.Spec, values map[string][]string) channels.Config {
	section := cmp.Or(spec.Section, spec.Kind)
	config := channels.Config{}
	for path, list := range values {
		if field, ok := strings.CutPrefix(path, section+"."); ok {
			config[field] = strings.Join(list, "\n")
		}
	}
	for _, f := range spec.Fields {
		if config[f.Name] == "" && f.Default != "" {
			config[f.Name] = f.Default
		}
	}
	return config
}

// inspectOptions returns the options for testing an account's settings.
func (o Options) inspectOptions() operate.Options {
	return operate.Options{Pool: o.Pool, Sealer: o.Sealer, Specs: o.Specs, Outside: o.Outside, Log: o.Log}
}

// saveOptions returns the options for saving a change of the set-up in the name of by.
func (o Options) saveOptions(by setup.Author) setup.Options {
	return setup.Options{Sealer: o.Sealer, Specs: o.Specs, Lookup: o.Lookup, Signatures: o.Signatures, Author: by}
}

// save saves a change of the set-up that a person made on a page.
func (o Options) save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return setup.Save(ctx, o.Pool, c, o.saveOptions(setup.Author{Agent: &by.ID, Name: by.Email}))
}

// logChange adds lines to the log of configuration changes in the name of by. By convention, a line begins with + (added),
// - (removed) or ~ (changed).
func logChange(ctx context.Context, q store.Querier, by web.Person, lines ...string) error {
	return store.KeepSetupChange(ctx, q, store.SetupChange{Agent: &by.ID, Author: by.Email, Lines: lines})
}

// companyName returns the company's name, or "" if it can't be read.
func (o Options) companyName(ctx context.Context) string {
	_, name, err := store.SettingsVersion(ctx, o.Pool)
	if err != nil {
		o.Log.Warn("the company's name could not be read", "error", err)
		return ""
	}
	return name
}

// people implements web.People: it reads the signed-in person from the database for each request.
type people struct {
	pool  *pgxpool.Pool
	inbox Inbox // provides the default time zone; nil if there is no inbox
}

// Person returns an agent with the current permissions, or web.ErrNobody.
func (p people) Person(ctx context.Context, id store.AgentID) (web.Person, error) {
	row, err := store.FindPerson(ctx, p.pool, id)
	if errors.Is(err, store.ErrNoPerson) {
		return web.Person{}, web.ErrNobody
	}
	if err != nil {
		return web.Person{}, err
	}

	return web.Person{
		ID:        row.ID,
		Email:     row.Email,
		Name:      row.Name,
		Zone:      p.zoneOf(row),
		Admin:     row.Admin,
		Super:     row.Super,
		Blocked:   row.Blocked,
		SignedOut: row.SignedOut,
	}, nil
}

// zoneOf returns the time zone in which the site shows and parses a person's times. The engine uses the same one.
func (p people) zoneOf(row store.Person) *time.Location {
	zone, err := time.LoadLocation(row.Zone)
	switch {
	case err == nil && row.Zone != "": // LoadLocation returns UTC for ""
		return zone
	case p.inbox != nil:
		return p.inbox.Zone(row.ID)
	default:
		return time.Local
	}
}

// SignOutEverywhere ends all sessions of an agent.
func (p people) SignOutEverywhere(ctx context.Context, id store.AgentID) error {
	return store.SignOutEverywhere(ctx, p.pool, id)
}
