package setup

import (
	"fmt"
	"slices"
	"strings"

	"parley/store"
)

// ParleyfileFile is a parsed parley.yaml, the file in which an admin sets Parley up: agents, teams, accounts, templates
// and so on. "parley apply" changes the database to what it says.
//
//	company: Example Shop
//	agents: [{email: ann@example.com, name: Ann}]
//	teams: [{name: Support, members: [ann@example.com]}]
//
// Each entry has its position in the file, so that errors can name the line. Checks that need the database or
// the channels' specs come later: does this team exist, does the channel have this field? In File and its
// entries, nil means that the file doesn't have the key.
type ParleyfileFile struct {
	Company  *Text
	Settings []Setting // the defaults of all accounts
	Agents   []ParleyfileAgent
	Teams    []ParleyfileTeam
	Accounts []ParleyfileAccount

	Templates   []ParleyfileTemplate
	Tags        []ParleyfileTag
	Retention   map[string]int // days by key; 0 means the default
	Automations []ParleyfileAutomation
	Canned      []ParleyfileCanned
	Roles       []store.Role // the company's own
	Knowledge   []string     // paths of folders and addresses of web sites

	// Lists says which lists the file has. With --prune, an empty list removes all entries, a missing one none.
	Lists struct{ Agents, Teams, Accounts, Templates, Tags, Automations, Knowledge, Roles, Canned bool }
}

// ParseParleyfile reads parley.yaml. It replaces ${NAME} with lookupEnv inside of values, after the YAML is parsed, so
// that no variable can change the structure of the file.
// Errors: Faults, with everything that can be found without the database.
func ParseParleyfile(raw []byte, lookupEnv func(string) (string, bool)) (*ParleyfileFile, error) {
	r := &Reader{Env: lookupEnv}
	body := r.Document(raw)
	if body == nil {
		return nil, r.Faults.Err()
	}
	f := &ParleyfileFile{}
	if top := objectOf(r.ReadGroup(body, "")); top != nil {
		f.read(top)
	}
	if err := r.Faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// read reads all keys of the file. All lists are read before Done, which reports unknown keys.
func (f *ParleyfileFile) read(top *object) {
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
	automations, given := top.readObjects("automations", "automation")
	f.Lists.Automations = given
	canned, given := top.readObjects("canned_replies", "canned reply")
	f.Lists.Canned = given
	sources, given := top.readObjects("knowledge", "knowledge")
	f.Lists.Knowledge = given
	roles, given := top.readObjects("roles", "role")
	f.Lists.Roles = given
	top.Done()

	f.readKnowledge(sources)

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

	for _, o := range roles {
		if r, ok := readRole(o); ok && seen.checkNew("role", r.Name, o.At) {
			f.Roles = append(f.Roles, r)
		}
	}

	f.readTags(tags, &seen)
	for _, o := range automations {
		if e, ok := readAutomation(o); ok && seen.checkNew("automation", e.Name, e.At) {
			f.Automations = append(f.Automations, e)
		}
	}
	for _, o := range canned {
		if e, ok := readCanned(o); ok && seen.checkNew("canned reply", e.Keyword, e.At) {
			f.Canned = append(f.Canned, e)
		}
	}
	f.checkUsersDiffer(&top.Faults)
}

// names detects duplicate names.
type names struct {
	faults *Faults
	lines  map[string]int // line of each name, by kind and lower-case name
}

// checkNew reports whether a name is new. It adds a fault if it is not.
func (n names) checkNew(what, name string, at Position) bool {
	key := what + " " + strings.ToLower(name)
	if line, isDuplicate := n.lines[key]; isDuplicate {
		n.faults.Add(Fault{
			At: at, Where: what + " " + name,
			What: "is listed twice", Hint: fmt.Sprintf("It is also in line %d.", line),
		})
		return false
	}
	n.lines[key] = at.Line
	return true
}

// checkUsersDiffer adds a fault if two agents have the same user of a chat.
func (f *ParleyfileFile) checkUsersDiffer(faults *Faults) {
	for _, kind := range Chats() {
		agentOf := map[string]string{} // e-mail addresses by user
		for _, a := range f.Agents {
			user := a.Users[kind]
			if user.Value == "" {
				continue
			}

			if other := agentOf[user.Value]; other != "" {
				faults.Add(Fault{
					At: user.At, Where: "agent " + a.Email + ": " + kind,
					What: "is the user of " + other + " too", Hint: "Each person has an id of their own.",
				})
			}

			agentOf[user.Value] = a.Email
		}
	}
}

// HasUser reports whether the file names a user of a chat, for any agent.
func (f *ParleyfileFile) HasUser(kind, id string) bool {
	return slices.ContainsFunc(f.Agents, func(e ParleyfileAgent) bool { return strings.TrimSpace(e.Users[kind].Value) == id })
}

// AgentAt returns the position of an agent's entry, or the zero Position if the file doesn't have it.
func (f *ParleyfileFile) AgentAt(email string) Position {
	if e := f.Agent(email); e != nil {
		return e.At
	}
	return Position{}
}

// Agent returns an agent's entry, or nil if the file doesn't have it.
func (f *ParleyfileFile) Agent(email string) *ParleyfileAgent {
	return find(f.Agents, func(e ParleyfileAgent) bool { return strings.EqualFold(e.Email, email) })
}

// Team returns a team's entry, or nil if the file doesn't have it.
func (f *ParleyfileFile) Team(name string) *ParleyfileTeam {
	return find(f.Teams, func(e ParleyfileTeam) bool { return strings.EqualFold(e.Name, name) })
}

// Account returns an account's entry, or nil if the file doesn't have it.
func (f *ParleyfileFile) Account(name string) *ParleyfileAccount {
	return find(f.Accounts, func(e ParleyfileAccount) bool { return strings.EqualFold(e.Name, name) })
}

// find returns the first entry that matches, or nil.
func find[T any](list []T, matches func(T) bool) *T {
	if i := slices.IndexFunc(list, matches); i >= 0 {
		return &list[i]
	}
	return nil
}
