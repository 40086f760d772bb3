// Package site makes Parley's site: it gives the pages of bot/web what they need from the database and from the running process.
//
// What does not belong here: what a page shows (its area), SQL (store), and rules.
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
	"parley/bot/web/mailbox"
	"parley/bot/web/number"
	"parley/bot/web/openid"
	"parley/bot/web/records"
	"parley/bot/web/settings"
	"parley/bot/web/signin"
	"parley/bot/web/start"
	"parley/bot/web/tokens"
	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/email/autoconfig"
	"parley/channels/whatsapp"
	"parley/cmd/parley/build"
	"parley/cmd/parley/consent"
	"parley/cmd/parley/inspect"
	"parley/cmd/parley/signature"
	"parley/store"
	"parley/store/site"
)

// Options are what New needs. The site's pages are in packages below bot/web. Each declares an interface Desk of
// what it needs from the rest of Parley. This package implements most of them on these options, such as numberDesk
// in number.go. Pool, Sealer, Specs, Signatures, BaseURL and Log are required; what may be nil says so.
type Options struct {
	Pool    *pgxpool.Pool
	Sealer  *store.Sealer
	BaseURL string // where browsers reach the site
	Doors   Doors  // the ways by which agents sign in
	Log     *slog.Logger
	Now     func() time.Time // nil means time.Now

	// Conversations, and the chats in which agents work.
	Inbox    Inbox             // what the site asks of the engine about conversations; nil if there is no inbox
	Chats    Chats             // how the site reaches Slack and Teams
	Analyzer analysis.Analyzer // analyses a text with which an admin tries it out; nil if that can't be done here

	// The set-up.
	Specs      []channels.Spec
	Lookup     setup.Lookup      // asks Slack or Teams for people and channels; nil if none is connected
	Signatures *signature.Reader // reads signatures that are written on pages

	// Accounts.
	Finder   *autoconfig.Finder // finds the servers of a mailbox by its address; nil means that people type them
	Consents *consent.Keeper    // signs in to mailboxes at Google and Microsoft; nil means that this can't be done here
	SignUp   *whatsapp.SignUp   // connects numbers of WhatsApp; nil if the company has no app for it
	// Outside returns the part of a channel's Env that is about the network; nil means an empty Env.
	Outside func(spec channels.Spec, account string, config channels.Config) channels.Env

	Operations Operations // what the pages about backups, erasures and checks need
}

// Inbox is what the site asks of the engine about conversations.
type Inbox interface {
	inbox.Desk

	// Readable returns those of the conversations that an agent may read, in any order.
	// Errors: *bridge.Problem if there is no such agent.
	Readable(ctx context.Context, agent bridge.AgentID, conversations []bridge.ConversationID) ([]bridge.ConversationID, error)

	// ClosedAccounts returns the accounts whose customers an agent may not see.
	// Errors: *bridge.Problem if there is no such agent.
	ClosedAccounts(ctx context.Context, agent bridge.AgentID) ([]bridge.AccountID, error)

	// Zone returns the time zone of an agent: the chosen one, else that of the business hours, else that of this machine.
	Zone(agent bridge.AgentID) *time.Location
}

// readable returns those of the conversations that an agent may read. The engine decides it. Without an engine, and
// for a viewer who isn't an agent, there are none.
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

// closedAccounts returns a function that reports whether an account is closed to an agent, who reads nothing of its customers.
// Without an engine that decides it, all are.
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

// listAccountsFor returns the accounts as an agent may see them. It hides in what trouble accounts are that are closed to the
// agent, since that may name a customer.
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

// Chats are functions by which the site reaches the chats in which agents work. With the zero value none is connected, and none
// can be.
type Chats struct {
	Connected func() []Chat // those that are; nil if none is
	// Identify asks a chat about credentials that somebody typed (SlackBotToken, …), and changes nothing; home is the
	// workspace or organisation to which they belong, "" if that is not known. nil means no chat can be asked.
	Identify func(ctx context.Context, kind string, values map[string]string) (home string, found []channels.Finding)
	// AwaitConnected waits, for some seconds at most, until a chat runs with the credentials that are stored now. nil means that the
	// page doesn't wait.
	AwaitConnected func(ctx context.Context, kind string)
	Surface        func(kind string) bridge.Surface          // returns a connected chat, or nil; nil if none can be connected
	SlackTeam      func(ctx context.Context) (string, error) // the workspace that Parley is in; required if Doors has a provider of Slack
}

// find returns the surface of a chat, or nil if it isn't connected.
func (c Chats) find(kind string) bridge.Surface {
	if c.Surface == nil {
		return nil
	}
	return c.Surface(kind)
}

// Doors are the ways in which agents sign in. They are asked with each request, because chats may be connected at any time. With
// the zero value, only links sign somebody in.
type Doors struct {
	Providers func() []openid.Config // nil if there are none
	Tab       func() Tab             // the tab in Teams; nil if there is none
	Proxies   []netip.Prefix         // networks of proxies that tell who asked them, besides private ones
}

// withDefaults returns the doors with functions in place of nil.
func (d Doors) withDefaults() Doors {
	if d.Providers == nil {
		d.Providers = func() []openid.Config { return nil }
	}
	if d.Tab == nil {
		d.Tab = func() Tab { return Tab{} }
	}
	return d
}

// Tab is the tab of Teams that shows the site; the zero value means that there is none.
type Tab struct {
	Host      string   // of the public address
	Ancestors []string // the origins of Teams' clients, as a Content-Security-Policy names them
}

// Chat is a chat in which agents work.
type Chat struct {
	Kind    string // "slack"
	Name    string // "Slack"
	FromEnv bool   // its credentials come from the environment, so stored ones don't count
}

// Names of the credentials of chats, on the page of the first steps and where they are stored.
const (
	SlackBotToken = "bot_token"
	SlackAppToken = "app_token"
	TeamsAppID    = "app_id"
	TeamsPassword = "app_password" //nolint:gosec // the name of a credential, not a password
	TeamsTenantID = "tenant_id"
)

// New makes the site from its areas.
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
		signin.Area(&signInDesk{o}, providerButtons(o.Doors.Providers)),
		openid.Area(&openidDesk{o}, signInOptions),
		settings.Area(&settingsDesk{o, cache}),
		dashboards,
		records.Area(&recordsDesk{o}),
		mailbox.Area(&mailboxDesk{o, cache}),
		number.Area(&numberDesk{o, cache}),
		start.Area(&startDesk{o, cache}),
		tokens.Area(&tokensDesk{o}),
	}
	if o.Inbox != nil {
		areas = append(areas, inbox.Area(o.Inbox))
	}

	version, _ := build.Version()
	return web.New(web.Options{
		Company:   o.companyName,
		Version:   version,
		People:    people{o.Pool, o.Inbox},
		Sessions:  site.Sessions{Pool: o.Pool},
		Secure:    strings.HasPrefix(o.BaseURL, "https://"),
		Log:       o.Log,
		Now:       o.Now,
		Areas:     areas,
		Tokens:    o.findHolder,
		Proxies:   o.Doors.Proxies,
		Ancestors: func() []string { return o.Doors.Tab().Ancestors },
	})
}

// findSpec returns the description of a kind of channel, or nil if this version doesn't have it.
func (o Options) findSpec(kind string) *channels.Spec {
	if i := slices.IndexFunc(o.Specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &o.Specs[i]
	}
	return nil
}

// configOf returns the settings of a channel that was filled in on a page, with defaults in place of what is empty. values
// are by their paths, such as "email.address".
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

// inspectOptions returns the options with which an account is tried out.
func (o Options) inspectOptions() inspect.Options {
	return inspect.Options{Pool: o.Pool, Sealer: o.Sealer, Specs: o.Specs, Outside: o.Outside, Log: o.Log}
}

// saveOptions returns the options with which a change of the set-up is saved.
func (o Options) saveOptions(by setup.Author) setup.Options {
	return setup.Options{Sealer: o.Sealer, Specs: o.Specs, Lookup: o.Lookup, Signatures: o.Signatures, Author: by}
}

// save saves a change of the set-up that somebody made on a page.
func (o Options) save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return setup.Save(ctx, o.Pool, c, o.saveOptions(setup.Author{Agent: &by.ID, Name: by.Email}))
}

// logChange adds lines to the log of the set-up, in somebody's name.
func logChange(ctx context.Context, q store.Querier, by web.Person, lines ...string) error {
	return site.KeepChange(ctx, q, site.Change{Agent: &by.ID, Author: by.Email, Lines: lines})
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

// people reads from the database who signs in. It implements web.People.
type people struct {
	pool  *pgxpool.Pool
	inbox Inbox // knows the zones of those who chose none; nil if there is no inbox
}

func (p people) Person(ctx context.Context, id store.AgentID) (web.Person, error) {
	row, err := site.FindPerson(ctx, p.pool, id)
	if errors.Is(err, site.ErrNoPerson) {
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
		SignedOut: row.SignedOut,
	}, nil
}

// zoneOf returns the zone in which a person sees and types times: the one in which the engine reads them, too.
func (p people) zoneOf(row site.Person) *time.Location {
	zone, err := time.LoadLocation(row.Zone)
	switch {
	case err == nil && row.Zone != "": // "" would be UTC
		return zone
	case p.inbox != nil:
		return p.inbox.Zone(row.ID)
	default:
		return time.Local
	}
}

func (p people) SignOutEverywhere(ctx context.Context, id store.AgentID) error {
	return site.SignOutEverywhere(ctx, p.pool, id)
}
