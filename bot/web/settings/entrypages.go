package settings

import (
	"net/url"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// entryPages has the pages of one kind of entry: a list, a form for each entry, and one for a new entry. Agents,
// teams, tags and templates have their pages by it. The fields say what is special about a kind.
type entryPages struct {
	pages

	kind        string // of the entries
	path        string // of the list: "/settings/tags"
	singular    string // what people call an entry: "tag"
	title       string // of the list
	help        string
	takeOutHelp string // what it means to take an entry out
	parts       []fieldGroup

	rows    func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) // makes what a page of the list shows
	newName func(v *web.Visit) string                                         // returns the name of a new entry, as it was typed

	// All of these may be nil. e and old are the stored entry, or nil for a new one; all has every entry of every
	// kind.
	refineForm   func(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) // changes fields of the form, such as into choices
	noteAbove    func(all []setup.Entry) string                                        // returns a text that stands above the list
	finishChange func(c *setup.Change, v *web.Visit, old *setup.Entry) []string        // completes a change; it returns what is wrong
	mustStay     func(v *web.Visit, e *setup.Entry, all []setup.Entry) bool            // the person who is signed in can't take the entry out
}

func (s entryPages) listRoutes() []web.Route {
	newPath := "/settings/new-" + s.singular
	return []web.Route{
		{Pattern: "GET " + s.path, For: web.Admins, Do: s.list},
		{Pattern: "GET " + s.path + "/{name}", For: web.Admins, Do: s.show},
		{Pattern: "POST " + s.path + "/{name}", For: web.Admins, Do: s.save},
		{Pattern: "POST " + s.path + "/{name}/take-out", For: web.Admins, Do: s.takeOut},
		{Pattern: "GET " + newPath, For: web.Admins, Do: s.showNew},
		{Pattern: "POST " + newPath, For: web.Admins, Do: s.add},
	}
}

func (s entryPages) entryPath(name string) string { return s.path + "/" + url.PathEscape(name) }

func (s entryPages) list(v *web.Visit) error {
	all, err := s.desk.Entries(v.Context())
	if err != nil {
		return err
	}

	shown, found := filterEntries(v, s.path, s.kind, all)
	rows, err := s.rows(v, &shown, found)
	if err != nil {
		return err
	}

	note := ""
	if s.noteAbove != nil {
		note = s.noteAbove(all)
	}

	return v.Show(s.singular+"s", web.Screen{Title: s.title, Help: s.help, Data: map[string]any{
		"Rows":  rows,
		"Sieve": shown,
		"New":   "/settings/new-" + s.singular,
		"Note":  note,
	}})
}

// makeForm makes the form of an entry; e is nil for a new one.
func (s entryPages) makeForm(v *web.Visit, action string, all []setup.Entry, e *setup.Entry) web.Form {
	form := formOf(action, s.desk.Fields(s.kind, ""), e, s.parts)
	form.Back = s.path
	if e == nil {
		form.Submit = "Add the " + s.singular
	}
	if s.refineForm != nil {
		s.refineForm(v, &form, e, all)
	}
	return form
}

func (s entryPages) newForm(v *web.Visit) (web.Form, error) {
	all, err := s.desk.Entries(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	return s.makeForm(v, "/settings/new-"+s.singular, all, nil), nil
}

// makeScreen makes the page of an entry, which is one of all, with its form and a button to take it out; e is nil for a new one.
func (s entryPages) makeScreen(v *web.Visit, all []setup.Entry, e *setup.Entry, form *web.Form) web.Screen {
	if e == nil {
		return web.Screen{Title: "New " + s.singular, Data: map[string]any{"Form": form}}
	}
	title := lastPart(e.Name)
	data := map[string]any{"Form": form, "Name": title, "One": s.singular, "Out": s.takeOutHelp, "Version": e.Version}
	if s.mustStay == nil || !s.mustStay(v, e, all) {
		data["Path"] = s.entryPath(e.Name)
	}
	return web.Screen{Title: title, Data: data}
}

// lastPart returns what people call an entry: of ACCOUNT/LANGUAGE/NAME the name, else the whole.
func lastPart(name string) string {
	_, rest, hasLanguage := strings.Cut(name, "/")
	_, last, hasName := strings.Cut(rest, "/")
	if !hasLanguage || !hasName {
		return name
	}
	return last
}

func (s entryPages) show(v *web.Visit) error {
	return s.withForm(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		return v.Show("entry", s.makeScreen(v, all, e, form))
	})
}

// withForm calls do with the entry that the address names, which is one of all, and with its form.
func (s entryPages) withForm(v *web.Visit, do func(all []setup.Entry, e *setup.Entry, form *web.Form) error) error {
	return s.withEntries(v, s.kind, s.singular, func(all []setup.Entry, e *setup.Entry) error {
		form := s.makeForm(v, s.entryPath(e.Name), all, e)
		return do(all, e, &form)
	})
}

func (s entryPages) save(v *web.Visit) error {
	return s.withForm(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		change := setup.Change{Kind: s.kind, Name: e.Name, Version: v.Value("version"), Values: changeOf(v, *form, e)}
		return s.saveChange(v, all, form, e, change)
	})
}

func (s entryPages) showNew(v *web.Visit) error {
	form, err := s.newForm(v)
	if err != nil {
		return err
	}
	return v.Show("entry", s.makeScreen(v, nil, nil, &form))
}

func (s entryPages) add(v *web.Visit) error {
	form, err := s.newForm(v)
	if err != nil {
		return err
	}
	return s.saveChange(v, nil, &form, nil, setup.Change{Kind: s.kind, Name: s.newName(v), Values: changeOf(v, form, nil)})
}

// saveChange saves a change of an entry, which is one of all; old is nil for a new one. It shows the form again if something is
// wrong.
func (s entryPages) saveChange(v *web.Visit, all []setup.Entry, form *web.Form, old *setup.Entry, c setup.Change) error {
	if s.finishChange != nil {
		if problems := s.finishChange(&c, v, old); len(problems) > 0 {
			form.Problems = problems
			form.Keep(v, nil)
			return v.ShowAgain("entry", s.makeScreen(v, all, old, form))
		}
	}

	result, done, err := s.trySave(v, c, form)
	if err != nil {
		return err
	}
	if !done {
		return v.ShowAgain("entry", s.makeScreen(v, all, old, form))
	}

	return answerSaved(v, s.path, result.About(c.Name))
}

func (s entryPages) takeOut(v *web.Visit) error {
	return s.changeAtOnce(v, setup.Change{
		Kind:    s.kind,
		Name:    v.Request.PathValue("name"),
		Version: v.Value("version"),
		Remove:  true,
	}, s.path)
}

// findField returns a field of a form. If the form has no such field, it returns one that belongs to no form, so that callers need
// not check.
func findField(form *web.Form, name string) *web.Field {
	for g := range form.Groups {
		for i := range form.Groups[g].Fields {
			if form.Groups[g].Fields[i].Name == name {
				return &form.Groups[g].Fields[i]
			}
		}
	}
	return &web.Field{}
}

func ofKind(all []setup.Entry, kind string) (list []setup.Entry) {
	for _, e := range all {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}
