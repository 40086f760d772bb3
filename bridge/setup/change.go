package setup

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
)

// Pages change one entry (an agent, a team, an account, …) at a time. Save writes such a change as a small parley.yaml that
// has only this entry, and applies it: so a page and a file are checked in the same way. What is wrong in a line of that
// file is shown at the field from which the line was made.

// Change is what a person changes of one entry on a page.
type Change struct {
	Kind    string // of the entry
	Name    string // of the entry; "" for the file itself
	Was     string // of a tag: the name under which the person saw it, if Name is another one
	Channel string // an account's kind
	// Values are those that change, by path; all others stay. A list without values, or with one empty text, clears a value. A
	// group (Field.Input) is cleared by its own path, and given by the paths of its keys. Entries of a list of groups have
	// numbers in their paths, by which they are ordered: "hours.holidays.days.0.date". A number may be missing.
	Values map[string][]string
	// Version is Entry.Version as the person saw it; "" means the entry is new.
	Version string
	Remove  bool // the entry is taken out; Values are ignored
}

// Errors of Save.
var (
	ErrStale   = errors.New("setup: somebody else changed it meanwhile")
	ErrExists  = errors.New("setup: there is one of that name")
	ErrMissing = errors.New("setup: there is none of that name")
)

// Refused says what is wrong with a change, in words for people.
type Refused struct {
	Fields map[string]string // by the path of the field
	Others []string          // what belongs to no field
}

func (r *Refused) Error() string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(r.Fields)) {
		lines = append(lines, path+": "+r.Fields[path])
	}
	return "setup: " + strings.Join(append(lines, r.Others...), "; ")
}

// Save makes a change, by the same checks as Apply. After an error nothing is written.
// Errors: *Refused, ErrStale, ErrExists, ErrMissing.
func Save(ctx context.Context, pool *pgxpool.Pool, c Change, o Options) (Result, error) {
	place := placeOf(c.Kind)
	doc := &changeFile{kind: c.Kind, fields: FieldsOf(c.Kind, input.SpecOf(o.Specs, c.Channel))}
	doc.build(c, place)
	file := &parleyfile.File{}
	if !c.Remove && len(doc.lines) > 0 { // a page that was sent as it was shown changes nothing
		var err error
		if file, err = parleyfile.Parse([]byte(strings.Join(doc.lines, "\n")+"\n"), noVariables); err != nil {
			return Result{}, doc.asRefused(err)
		}
	}

	o.fromPage = true
	o.checkStored = func(have *state.State) error {
		if err := c.checkVersion(have, o); err != nil {
			return err
		}
		return c.checkUsers(have)
	}
	o.amendWanted = c.amend
	result, err := Apply(ctx, pool, file, o)
	return result, doc.asRefused(err)
}

// noVariables is an environment without variables: what is typed on a page means itself.
func noVariables(string) (string, bool) { return "", false }

// checkVersion refuses the change if the entry is not stored as the person saw it, so that nobody overwrites what they
// have not read.
// Errors: ErrExists, ErrMissing, ErrStale.
func (c Change) checkVersion(have *state.State, o Options) error {
	var found *Entry
	for _, e := range entriesOf(have, o.Specs) {
		if e.Kind != c.Kind {
			continue
		}
		if strings.EqualFold(e.Name, cmp.Or(c.Was, c.Name)) {
			found = &e
		} else if strings.EqualFold(e.Name, c.Name) { // the entry was renamed, and another one has the new name
			return ErrExists
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

// checkUsers refuses to give an agent a colleague's user in a chat, because a person who fills in a form doesn't see that
// the colleague would lose it.
// Errors: *Refused.
func (c Change) checkUsers(have *state.State) error {
	if c.Kind != EntryAgent || c.Remove {
		return nil
	}

	fields := map[string]string{}
	for _, chat := range input.Chats() {
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

// amend does what the file of a change can't say: it takes the entry out of a state, or has a rejected template submitted
// to the provider again although its words are as before.
func (c Change) amend(want *state.State) error {
	if c.Remove {
		return c.remove(want)
	}
	for i := range want.Templates {
		if t := &want.Templates[i]; c.isTemplate(*t) {
			t.Resubmit()
		}
	}
	return nil
}

// isTemplate reports whether the change is one of this template.
func (c Change) isTemplate(t state.Template) bool {
	return c.Kind == EntryTemplate && strings.EqualFold(TemplateEntry(t.Account, t.Row.Language, t.Row.Name), c.Name)
}

// remove takes the entry out of a state.
func (c Change) remove(want *state.State) error {
	switch c.Kind {
	case EntryAgent:
		want.Agents = slices.DeleteFunc(want.Agents, func(a state.Agent) bool { return strings.EqualFold(a.Email, c.Name) })
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

		want.Teams = slices.DeleteFunc(want.Teams, func(t state.Team) bool { return strings.EqualFold(t.Name, c.Name) })
	case EntryTag:
		want.Tags = slices.DeleteFunc(want.Tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, c.Name) })
	case EntryTemplate:
		want.Templates = slices.DeleteFunc(want.Templates, c.isTemplate)
	case EntryAccount:
		want.Accounts = slices.DeleteFunc(want.Accounts, func(a state.Account) bool { return strings.EqualFold(a.Row.Name, c.Name) })
	}
	return nil
}
