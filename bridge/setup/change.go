package setup

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/routing"
	"parley/store"
)

// Change is an edit of one entry of the set-up (an agent, a team, an account, …), made in a form of the web pages.
//
// Save turns it into a small parley.yaml that holds only this entry and applies that, so that pages and files share
// one set of checks. Setting the hold of the account support-mail, for example, becomes:
//
//	accounts:
//	  - "name": "support-mail"
//	    "hold": "30s"
//
// A fault in a line is then shown at the form field from which the line was made (Refused.Fields).
type Change struct {
	Kind    string // EntryAgent, EntryTeam, …
	Name    string // the entry's name; "" for EntryCompany and EntryKnowledge, of which there is one
	Was     string // the name before a renaming; only tags can be renamed
	Channel string // for an account: its kind of channel, such as "email"

	// Values maps the paths of the changed values ("mode", "email.imap.host") to their new values. All others stay. No
	// values, or a single empty one, clear a value. To clear a group (InputGroup), name its own path; to replace it, name
	// the paths of its keys. Items of a list of groups have numbers in their paths ("hours.holidays.days.0.date"), which
	// define their order and may have gaps.
	Values map[string][]string

	Version string // Entry.Version as the person saw it; "" means the entry is new
	Remove  bool   // remove the entry, ignoring Values
}

// Errors of Save.
var (
	// ErrStale means that the entry has changed since the person loaded the page.
	ErrStale   = errors.New("setup: somebody else changed it meanwhile")
	ErrExists  = errors.New("setup: there is one of that name")
	ErrMissing = errors.New("setup: there is none of that name")
)

// Refused reports what is wrong with a change, as sentences to show to the person who made it.
type Refused struct {
	Fields map[string]string // by the path of the field
	Others []string          // problems that belong to no field
}

func (r *Refused) Error() string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(r.Fields)) {
		lines = append(lines, path+": "+r.Fields[path])
	}
	return "setup: " + strings.Join(append(lines, r.Others...), "; ")
}

// Save writes a change to the database, with the same checks as Apply. After an error nothing is written.
// Errors: *Refused, ErrStale, ErrExists, ErrMissing.
func Save(ctx context.Context, pool *pgxpool.Pool, c Change, o Options) (Result, error) {
	source := &changeFile{kind: c.Kind, fields: FieldsOf(c.Kind, SpecOf(o.Specs, c.Channel))}
	source.build(c, namesOf(c.Kind))

	file := &File{}
	isEmpty := len(source.lines) == 0 // the form was submitted unchanged
	if !c.Remove && !isEmpty {
		var err error
		file, err = Parse([]byte(strings.Join(source.lines, "\n")+"\n"), noVariables)
		if err != nil {
			return Result{}, source.asRefused(err)
		}
	}

	o.fromPage = true
	o.checkStored = func(have *State) error {
		if err := c.checkVersion(have, o); err != nil {
			return err
		}
		return c.checkUsers(have)
	}
	o.amendWanted = c.amend
	result, err := Apply(ctx, pool, file, o)
	return result, source.asRefused(err)
}

// noVariables is an empty environment: a page can't use the server's environment variables.
func noVariables(string) (string, bool) { return "", false }

// checkVersion refuses the change unless the stored entry is the version that the person saw, so that nobody overwrites
// values that they have not read.
// Errors: ErrExists, ErrMissing, ErrStale.
func (c Change) checkVersion(have *State, o Options) error {
	var found *Entry
	for _, e := range entriesOf(have, o.Specs) {
		isSameKind := e.Kind == c.Kind
		switch {
		case isSameKind && strings.EqualFold(e.Name, cmp.Or(c.Was, c.Name)):
			found = &e
		case isSameKind && strings.EqualFold(e.Name, c.Name):
			return ErrExists // the new name of a renamed entry is taken
		}
	}

	isNew := c.Version == ""
	switch {
	case isNew && found != nil:
		return ErrExists
	case !isNew && found == nil:
		return ErrMissing
	case found != nil && found.Version != c.Version:
		return ErrStale
	}
	return nil
}

// checkUsers refuses to give an agent a user of a chat (Slack or Teams) who belongs to a colleague. Apply would move the
// user to this agent, but whoever fills in the form can't see that the colleague loses it.
// Errors: *Refused.
func (c Change) checkUsers(have *State) error {
	if c.Kind != EntryAgent || c.Remove {
		return nil
	}

	fields := map[string]string{}
	for _, chat := range Chats() {
		user := store.SurfaceUser(strings.TrimSpace(strings.Join(c.Values[chat], "")))
		owner := have.AgentOf(chat, user)
		if user != "" && owner != nil && !strings.EqualFold(owner.Email, c.Name) {
			fields[chat] = "That is the user of " + owner.Name + ". Empty this field of " + owner.Email + " first, and then type it here."
		}
	}
	if len(fields) > 0 {
		return &Refused{Fields: fields}
	}
	return nil
}

// amend makes the changes that parley.yaml has no syntax for: it removes the entry from the wanted state, or submits a
// rejected template to the provider again although its text has not changed.
func (c Change) amend(want *State) error {
	if c.Remove {
		return c.remove(want)
	}
	for i := range want.Templates {
		if t := &want.Templates[i]; c.Kind == EntryTemplate && strings.EqualFold(t.name(), c.storedName()) {
			t.Resubmit()
		}
	}
	return nil
}

// storedName returns the name of the entry as its kind has it.
func (c Change) storedName() string {
	if c.Kind != EntryTemplate {
		return c.Name
	}
	return templateName(splitTemplateEntry(c.Name))
}

// namedBy returns what gives conversations to the agent or team of the entry, with its verb, or "".
func (c Change) namedBy(want *State) string {
	isIt := func(name string) bool { return strings.EqualFold(name, c.Name) }
	for _, a := range want.Automations {
		uses := c.Kind == EntryTeam && isIt(a.If.Team) || c.Kind == EntryAccount && isIt(a.If.Account)
		for _, p := range a.Then {
			isPerson := c.Kind == EntryAgent && (p.Name == routing.Assign || p.Name == routing.Notify)
			isTeam := c.Kind == EntryTeam && (p.Name == routing.GiveTeam || p.Name == routing.Notify)
			uses = uses || (isPerson || isTeam) && isIt(p.Value)
		}
		if uses {
			return "The automation " + a.Name + " names"
		}
	}
	for _, a := range want.Accounts {
		usesTeam := c.Kind == EntryTeam && slices.ContainsFunc(a.Plan.Rules, func(r routing.Rule) bool { return isIt(r.Team) })
		isFallback := (c.Kind == EntryTeam || c.Kind == EntryAgent) && isIt(a.Plan.Fallback)
		if usesTeam || isFallback {
			return "The rules of the account " + a.Row.Name + " name"
		}
	}
	return ""
}

// remove removes the entry from the wanted state. A team that still has accounts is refused.
// Errors: *Refused.
func (c Change) remove(want *State) error {
	if user := c.namedBy(want); user != "" {
		return &Refused{Others: []string{user + " it. Change that first."}}
	}
	switch c.Kind {
	case EntryAgent:
		if a := want.ForgetAgent(c.Name); a != nil {
			return &Refused{Others: []string{"Nobody else of the people of the account " + a.Row.Name + " answers there. Change that first."}}
		}
		for i := range want.Teams {
			t := &want.Teams[i]
			t.Members = slices.DeleteFunc(slices.Clone(t.Members), func(m string) bool { return strings.EqualFold(m, c.Name) })
		}
	case EntryTeam:
		for _, a := range want.Accounts {
			if strings.EqualFold(a.Team, c.Name) {
				return &Refused{Others: []string{"The account " + a.Row.Name + " belongs to this team. Give it another team first."}}
			}
		}
	}
	for _, k := range kinds(nil) {
		if k.called().entry == c.Kind {
			k.remove(want, c.storedName())
		}
	}
	return nil
}
