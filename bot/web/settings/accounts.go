package settings

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bot/web/number"
	"parley/bridge/setup"
)

// An account is a mailbox, a phone number, a Messenger Page or another address to which customers write. This file has the
// list of all accounts and the form of an account's settings. Packages mailbox and number connect accounts to their
// providers.

const accountsPath = "/settings/accounts"

// State is the state of an account.
type State struct {
	Status   string    // a channels.ConditionStatus: "active", "error" and others
	Text     string    // what is wrong
	Hint     string    // what to do
	Queued   int       // number of messages to customers in the queue
	Decide   int       // number of messages that need a person's decision
	Activity time.Time // the last activity; zero if unknown
}

type accountRow struct {
	State

	Name       string
	Path       string
	Connection string // the URL of the page that tests and reconnects it; "" if there is none
	Channel    string // "E-mail"
	Team       string
	Mode       string
	Paused     bool
	Version    string
	Last       string // the last activity as text: "2 hours ago"
}

func (p pages) accountRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath, For: web.Admins, Do: p.listAccounts},
		{Pattern: "GET " + accountsPath + "/{name}", For: web.Admins, Do: p.showAccount},
		{Pattern: "POST " + accountsPath + "/{name}", For: web.Admins, Do: p.saveAccount},
		{Pattern: "POST " + accountsPath + "/{name}/pause", For: web.Admins, Do: p.pauseAccount},
		{Pattern: "POST " + accountsPath + "/{name}/take-out", For: web.Admins, Do: p.takeOutAccount},
		{Pattern: "GET /settings/new-account/{kind}", For: web.Admins, Do: p.newAccount},
		{Pattern: "POST /settings/new-account/{kind}", For: web.Admins, Do: p.addAccount},
	}
}

func accountPath(name string) string { return accountsPath + "/" + url.PathEscape(name) }

// listAccounts shows the list of all accounts.
func (p pages) listAccounts(v *web.Visit) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}

	states, err := p.desk.States(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	shown, found := filterEntries(v, accountsPath, setup.EntryAccount, all)
	var rows []accountRow
	for _, e := range found {
		if e.Kind != setup.EntryAccount {
			continue
		}

		rows = append(rows, accountRow{
			State:      states[e.Name],
			Name:       e.Name,
			Path:       accountPath(e.Name),
			Connection: connectionPath(e.Channel, e.Name),
			Channel:    p.channelName(e.Channel),
			Team:       e.Value("team"),
			Mode:       e.Value("mode"),
			Paused:     e.Value("paused") == "true",
			Version:    e.Version,
			Last:       agoWords(v.Now(), states[e.Name].Activity),
		})
	}

	rows = pageOf(v, &shown, rows)
	return v.Show("accounts", web.Screen{
		Title: "Accounts",
		Help:  "Where customers write: mailboxes, numbers and pages. Each has its own settings.",
		Data:  map[string]any{"Rows": rows, "Sieve": shown, "Adds": p.listAddPages()},
	})
}

// listAddPages returns links to the pages that add accounts. All kinds of WhatsApp accounts share one page.
func (p pages) listAddPages() (list []web.Tab) {
	for _, c := range p.desk.Channels() {
		l := web.Tab{Path: number.AddPath(c.Kind), Text: cmp.Or(number.AddName(c.Kind), c.Name)}
		if c.Kind == "email" {
			l.Path = "/settings/add-mailbox"
		} else if l.Path == "" {
			l.Path = "/settings/new-account/" + url.PathEscape(c.Kind)
		}
		if !slices.ContainsFunc(list, func(known web.Tab) bool { return known.Path == l.Path }) {
			list = append(list, l)
		}
	}
	return list
}

// connectionPath returns the path of the page that tests and reconnects an account, or "" if its kind has none.
func connectionPath(channel, name string) string {
	if channel != "email" {
		return number.Path(channel, name)
	}
	return "/settings/mailboxes/" + url.PathEscape(name)
}

// ReconnectPath returns the path of the page to open when an account doesn't work: the one that reconnects it or, without
// one, its settings.
func ReconnectPath(channel, name string) string {
	return cmp.Or(connectionPath(channel, name), accountPath(name))
}

// channelName returns the display name of a kind of account.
func (p pages) channelName(kind string) string {
	for _, c := range p.desk.Channels() {
		if c.Kind == kind {
			return c.Name
		}
	}
	return kind
}

// agoWords returns roughly how long ago a time was: "2 hours ago".
func agoWords(now, then time.Time) string {
	if then.IsZero() {
		return "not lately"
	}

	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return countWords(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return countWords(int(d/time.Hour), "hour") + " ago"
	default:
		return countWords(int(d/(24*time.Hour)), "day") + " ago"
	}
}

// countWords returns a number with a noun: "1 hour", "2 hours".
func countWords(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// accountForm returns the form with all settings of an account; e is nil for a new one.
func (p pages) accountForm(all []setup.Entry, action, channel string, e *setup.Entry) web.Form {
	fields := withCompanyDefaults(p.desk.Fields(setup.EntryAccount, channel), all)
	form := formOf(action, fields, e, accountParts(fields))
	team := findField(&form, "team")
	teams := append([]string{""}, namesOf(all, setup.EntryTeam)...)
	team.Kind = web.KindChoice
	team.Choices = web.Choose([]string{team.Value}, teams...)
	team.Choices[0].Text = "none"
	form.Back = accountsPath
	return form
}

// settingPrefix is the path prefix of settings that exist for all accounts and for each account.
const settingPrefix = "settings."

// withCompanyDefaults returns fields with the settings of all accounts as defaults: they apply to accounts that have no
// value of their own.
func withCompanyDefaults(fields []setup.Field, all []setup.Entry) []setup.Field {
	fields = slices.Clone(fields)
	for _, company := range ofKind(all, setup.EntryCompany) {
		for i := range fields {
			chosen := company.Value(fields[i].Path)
			if chosen != "" && strings.HasPrefix(fields[i].Path, settingPrefix) {
				fields[i].Default = chosen
			}
		}
	}
	return fields
}

// accountParts divides the fields of an account into the groups of its page. newForm uses the first two.
func accountParts(fields []setup.Field) []fieldGroup {
	general := []string{"name", "team", "mode", "trial_to", "paused"}
	replies := []string{"reply_mode", "hold", "rate", "signature"}
	var channel, chats []string
	for _, f := range fields {
		hasOtherPlace := f.Input == setup.InputGroup || strings.HasPrefix(f.Path, settingPrefix) ||
			strings.HasPrefix(f.Path, "hours.") || f.Path == setup.RulesPath || f.Path == setup.FallbackPath || f.Path == setup.PeoplePath ||
			f.Path == setup.AddressesPath ||
			slices.Contains(general, f.Path) || slices.Contains(replies, f.Path)
		switch {
		case strings.HasSuffix(f.Path, channelSuffix):
			chats = append(chats, f.Path)
		case !hasOtherPlace:
			channel = append(channel, f.Path)
		}
	}

	return []fieldGroup{
		{title: "General", paths: append(general, chats...)},
		{title: "Connection", paths: channel},
		{title: "Replies", paths: replies},
		{
			title:  "Other settings",
			help:   "What isn't chosen here is as it is for all accounts.",
			folded: true,
			paths:  []string{settingPrefix},
		},
	}
}

// showAccount shows the settings of an account.
func (p pages) showAccount(v *web.Visit) error {
	return p.withAccount(v, func(e *setup.Entry, form *web.Form) error { return v.Show("account", p.accountScreen(e, form)) })
}

// withAccount calls do with the account in the URL and its form.
func (p pages) withAccount(v *web.Visit, do func(*setup.Entry, *web.Form) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		form := p.accountForm(all, accountPath(e.Name), e.Channel, e)
		return do(e, &form)
	})
}

func (p pages) accountScreen(e *setup.Entry, form *web.Form) web.Screen {
	return web.Screen{Title: e.Name, Help: p.channelName(e.Channel), Data: map[string]any{
		"Form":       form,
		"Path":       accountPath(e.Name),
		"Name":       e.Name,
		"Version":    e.Version,
		"Connection": connectionPath(e.Channel, e.Name),
		"Addresses": slices.ContainsFunc(p.desk.Fields(setup.EntryAccount, e.Channel), func(f setup.Field) bool {
			return strings.HasSuffix(f.Path, ".aliases")
		}),
	}}
}

// saveAccount saves the submitted settings of an account.
func (p pages) saveAccount(v *web.Visit) error {
	return p.withAccount(v, func(e *setup.Entry, form *web.Form) error {
		values := changeOf(v, *form, e)
		addChatChannels(v, form, values)
		change := setup.Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Version: v.Value("version"), Values: values}
		result, done, err := p.trySave(v, change, form)
		if err != nil {
			return err
		}
		if !done {
			return v.ShowAgain("account", p.accountScreen(e, form))
		}
		return answerSaved(v, accountPath(e.Name), result.About(e.Name))
	})
}

// channelSuffix is the path suffix of the chat channels in which an account's threads open: "slack_channel" and
// "teams_channel".
const channelSuffix = "_channel"

// addChatChannels adds the channels that the form shows to values if one of them is changed. An account can have a channel
// in Slack or in Teams, but not in both. If an admin sets one without clearing the other, Desk.Save then sees both and
// refuses the change, and the admin decides. Otherwise it would silently remove the one that isn't in the change.
func addChatChannels(v *web.Visit, form *web.Form, values map[string][]string) {
	isChannel := func(path string) bool { return strings.HasSuffix(path, channelSuffix) }
	if !slices.ContainsFunc(slices.Collect(maps.Keys(values)), isChannel) {
		return
	}

	for _, g := range form.Groups {
		for _, f := range g.Fields {
			shown := f.Value
			if v.Request.PostForm.Has(f.Name) {
				shown = v.Value(f.Name)
			}
			if isChannel(f.Name) && shown != "" {
				values[f.Name] = []string{shown}
			}
		}
	}
}

// pauseAccount pauses or resumes an account.
func (p pages) pauseAccount(v *web.Visit) error {
	paused := "true"
	if v.Value("go_on") != "" {
		paused = "false"
	}
	return p.changeAccount(v, setup.Change{Values: map[string][]string{"paused": {paused}}})
}

// takeOutAccount removes an account. An account with conversations is paused instead, and keeps its conversations.
func (p pages) takeOutAccount(v *web.Visit) error {
	return p.changeAccount(v, setup.Change{Remove: true})
}

// changeAccount saves a change of the account in the URL. c has the fields that aren't those of the account.
func (p pages) changeAccount(v *web.Visit, c setup.Change) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		c.Kind = e.Kind
		c.Name = e.Name
		c.Channel = e.Channel
		c.Version = v.Value("version")
		return p.changeAtOnce(v, c, accountsPath)
	})
}

// newAccount shows the form for a new account.
func (p pages) newAccount(v *web.Visit) error {
	kind := v.Request.PathValue("kind")
	form, err := p.newForm(v, kind)
	if err != nil {
		return err
	}
	if len(form.Groups) == 0 {
		return v.NotFound()
	}
	return v.Show("new", p.newScreen(kind, &form))
}

func (p pages) newScreen(kind string, form *web.Form) web.Screen {
	return web.Screen{
		Title: "New account: " + p.channelName(kind),
		Help:  "It begins in watch mode: conversations appear, and nothing leaves until you turn it live.",
		Data:  form,
	}
}

// newForm returns the form with the settings that a new account needs. The others are on the account's own page. The form
// has no groups if the kind doesn't exist.
func (p pages) newForm(v *web.Visit, kind string) (web.Form, error) {
	if !slices.ContainsFunc(p.desk.Channels(), func(c Channel) bool { return c.Kind == kind }) {
		return web.Form{}, nil
	}
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	form := p.accountForm(all, "/settings/new-account/"+url.PathEscape(kind), kind, nil)
	form.Groups = form.Groups[:2] // see accountParts
	setLater := []string{"mode", "trial_to", "paused"}
	general := &form.Groups[0]
	general.Fields = slices.DeleteFunc(general.Fields, func(f web.Field) bool { return slices.Contains(setLater, f.Name) })
	form.Submit = "Add the account"
	return form, nil
}

// addAccount adds an account in watch mode, in which nothing is sent to customers.
func (p pages) addAccount(v *web.Visit) error {
	kind := v.Request.PathValue("kind")
	form, err := p.newForm(v, kind)
	if err != nil {
		return err
	}
	if len(form.Groups) == 0 {
		return v.NotFound()
	}

	name := v.Value("name")
	values := changeOf(v, form, nil)
	values["mode"] = []string{"watch"}
	change := setup.Change{Kind: setup.EntryAccount, Name: name, Channel: kind, Values: values}
	result, done, err := p.trySave(v, change, &form)
	if err != nil {
		return err
	}
	if !done {
		return v.ShowAgain("new", p.newScreen(kind, &form))
	}

	return answerSaved(v, accountPath(name), result.About(name))
}
