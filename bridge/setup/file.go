package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/routing/hours"
	"parley/store"
)

// File is a checked parley.yaml. Plan checks what needs the database or the channels' specs: does this
// team exist? Is this a field of that channel? In File and its entries nil means: not in the file.
type File struct {
	company  *document.Text
	settings []setting // the defaults of all accounts
	agents   []agentEntry
	teams    []teamEntry
	accounts []accountEntry

	templates []templateEntry
	tags      []tagEntry
	retention map[string]int                                                     // days by the names of their keys, 0 = as usual
	knowledge []string                                                           // folders and addresses
	sections  struct{ agents, teams, accounts, templates, tags, knowledge bool } // which lists the file has
}

type agentEntry struct {
	at    Position
	email string
	name  *document.Text
	roles *document.List
	zone  *document.Text
	users map[string]document.Text // by kind of surface

	presence  *document.Text
	quiet     *document.List
	signature *document.Text
}

type teamEntry struct {
	at       Position
	name     string
	members  *document.List
	channels map[string]document.Text // by kind of surface
	home     *document.Text
	emoji    map[string]string // verbs by names; nil = not given
	agents   *document.Text
	weekly   *document.Text
}

type accountEntry struct {
	at        Position
	name      string
	kind      *document.Text
	team      *document.Text
	mode      *document.Text
	trialTo   *document.List
	paused    *bool
	channels  map[string]document.Text // by kind of surface; at most one is not empty
	signature *document.Text
	settings  []setting
	replyMode *document.Text
	hold      *hold
	rate      *float64
	hours     *hours.Plan // zero = always open
	sections  []section   // groups of keys that may belong to the channel
}

// hold is how long a reply waits before it is sent; nil seconds = the channel's default.
type hold struct{ seconds *float64 }

type setting struct{ name, value string }

// section is a group of keys of a channel, flattened: "imap.host".
type section struct {
	key    string
	at     Position
	fields []field
}

type field struct {
	path string
	at   Position
	one  *document.Text // a single value; nil = many is set
	many *document.List // a list of values; nil = one is set
}

// surfaceKinds returns the chats in which agents can work. Keys of the file are made of these words:
// slack: (a user), slack_channel:.
func surfaceKinds() []string { return input.Chats() }

// Parse reads parley.yaml. It replaces ${NAME} by lookupEnv after parsing, inside of values, so that no
// variable can change the structure of the file.
// Errors: Faults: all that can be found without the database.
func Parse(raw []byte, lookupEnv func(string) (string, bool)) (*File, error) {
	r := &document.Reader{Env: lookupEnv}
	body := r.Document(raw)
	if body == nil {
		return nil, r.Faults.Err()
	}
	f := &File{}
	if top := objectOf(r.ReadGroup(body, "")); top != nil {
		f.read(top)
	}
	if err := r.Faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) read(top *object) {
	f.company = top.Text("company")
	f.settings = top.settings("settings")
	f.retention = top.retention()
	agents, given := top.objects("agents", "agent")
	f.sections.agents = given
	teams, given := top.objects("teams", "team")
	f.sections.teams = given
	accounts, given := top.objects("accounts", "account")
	f.sections.accounts = given
	templates, given := top.objects("templates", "template")
	f.sections.templates = given
	tags, given := top.objects("tags", "tag")
	f.sections.tags = given
	places, given := top.objects("knowledge", "knowledge")
	f.sections.knowledge = given
	top.Done()

	f.readKnowledge(places)

	seen := names{faults: &top.Faults, lines: map[string]int{}}
	for _, o := range agents {
		if e, ok := readAgent(o); ok && seen.first("agent", e.email, e.at) {
			f.agents = append(f.agents, e)
		}
	}
	for _, o := range teams {
		if e, ok := readTeam(o); ok && seen.first("team", e.name, e.at) {
			f.teams = append(f.teams, e)
		}
	}
	for _, o := range accounts {
		if e, ok := readAccount(o); ok && seen.first("account", e.name, e.at) {
			f.accounts = append(f.accounts, e)
		}
	}
	for _, o := range templates {
		if e, ok := readTemplate(o); ok {
			for _, a := range e.accounts {
				ok = ok && seen.first("template", e.name+" ("+e.language+") of "+a.Value, e.at)
			}
			if ok {
				f.templates = append(f.templates, e)
			}
		}
	}
	f.readTags(tags, &seen)
	f.uniqueUsers(&top.Faults)
}

// names finds duplicate names.
type names struct {
	faults *Faults
	lines  map[string]int
}

func (n names) first(what, name string, at Position) bool {
	key := what + " " + strings.ToLower(name)
	if line, twice := n.lines[key]; twice {
		n.faults.Add(at, what+" "+name, "is listed twice", fmt.Sprintf("It is also in line %d.", line))
		return false
	}
	n.lines[key] = at.Line
	return true
}

// uniqueUsers adds a fault where two agents have the same user of a surface.
func (f *File) uniqueUsers(faults *Faults) {
	for _, kind := range surfaceKinds() {
		first := map[string]string{}
		for _, a := range f.agents {
			user := a.users[kind]
			if user.Value == "" {
				continue
			}
			if other := first[user.Value]; other != "" {
				faults.Add(user.At, "agent "+a.email+": "+kind, "is the user of "+other+" too", "Each person has an id of their own.")
			}
			first[user.Value] = a.email
		}
	}
}

func readAgent(o *object) (agentEntry, bool) {
	e := agentEntry{at: o.At, users: map[string]document.Text{}}
	email := o.Text("email")
	if email != nil {
		e.email = strings.ToLower(strings.TrimSpace(email.Value))
		if !isEmail(e.email) {
			o.Fault(email.At, "email", fmt.Sprintf("%q is no e-mail address", email.Raw), "Write ann@example.com.")
			e.email = ""
		} else {
			o.Where = "agent " + e.email
		}
	} else if o.Values["email"] == nil {
		o.Fault(o.At, "email", "is missing", "An agent is known by the e-mail address.")
	}
	if e.name = o.Text("name"); e.name != nil && strings.TrimSpace(e.name.Value) == "" {
		o.Fault(e.name.At, "name", "is empty", "Write the name that colleagues and customers see.")
	}
	for _, kind := range surfaceKinds() {
		if t := o.Text(kind); t != nil {
			o.user(kind, t)
			e.users[kind] = *t
		}
	}
	if e.roles = o.List("roles"); e.roles != nil {
		for _, role := range e.roles.Items {
			o.oneOf(role, "roles", store.Roles()...)
		}
	}
	if e.zone = o.Text("zone"); e.zone != nil {
		o.zone(*e.zone)
	}
	if e.presence = o.Text("presence"); e.presence != nil && e.presence.Value != "" {
		o.oneOf(*e.presence, "presence", input.Presences()...)
	}
	if e.quiet = o.List("quiet"); e.quiet != nil {
		for _, notice := range e.quiet.Items {
			o.oneOf(notice, "quiet", bridge.NoticesToChoose()...)
		}
	}
	e.signature = o.Text("signature")
	o.Done()
	return e, e.email != ""
}

func readTeam(o *object) (teamEntry, bool) {
	e := teamEntry{at: o.At, channels: map[string]document.Text{}}
	if name := o.Text("name"); name != nil && strings.TrimSpace(name.Value) != "" {
		e.name = strings.TrimSpace(name.Value)
		o.Where = "team " + e.name
	} else if name != nil || o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "A team is known by its name.")
	}
	if e.members = o.List("members"); e.members != nil {
		for i, m := range e.members.Items {
			member := strings.ToLower(strings.TrimSpace(m.Value))
			if !isEmail(member) {
				o.Fault(m.At, "members", fmt.Sprintf("%q is no e-mail address", m.Raw), "Members are listed by the agents' e-mail addresses.")
			}
			e.members.Items[i].Value = member
		}
	}
	o.channels(e.channels)
	if e.home = o.Text("home"); e.home != nil && e.home.Value != "" {
		o.oneOf(*e.home, "home", surfaceKinds()...)
	}
	e.emoji = o.emoji("emoji")
	if e.agents = o.Text("agents"); e.agents != nil && e.agents.Value != "" {
		o.oneOf(*e.agents, "agents", input.AgentRules()...)
	}
	e.weekly = o.schedule("weekly_figures")
	o.Done()
	return e, e.name != ""
}

// channels reads the channels of all surfaces: slack_channel, teams_channel.
func (o *object) channels(into map[string]document.Text) {
	for _, kind := range surfaceKinds() {
		key := kind + "_channel"
		if _, empty := o.Values[key].(*ast.NullNode); empty {
			o.Known = append(o.Known, key)
			o.Fault(o.Places[key], key, "has no value", `A # begins a remark: write a name in quotes, "#support". Write "" to clear it.`)
			continue
		}
		t := o.Text(key)
		if t == nil {
			continue
		}
		o.channel(kind, key, t)
		into[kind] = *t
	}
}

func readAccount(o *object) (accountEntry, bool) {
	e := accountEntry{at: o.At, channels: map[string]document.Text{}}
	e.name = o.accountName()
	e.kind = o.Text("kind")
	e.team = o.Text("team")
	if e.mode = o.Text("mode"); e.mode != nil {
		o.oneOf(*e.mode, "mode", "watch", "trial", "live")
	}
	if e.trialTo = o.List("trial_to"); e.trialTo != nil {
		for i, t := range e.trialTo.Items {
			e.trialTo.Items[i].Value = trialAddress(t.Value)
		}
	}
	e.paused = o.yesNo("paused")
	o.channels(e.channels)
	if kinds := surfaceKinds(); e.channels[kinds[0]].Value != "" && e.channels[kinds[1]].Value != "" {
		o.Fault(e.channels[kinds[1]].At, kinds[1]+"_channel", "stands beside "+kinds[0]+"_channel", "An account's threads open in one place: keep one of them.")
	}
	e.signature = o.Text("signature")
	e.settings = o.settings("settings")
	if e.replyMode = o.Text("reply_mode"); e.replyMode != nil {
		o.oneOf(*e.replyMode, "reply_mode", "direct", "explicit")
	}
	e.hold = o.hold("hold")
	e.rate = o.rate("rate")
	e.hours = o.hours("hours")
	for _, key := range o.Rest() {
		if s, ok := o.section(key); ok {
			e.sections = append(e.sections, s)
		}
	}
	return e, e.name != ""
}

// accountName reads an account's name. It becomes a part of addresses and of names of variables, and never
// changes.
func (o *object) accountName() string {
	t := o.Text("name")
	if t == nil {
		if o.Values["name"] == nil {
			o.Fault(o.At, "name", "is missing", "An account is known by its name, which never changes: support-mail.")
		}
		return ""
	}
	hint := "Use letters, digits, - and _, at most 63: support-mail."
	switch {
	case !isAccountName(t.Value):
		o.Fault(t.At, "name", fmt.Sprintf("%q can't be an account's name", t.Raw), hint)
	case slices.Contains(append(surfaceKinds(), "parley"), strings.ToLower(t.Value)):
		o.Fault(t.At, "name", fmt.Sprintf("%q is a name that Parley uses itself", t.Raw), "Take another: support-"+t.Value+".")
	default:
		o.Where = "account " + t.Value
		return t.Value
	}
	return ""
}
