package parleyfile

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
)

// parley.yaml is the file in which an admin sets Parley up: agents, teams, accounts, templates and so on. "parley
// apply" makes the database like it. Parse turns the file into a File; each entry remembers its place, so that a
// later error can name the line.

// File is a checked parley.yaml. What needs the database or the channels' specs is checked later: does this team exist?
// Is this a field of that channel? In File and its entries nil means: not in the file.
type File struct {
	Company  *document.Text
	Settings []Setting // the defaults of all accounts
	Agents   []Agent
	Teams    []Team
	Accounts []Account

	Templates []Template
	Tags      []Tag
	Retention map[string]int // days by the names of their keys; 0 means as usual
	Knowledge []string       // folders and addresses

	// Lists says which lists the file has, since an empty list is not a missing one: --prune then removes all entries.
	Lists struct{ Agents, Teams, Accounts, Templates, Tags, Knowledge bool }
}

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

// read reads all keys of the file. Every list is asked for before Done, which reports the unknown keys.
func (f *File) read(top *object) {
	f.Company = top.Text("company")
	f.Settings = top.readSettings("settings")
	f.Retention = top.readRetention()
	agents, given := top.readObjects("agents", "agent")
	f.Lists.Agents = given
	teams, given := top.readObjects("teams", "team")
	f.Lists.Teams = given
	accounts, given := top.readObjects("accounts", "account")
	f.Lists.Accounts = given
	templates, given := top.readObjects("templates", "template")
	f.Lists.Templates = given
	tags, given := top.readObjects("tags", "tag")
	f.Lists.Tags = given
	places, given := top.readObjects("knowledge", "knowledge")
	f.Lists.Knowledge = given
	top.Done()

	f.readKnowledge(places)

	seen := names{faults: &top.Faults, lines: map[string]int{}}
	for _, o := range agents {
		e, ok := readAgent(o)
		if ok && seen.checkNew("agent", e.Email, e.At) {
			f.Agents = append(f.Agents, e)
		}
	}

	for _, o := range teams {
		e, ok := readTeam(o)
		if ok && seen.checkNew("team", e.Name, e.At) {
			f.Teams = append(f.Teams, e)
		}
	}

	for _, o := range accounts {
		e, ok := readAccount(o)
		if ok && seen.checkNew("account", e.Name, e.At) {
			f.Accounts = append(f.Accounts, e)
		}
	}

	for _, o := range templates {
		if e, ok := readTemplate(o); ok {
			for _, a := range e.Accounts {
				ok = ok && seen.checkNew("template", e.Name+" ("+e.Language+") of "+a.Value, e.At)
			}

			if ok {
				f.Templates = append(f.Templates, e)
			}
		}
	}

	f.readTags(tags, &seen)
	f.checkUsersDiffer(&top.Faults)
}

// names finds duplicate names.
type names struct {
	faults *document.Faults
	lines  map[string]int // the line of each name, by its kind and the name in small letters
}

// checkNew adds a fault if a name was seen before. It returns whether the name is new.
func (n names) checkNew(what, name string, at document.Position) bool {
	key := what + " " + strings.ToLower(name)
	if line, twice := n.lines[key]; twice {
		n.faults.Add(document.Fault{
			At: at, Where: what + " " + name,
			What: "is listed twice", Hint: fmt.Sprintf("It is also in line %d.", line),
		})
		return false
	}
	n.lines[key] = at.Line
	return true
}

// checkUsersDiffer adds a fault where two agents have the same user of a surface.
func (f *File) checkUsersDiffer(faults *document.Faults) {
	for _, kind := range input.Chats() {
		first := map[string]string{}
		for _, a := range f.Agents {
			user := a.Users[kind]
			if user.Value == "" {
				continue
			}

			if other := first[user.Value]; other != "" {
				faults.Add(document.Fault{
					At: user.At, Where: "agent " + a.Email + ": " + kind,
					What: "is the user of " + other + " too", Hint: "Each person has an id of their own.",
				})
			}

			first[user.Value] = a.Email
		}
	}
}

// HasUser reports whether the file itself names a user of a surface, for whichever agent.
func (f *File) HasUser(kind, id string) bool {
	return slices.ContainsFunc(f.Agents, func(e Agent) bool { return strings.TrimSpace(e.Users[kind].Value) == id })
}

// AgentAt returns where an agent's entry stands in the file, or the zero Position if it isn't there.
func (f *File) AgentAt(email string) document.Position {
	if e := f.Agent(email); e != nil {
		return e.At
	}
	return document.Position{}
}

// Agent finds the entry of an agent in the file, or returns nil if it isn't there.
func (f *File) Agent(email string) *Agent {
	return find(f.Agents, func(e Agent) bool { return strings.EqualFold(e.Email, email) })
}

// Team finds the entry of a team in the file, or returns nil if it isn't there.
func (f *File) Team(name string) *Team {
	return find(f.Teams, func(e Team) bool { return strings.EqualFold(e.Name, name) })
}

// Account finds the entry of an account in the file, or returns nil if it isn't there.
func (f *File) Account(name string) *Account {
	return find(f.Accounts, func(e Account) bool { return strings.EqualFold(e.Name, name) })
}

// find returns the first entry that is the right one, or nil if there is none.
func find[T any](list []T, isRight func(T) bool) *T {
	if i := slices.IndexFunc(list, isRight); i >= 0 {
		return &list[i]
	}
	return nil
}
