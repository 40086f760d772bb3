package setup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/document"
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
		user := strings.TrimSpace(strings.Join(c.Values[chat], ""))
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
			t.HandInAgain()
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

// changeFile is the parley.yaml that is made from a change. Each value stands in a line of its own, so that a fault in it
// leads back to the field that was typed.
type changeFile struct {
	kind   string
	fields []Field // all that an entry of this kind has
	lines  []string
	paths  []string // the path of the field from which each line was made; "" for none
}

// add appends a line. path is the field that the line is about, or empty.
func (d *changeFile) add(indent int, text, path string) {
	d.lines = append(d.lines, strings.Repeat("  ", indent)+text)
	d.paths = append(d.paths, path)
}

// build writes the whole file.
func (d *changeFile) build(c Change, place entryPlace) {
	if place.list == "" {
		d.addValues(c.Values, "", 0)
		return
	}

	values := maps.Clone(c.Values)
	delete(values, place.name)
	d.add(0, place.list+":", "")
	if c.Kind == EntryTemplate {
		d.addTemplateName(c.Name)
		delete(values, "language")
		delete(values, "accounts")
	} else {
		d.add(1, "- "+yamlText(place.name)+": "+yamlText(c.Name), place.name)
	}

	if c.Channel != "" {
		d.add(2, `"kind": `+yamlText(c.Channel), "kind")
	}

	d.addValues(values, "", 2)
}

// addTemplateName writes the name of a template's entry, ACCOUNT/LANGUAGE/NAME, as the three keys of the file.
func (d *changeFile) addTemplateName(name string) {
	account, rest, _ := strings.Cut(name, "/")
	language, templateName, _ := strings.Cut(rest, "/")
	d.add(1, `- "name": `+yamlText(templateName), "name")
	d.add(2, `"language": `+yamlText(language), "language")
	d.add(2, `"accounts": [`+yamlText(account)+`]`, "accounts")
}

// addValues writes the values below a path, group by group.
func (d *changeFile) addValues(values map[string][]string, prefix string, indent int) {
	done := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		rest, inside := strings.CutPrefix(path, prefix)
		if !inside {
			continue
		}

		key, below, _ := strings.Cut(rest, ".")
		if done[key] {
			continue
		}

		if below != "" {
			done[key] = true
			d.add(indent, yamlText(key)+":", prefix+key)
			d.addBelow(values, prefix+key+".", indent+1)
			continue
		}

		if hasBelow(values, path) { // the path of a group itself: the keys below it follow and replace the group
			continue
		}

		done[key] = true
		d.addValue(indent, key, path, values[path])
	}
}

// addBelow writes what stands below a key: a list of groups if the keys there are numbers, and else a group.
func (d *changeFile) addBelow(values map[string][]string, prefix string, indent int) {
	var numbers []int
	for path := range values {
		rest, inside := strings.CutPrefix(path, prefix)
		number, key, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		isOfList := inside && err == nil && key != "" // "0.date"
		if isOfList && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}

	if len(numbers) == 0 {
		d.addValues(values, prefix, indent)
		return
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		d.add(indent, "-", fmt.Sprint(prefix, n))
		d.addValues(values, fmt.Sprintf("%s%d.", prefix, n), indent+1)
	}
}

// hasBelow reports whether values are given for keys below a path.
func hasBelow(values map[string][]string, path string) bool {
	for other := range values {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	return false
}

// addValue writes one value in the form of its field. Some paths have no field, because people name the keys of the group
// themselves. At such a path, several values or none are a list.
func (d *changeFile) addValue(indent int, key, path string, values []string) {
	f := fieldAt(d.fields, path)
	isGroup := f != nil && f.Input == InputGroup
	isList := f != nil && f.Input == InputList
	if f == nil {
		isList = len(values) != 1
	}
	if isGroup && strings.Join(values, "") == "" {
		d.add(indent, yamlText(key)+": {}", path)
		return
	}
	if !isList && !isGroup {
		d.add(indent, yamlText(key)+": "+yamlText(strings.Join(values, "\n")), path)
		return
	}
	if len(values) == 0 {
		d.add(indent, yamlText(key)+": []", path)
		return
	}

	d.add(indent, yamlText(key)+":", path)
	for _, v := range values {
		d.add(indent+1, "- "+yamlText(v), path)
	}
}

// yamlText writes a text as a JSON string, which YAML reads as the same text.
func yamlText(s string) string {
	body, _ := json.Marshal(document.Escape(s)) // marshalling a string can't fail
	return string(body)
}

// asRefused turns faults of the file into a *Refused, with each at the field from which its line was made. It returns any
// other error as it is.
func (d *changeFile) asRefused(err error) error {
	var faults document.Faults
	if !errors.As(err, &faults) {
		return err
	}

	r := &Refused{Fields: map[string]string{}}
	for _, f := range faults {
		text := writeSentence(f)
		path := d.pathOf(f)
		if path == "" {
			r.Others = append(r.Others, f.Where+": "+text)
			continue
		}
		if r.Fields[path] != "" {
			text = r.Fields[path] + " " + text
		}
		r.Fields[path] = text
	}
	return r
}

// writeSentence writes what is wrong and what to do. The first letter becomes a capital one, except in a quoted text.
func writeSentence(f document.Fault) string {
	text := strings.ToUpper(f.What[:1]) + f.What[1:] + "."
	if strings.HasPrefix(f.What, `"`) {
		text = f.What + "."
	}
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return text
}

// pathOf finds the field of a fault by the field's name, or else by the line. It returns "" if the fault has no field.
func (d *changeFile) pathOf(f document.Fault) string {
	_, names, _ := strings.Cut(f.Where, ": ")
	if d.kind == EntryCompany {
		names = f.Where
	}
	path := strings.ReplaceAll(names, ": ", ".")
	if fieldAt(d.fields, path) != nil {
		return path
	}
	if f.At.Line > 0 && f.At.Line <= len(d.paths) {
		return d.paths[f.At.Line-1]
	}
	return ""
}
