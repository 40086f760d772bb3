package settings

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/setup"
)

// An account is a mailbox, a phone number, a Messenger Page or another address to which customers write. This file has the
// list of all accounts, and which settings are on which of an account's tabs.

const accountsPath = "/settings/accounts"

// State is the state of an account.
type State struct {
	Consent Consent // of mailboxes at Google and Microsoft

	Status   string    // a channels.ConditionStatus: "active", "error" and others
	Text     string    // what is wrong
	Hint     string    // what to do
	Queued   int       // number of messages to customers in the queue
	Decide   int       // number of messages that need a person's decision
	Activity time.Time // the last activity; zero if unknown
}

// Consent says who consented that Parley uses a mailbox.
type Consent struct {
	Provider string // "google" or "microsoft"
	SignedIn string // who consented; "" if nobody did, or if unknown
	Valid    bool
}

type accountRow struct {
	State

	Name    string
	Path    string
	Channel string // "E-mail"
	Team    string
	Mode    string
	Paused  bool
	Version string
	Last    string // the last activity as text: "2 hours ago"
}

func (p pages) accountRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath, For: web.Admins, Do: p.listAccounts},
		{Pattern: "POST " + accountsPath + "/{name}/pause", For: web.Admins, Do: p.pauseAccount},
		{Pattern: "POST " + accountsPath + "/{name}/take-out", For: web.Admins, Do: p.takeOutAccount},
		{Pattern: "GET /settings/new-account/{kind}", For: web.Admins, Do: p.newAccount},
		{Pattern: "POST /settings/new-account/{kind}", For: web.Admins, Do: p.addAccount},
	}
}

func accountPath(name string) string { return accountsPath + "/" + url.PathEscape(name) }

// AccountPath returns the path of the page to open when an account doesn't work.
func AccountPath(name string) string { return accountPath(name) }

// accountTabs returns the tabs of an account, of which here is shown.
func accountTabs(e *setup.Entry, here string) []web.Tab {
	tabs := []web.Tab{
		{Text: "Connection"},
		{Text: "People", Path: "/people"},
		{Text: "Replies", Path: "/replies"},
		{Text: "Hours", Path: "/hours"},
		{Text: "Rules", Path: "/rules"},
	}
	for i := range tabs {
		tabs[i].Path = accountPath(e.Name) + tabs[i].Path
		tabs[i].Here = tabs[i].Text == here
	}
	return tabs
}

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
			State:   states[e.Name],
			Name:    e.Name,
			Path:    accountPath(e.Name),
			Channel: p.channelName(e.Channel),
			Team:    e.Value("team"),
			Mode:    e.Value("mode"),
			Paused:  e.Value("paused") == "true",
			Version: e.Version,
			Last:    agoWords(v.Now(), states[e.Name].Activity),
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
		l := web.Tab{Path: "/settings/new-account/" + url.PathEscape(c.Kind), Text: c.Name}
		switch g := guideOf(c.Kind); {
		case c.Kind == "email":
			l.Path = addMailboxPath
		case g != nil && g.whatsapp:
			l = web.Tab{Path: choosePath, Text: "WhatsApp"}
		case g != nil && !g.IsOwn:
			l.Path = addNumberPath + "/" + c.Kind
		}
		if !slices.ContainsFunc(list, func(known web.Tab) bool { return known.Path == l.Path }) {
			list = append(list, l)
		}
	}
	return list
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

// accountForm returns the form of the tab Connection; e is nil for a new account.
func (p pages) accountForm(ctx context.Context, all []setup.Entry, action, channel string, e *setup.Entry) web.Form {
	fields := withCompanyDefaults(p.desk.Fields(setup.EntryAccount, channel), all)
	form := formOf(action, fields, e, connectionParts(fields))
	p.offerChannels(ctx, &form)
	team := findField(&form, "team")
	teams := append([]string{""}, namesOf(all, setup.EntryTeam)...)
	team.Kind = web.KindChoice
	team.Choices = web.Choose([]string{team.Value}, teams...)
	team.Choices[0].Text = "none"
	form.Back = accountsPath
	return form
}

// offerChannels offers the channels of the chats in the fields for them.
func (p pages) offerChannels(ctx context.Context, form *web.Form) {
	for _, chat := range setup.Chats() {
		if field := findField(form, chat+channelSuffix); field.Name != "" {
			field.Offers = p.desk.ChatChannels(ctx, chat)
		}
	}
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

// connectionParts divides the fields of an account that are on the tab Connection into the groups of its page. newForm uses the
// first two.
func connectionParts(fields []setup.Field) []fieldGroup {
	general := []string{"name", "team", "mode", "trial_to", "paused"}
	elsewhere := []string{
		setup.RulesPath, setup.FallbackPath, setup.PeoplePath, setup.AddressesPath, "reply_mode", "hold", "rate", "signature",
	}
	seldom := []string{
		"aliases", "oauth", "oauth_user", "save_sent", "folder", "sent_folder", "verify_token", "graph_version", "messaging_service_sid", "mms",
		"allow_private",
	}
	var channel, folded, chats []string
	for _, f := range fields {
		_, key, _ := strings.Cut(f.Path, ".")
		switch {
		case f.Input == setup.InputGroup, strings.HasPrefix(f.Path, settingPrefix), strings.HasPrefix(f.Path, hoursKey+"."),
			slices.Contains(general, f.Path), slices.Contains(elsewhere, f.Path):
		case strings.HasSuffix(f.Path, channelSuffix):
			chats = append(chats, f.Path)
		case slices.Contains(seldom, key):
			folded = append(folded, f.Path)
		default:
			channel = append(channel, f.Path)
		}
	}
	return []fieldGroup{
		{title: "General", paths: append(general, chats...)},
		{title: "Connection", paths: channel},
		{title: "Seldom needed", folded: true, paths: folded},
	}
}

// settingsOf returns the paths of settings that exist for all accounts and for each account, by topic. On an account's tab
// Replies are those of replies, on its tab Rules the others.
func settingsOf(topic string) []string {
	keys := map[string][]string{
		"replies": {"confirm_send", "reply_to", "reply_after_resolve", "email_new_thread", "receipts"},
		"sending": {"join_lines", "outgoing", "file_limits", "collect_floods", "delete_mode"},
		"conversations": {"who_replies", "reply_claims", "multi_assignee", "assign_within_teams", "all_tab", "require_tag", "resolve_confirm",
			"auto_pending", "wake_on_message"},
		"times": {"ack_target", "reply_target", "autoresolve_hours", "autoresolve_words", "abandon_hours"},
		"rest":  {"message_tags_locked", "customer_links", "admin_numbers"},
		"ai": {"language", "ai", "ai_tags", "ai_mask", "ai_tokens_a_day", "ai_audit", "ai_translate", "ai_summaries", "ai_references",
			"ai_intents"},
	}[topic]
	paths := make([]string, len(keys))
	for i, key := range keys {
		paths[i] = settingPrefix + key
	}
	return paths
}

// ruleSettings returns the groups of settings on an account's tab Rules, and on the page Company.
func ruleSettings(folded bool) []fieldGroup {
	return []fieldGroup{
		{title: "Who may do what", folded: folded, paths: settingsOf("conversations")},
		{title: "Times and targets", folded: folded, paths: settingsOf("times")},
		{title: "Seldom needed", folded: true, paths: settingsOf("rest")},
	}
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
				shown = readTyped(f.Name, v.Value(f.Name))
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
		remove := c.Remove
		c = changeTo(v, e, c.Values)
		c.Remove = remove
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
	form := p.accountForm(v.Context(), all, "/settings/new-account/"+url.PathEscape(kind), kind, nil)
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
	return p.saveForm(v, change, &form, accountPath(name), func() error { return v.ShowAgain("new", p.newScreen(kind, &form)) })
}
