package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/channels"
	"parley/store"
)

// File is a parsed parley.yaml, the file in which an admin sets Parley up: agents, teams, accounts, templates and so on. "parley
// apply" changes the database to what it says. Whatever it doesn't mention stays.
//
//	company: Example Shop
//	agents: [{email: ann@example.com, name: Ann}]
//	teams: [{name: Support, members: [ann@example.com]}]
type File struct {
	body ast.Node // nil for a file that says nothing
	env  func(string) (string, bool)
	said State // what it says, with names of channels as they stand there
	entries
}

// Parse reads parley.yaml. It replaces ${NAME} with lookupEnv inside of values, after the YAML is parsed, so that no variable can
// change the structure of the file. Checks that need the database or the channels' specs come later: does this team exist, does the
// channel have this field?
// Errors: Faults, with everything that can be found without them.
func Parse(raw []byte, lookupEnv func(string) (string, bool)) (*File, error) {
	r := &Reader{Env: lookupEnv}
	f := &File{body: r.Document(raw), env: lookupEnv}
	if f.body == nil {
		return nil, r.Faults.Err()
	}
	f.said = State{Settings: map[string]string{}, Surfaces: map[string]store.AccountID{}}
	o := overlay{State: &f.said, entries: entries{}, isAlone: true}
	if top := r.ReadGroup(f.body, ""); top != nil {
		o.read(top, false)
	}
	f.entries = o.entries
	if err := r.Faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// apply changes a state of the set-up to what the file says. For example, the entry {name: support-mail, hold: 30s} sets how long
// replies of that account wait, and leaves the account's other properties alone. With prune, it removes what the file's lists don't
// have: with "teams: [{name: Support}]", all teams but Support. A list that is missing in the file removes nothing.
//
// The remarks are hints for the admin that don't prevent the change: the file has an outdated id of a channel, or the chat user that
// was found by an agent's e-mail address already belongs to another agent.
// Errors: Faults, with everything that is wrong in the file. The state is then partly changed and must be dropped.
func (f *File) apply(s *State, specs []channels.Spec, found Found, prune bool) (remarks []string, err error) {
	o := overlay{State: s, specs: specs, found: found, entries: entries{}}
	if f.body != nil {
		r := &Reader{Env: f.env}
		o.read(r.ReadGroup(f.body, ""), prune)
	}
	for _, check := range o.later {
		check()
	}
	return o.remarks, o.faults.Err()
}

// overlay is a state that a file is changing. What is wrong with the file alone becomes a fault of its Reader.
type overlay struct {
	*State
	isAlone bool // there are no specs, nothing was looked up, and the state is empty: only the file itself is checked
	specs   []channels.Spec
	found   Found
	entries entries
	later   []func() // checks that need the whole state
	faults  Faults
	remarks []string
}

// entries are the entries of a file, by what they are and their names in small letters: "agent ann@acme.test".
type entries map[string]*Group

func (all entries) entry(what, name string) *Group { return all[what+" "+strings.ToLower(name)] }

// at returns the position of an entry, or the zero Position if the file doesn't have it.
func (all entries) at(what, name string) Position {
	if e := all.entry(what, name); e != nil {
		return e.At
	}
	return Position{}
}

// add adds an entry that has a name, or a fault if there is one of that name.
func (all entries) add(what, name string, e *Group, at Position) {
	if name == "" {
		return
	}
	if first := all.entry(what, name); first != nil {
		e.Faults.Add(Fault{
			At: at, Where: what + " " + name, What: "is listed twice", Hint: fmt.Sprintf("It is also in line %d.", first.At.Line),
		})
		return
	}
	e.name = cmp.Or(e.name, name)
	all[what+" "+strings.ToLower(name)] = e
}

// fault adds a fault of a key of an entry.
func (o *overlay) fault(e *Group, at Position, key, what, hint string) {
	o.faults.Add(Fault{At: at, Where: e.Label(key), What: what, Hint: hint})
}

// read reads all keys of the file. All lists are read before Done, which reports unknown keys. Agents come first, because teams
// refer to them, and so on.
func (o *overlay) read(top *Group, prune bool) {
	setText(top, "company", &o.Company)
	top.readSettings("settings", o.Settings)
	top.readRetention(&o.Retention)
	lists := map[string][]*Group{}
	for _, k := range kinds(o.specs) {
		if all, ok := top.Groups(k.called().list, k.called().what); ok {
			lists[k.called().list] = append([]*Group{}, all...)
		}
	}
	sources, hasSources := top.Groups("knowledge", "knowledge")
	roles, hasRoles := top.Groups("roles", "role")
	top.Done()

	if hasSources {
		o.Knowledge = readKnowledge(sources)
	}
	if hasRoles {
		o.Roles = nil
	}
	for _, e := range roles {
		o.readRole(e)
	}
	for _, k := range kinds(o.specs) {
		for _, e := range lists[k.called().list] {
			k.readEntry(o, e)
		}
	}
	for _, e := range lists["tags"] {
		o.addFormerNames(e)
	}
	o.dropUnknownRoles()
	if prune {
		o.prune(lists)
	}
	for _, e := range lists["agents"] {
		o.linkFoundUsers(e)
	}
}

// prune removes what those lists that the file has don't have.
func (o *overlay) prune(lists map[string][]*Group) {
	if lists["agents"] != nil {
		o.forgetAgents()
	}
	for _, k := range kinds(o.specs) {
		if lists[k.called().list] != nil {
			k.prune(o)
		}
	}
	o.checkTeamsOfAccounts()
	o.Templates = slices.DeleteFunc(o.Templates, func(t StateTemplate) bool { return o.Account(t.Account) == nil })
}

// forgetAgents takes agents that will be removed out of accounts, and out of teams whose members the file doesn't list.
func (o *overlay) forgetAgents() {
	for _, agent := range o.Agents {
		if o.entries.entry("agent", agent.Email) != nil {
			continue
		}
		if a := o.ForgetAgent(agent.Email); a != nil {
			o.faults.Add(Fault{
				Where: "account " + a.Row.Name + ": people", What: "nobody of them would read and answer any more",
				Hint: "Name others, or keep the agent " + agent.Email + ".",
			})
		}
	}
	for i := range o.Teams {
		t := &o.Teams[i]
		if !o.entries.entry("team", t.Name).has("members") {
			t.Members = slices.DeleteFunc(slices.Clone(t.Members), func(m string) bool { return o.entries.entry("agent", m) == nil })
		}
	}
}

// checkTeamsOfAccounts adds a fault for each account whose team was removed, unless the file gives it another team.
func (o *overlay) checkTeamsOfAccounts() {
	for _, a := range o.Accounts {
		isTeamRemoved := a.Team != "" && o.Team(a.Team) == nil
		if isTeamRemoved && !o.entries.entry("account", a.Row.Name).has("team") {
			o.faults.Add(Fault{
				Where: "account " + a.Row.Name,
				What:  fmt.Sprintf("belongs to the team %q, which --prune would take out", a.Team),
				Hint:  "Name the account with another team, or keep the team.",
			})
		}
	}
}

// resolveChannel returns the id of a channel of a chat, which the file gives as an id or as "#name". If the
// name was not found, it adds a fault and returns "". If the chat has changed the id, it adds a remark and
// returns the current one.
func (o *overlay) resolveChannel(e *Group, kind string, given Text) string {
	if o.isAlone {
		return given.Value
	}
	if !strings.HasPrefix(given.Value, "#") {
		now := o.ChannelNow(kind, given.Value)
		if now != given.Value {
			o.remarks = append(o.remarks, fmt.Sprintf(
				"%s: %s_channel: %s is %s by now, and that counts: write it into the file", e.Where, kind, given.Value, now))
		}
		return now
	}

	key := ChannelKey{Kind: kind, Name: given.Value}
	id := o.found.Channels[key]
	if id == "" {
		o.fault(e, given.At, channelKey(kind), fmt.Sprintf("%q: %s", given.Value, o.found.problem(key)),
			"Look at its spelling, whether "+ChatName(kind)+" is connected, and whether the app was let into a private channel; "+
				"or give the channel's link.")
	}
	return id
}

// needSurface adds a chat's own account to the state, to be created when the state is saved, unless it exists
// already.
func (o *overlay) needSurface(kind string) {
	if _, ok := o.Surfaces[kind]; !ok {
		o.Surfaces[kind] = 0
	}
}

// readSignature sets a signature in the form in which it is stored. It adds a fault if it can't be used.
func (o *overlay) readSignature(e *Group, to *StateSignature) {
	t := e.Text("signature")
	if t == nil {
		return
	}
	source := strings.TrimRight(t.Value, "\n")
	read, ok := o.found.Signatures[source]
	if !ok { // there was no lookup
		read.Markdown = source
	}
	if read.Problem != "" {
		o.fault(e, t.At, "signature", read.Problem, read.Hint)
	}
	*to = read.StateSignature
}

// find returns the first entry that matches, or nil.
func find[T any](list []T, matches func(T) bool) *T {
	if i := slices.IndexFunc(list, matches); i >= 0 {
		return &list[i]
	}
	return nil
}

// added appends a thing to a list, and returns where it is.
func added[T any](list *[]T, thing T) *T {
	*list = append(*list, thing)
	return &(*list)[len(*list)-1]
}
