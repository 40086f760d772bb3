package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge"
	"parley/routing/hours"
	"parley/store"
)

// File is a checked parley.yaml. Plan checks what needs the database or the channels' specs: does this
// team exist? Is this a field of that channel? In File and its entries nil means: not in the file.
type File struct {
	company  *text
	settings []setting // the defaults of all accounts
	agents   []agentEntry
	teams    []teamEntry
	accounts []accountEntry

	templates []templateEntry
	tags      []tagEntry
	knowledge []string                                                           // folders and addresses
	sections  struct{ agents, teams, accounts, templates, tags, knowledge bool } // which lists the file has
}

type agentEntry struct {
	at    Position
	email string
	name  *text
	roles *list
	zone  *text
	users map[string]text // by kind of surface

	presence  *text
	quiet     *list
	signature *text
}

type teamEntry struct {
	at       Position
	name     string
	members  *list
	channels map[string]text // by kind of surface
	home     *text
	emoji    map[string]string // verbs by names; nil = not given
	agents   *text
	weekly   *text
}

type accountEntry struct {
	at        Position
	name      string
	kind      *text
	team      *text
	mode      *text
	trialTo   *list
	paused    *bool
	channels  map[string]text // by kind of surface; at most one is not empty
	signature *text
	settings  []setting
	replyMode *text
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
	one  *text // a single value; nil = many is set
	many *list // a list of values; nil = one is set
}

// surfaceKinds returns the chats in which agents can work. Keys of the file are made of these words:
// slack: (a user), slack_channel:.
func surfaceKinds() []string { return []string{"slack", "teams"} }

// Parse reads parley.yaml. It replaces ${NAME} by lookupEnv after parsing, inside of values, so that no
// variable can change the structure of the file.
// Errors: Faults: all that can be found without the database.
func Parse(raw []byte, lookupEnv func(string) (string, bool)) (*File, error) {
	r := &reader{env: lookupEnv}
	body := r.document(raw)
	if body == nil {
		return nil, r.faults.err()
	}
	f := &File{}
	if top := r.object(body, ""); top != nil {
		f.read(top)
	}
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) read(top *object) {
	f.company = top.text("company")
	f.settings = top.settings("settings")
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
	top.done()

	f.readKnowledge(places)

	seen := names{faults: &top.faults, lines: map[string]int{}}
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
				ok = ok && seen.first("template", e.name+" ("+e.language+") of "+a.value, e.at)
			}
			if ok {
				f.templates = append(f.templates, e)
			}
		}
	}
	f.readTags(tags, &seen)
	f.uniqueUsers(&top.faults)
}

// names finds duplicate names.
type names struct {
	faults *Faults
	lines  map[string]int
}

func (n names) first(what, name string, at Position) bool {
	key := what + " " + strings.ToLower(name)
	if line, twice := n.lines[key]; twice {
		n.faults.add(at, what+" "+name, "is listed twice", fmt.Sprintf("It is also in line %d.", line))
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
			if user.value == "" {
				continue
			}
			if other := first[user.value]; other != "" {
				faults.add(user.at, "agent "+a.email+": "+kind, "is the user of "+other+" too", "Each person has an id of their own.")
			}
			first[user.value] = a.email
		}
	}
}

func readAgent(o *object) (agentEntry, bool) {
	e := agentEntry{at: o.at, users: map[string]text{}}
	email := o.text("email")
	if email != nil {
		e.email = strings.ToLower(strings.TrimSpace(email.value))
		if !isEmail(e.email) {
			o.fault(email.at, "email", fmt.Sprintf("%q is no e-mail address", email.raw), "Write ann@example.com.")
			e.email = ""
		} else {
			o.where = "agent " + e.email
		}
	} else if o.values["email"] == nil {
		o.fault(o.at, "email", "is missing", "An agent is known by the e-mail address.")
	}
	if e.name = o.text("name"); e.name != nil && strings.TrimSpace(e.name.value) == "" {
		o.fault(e.name.at, "name", "is empty", "Write the name that colleagues and customers see.")
	}
	for _, kind := range surfaceKinds() {
		if t := o.text(kind); t != nil {
			o.user(kind, t)
			e.users[kind] = *t
		}
	}
	if e.roles = o.list("roles"); e.roles != nil {
		for _, role := range e.roles.items {
			o.oneOf(role, "roles", store.Roles()...)
		}
	}
	if e.zone = o.text("zone"); e.zone != nil {
		o.zone(*e.zone)
	}
	if e.presence = o.text("presence"); e.presence != nil && e.presence.value != "" {
		o.oneOf(*e.presence, "presence", presences()...)
	}
	if e.quiet = o.list("quiet"); e.quiet != nil {
		for _, notice := range e.quiet.items {
			o.oneOf(notice, "quiet", bridge.NoticesToChoose()...)
		}
	}
	e.signature = o.text("signature")
	o.done()
	return e, e.email != ""
}

func readTeam(o *object) (teamEntry, bool) {
	e := teamEntry{at: o.at, channels: map[string]text{}}
	if name := o.text("name"); name != nil && strings.TrimSpace(name.value) != "" {
		e.name = strings.TrimSpace(name.value)
		o.where = "team " + e.name
	} else if name != nil || o.values["name"] == nil {
		o.fault(o.at, "name", "is missing", "A team is known by its name.")
	}
	if e.members = o.list("members"); e.members != nil {
		for i, m := range e.members.items {
			member := strings.ToLower(strings.TrimSpace(m.value))
			if !isEmail(member) {
				o.fault(m.at, "members", fmt.Sprintf("%q is no e-mail address", m.raw), "Members are listed by the agents' e-mail addresses.")
			}
			e.members.items[i].value = member
		}
	}
	o.channels(e.channels)
	if e.home = o.text("home"); e.home != nil && e.home.value != "" {
		o.oneOf(*e.home, "home", surfaceKinds()...)
	}
	e.emoji = o.emoji("emoji")
	if e.agents = o.text("agents"); e.agents != nil && e.agents.value != "" {
		o.oneOf(*e.agents, "agents", agentsOfTeams()...)
	}
	e.weekly = o.schedule("weekly_figures")
	o.done()
	return e, e.name != ""
}

// channels reads the channels of all surfaces: slack_channel, teams_channel.
func (o *object) channels(into map[string]text) {
	for _, kind := range surfaceKinds() {
		key := kind + "_channel"
		if _, empty := o.values[key].(*ast.NullNode); empty {
			o.known = append(o.known, key)
			o.fault(o.places[key], key, "has no value", `A # begins a remark: write a name in quotes, "#support". Write "" to clear it.`)
			continue
		}
		t := o.text(key)
		if t == nil {
			continue
		}
		o.channel(kind, key, t)
		into[kind] = *t
	}
}

func readAccount(o *object) (accountEntry, bool) {
	e := accountEntry{at: o.at, channels: map[string]text{}}
	e.name = o.accountName()
	e.kind = o.text("kind")
	e.team = o.text("team")
	if e.mode = o.text("mode"); e.mode != nil {
		o.oneOf(*e.mode, "mode", "watch", "trial", "live")
	}
	if e.trialTo = o.list("trial_to"); e.trialTo != nil {
		for i, t := range e.trialTo.items {
			e.trialTo.items[i].value = trialAddress(t.value)
		}
	}
	e.paused = o.yesNo("paused")
	o.channels(e.channels)
	if kinds := surfaceKinds(); e.channels[kinds[0]].value != "" && e.channels[kinds[1]].value != "" {
		o.fault(e.channels[kinds[1]].at, kinds[1]+"_channel", "stands beside "+kinds[0]+"_channel", "An account's threads open in one place: keep one of them.")
	}
	e.signature = o.text("signature")
	e.settings = o.settings("settings")
	if e.replyMode = o.text("reply_mode"); e.replyMode != nil {
		o.oneOf(*e.replyMode, "reply_mode", "direct", "explicit")
	}
	e.hold = o.hold("hold")
	e.rate = o.rate("rate")
	e.hours = o.hours("hours")
	for _, key := range o.rest() {
		if s, ok := o.section(key); ok {
			e.sections = append(e.sections, s)
		}
	}
	return e, e.name != ""
}

// accountName reads an account's name. It becomes a part of addresses and of names of variables, and never
// changes.
func (o *object) accountName() string {
	t := o.text("name")
	if t == nil {
		if o.values["name"] == nil {
			o.fault(o.at, "name", "is missing", "An account is known by its name, which never changes: support-mail.")
		}
		return ""
	}
	hint := "Use letters, digits, - and _, at most 63: support-mail."
	switch {
	case !isAccountName(t.value):
		o.fault(t.at, "name", fmt.Sprintf("%q can't be an account's name", t.raw), hint)
	case slices.Contains(append(surfaceKinds(), "parley"), strings.ToLower(t.value)):
		o.fault(t.at, "name", fmt.Sprintf("%q is a name that Parley uses itself", t.raw), "Take another: support-"+t.value+".")
	default:
		o.where = "account " + t.value
		return t.value
	}
	return ""
}
