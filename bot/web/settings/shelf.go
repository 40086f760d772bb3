package settings

import (
	"net/url"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// shelf has the pages of one kind of entry: a list, a form for each entry, and one for a new entry.
type shelf struct {
	pages

	kind  string // of the entries
	path  string // of the list: "/settings/tags"
	one   string // what people call an entry: "tag"
	title string // of the list
	help  string
	out   string // what it means to take an entry out
	parts []part

	rows   func(v *web.Visit, s *sieve, all []setup.Entry) (any, error)          // what a page of the list shows
	refine func(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) // makes fields choices; nil = nothing
	named  func(v *web.Visit) string                                             // the name of a new entry, as it was typed
	note   func(all []setup.Entry) string                                        // stands above the list; nil = nothing does
	change func(c *setup.Change, v *web.Visit, old *setup.Entry) []string        // finishes a change; it returns what is wrong
	stays  func(v *web.Visit, e *setup.Entry, all []setup.Entry) bool            // whoever is signed in can't take it out; nil = can
}

func (s shelf) routes() []web.Route {
	fresh := "/settings/new-" + s.one
	return []web.Route{
		{Pattern: "GET " + s.path, For: web.Admins, Do: s.list},
		{Pattern: "GET " + s.path + "/{name}", For: web.Admins, Do: s.show},
		{Pattern: "POST " + s.path + "/{name}", For: web.Admins, Do: s.save},
		{Pattern: "POST " + s.path + "/{name}/take-out", For: web.Admins, Do: s.takeOut},
		{Pattern: "GET " + fresh, For: web.Admins, Do: s.fresh},
		{Pattern: "POST " + fresh, For: web.Admins, Do: s.add},
	}
}

func (s shelf) at(name string) string { return s.path + "/" + url.PathEscape(name) }

func (s shelf) list(v *web.Visit) error {
	all, err := s.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	sieve, found := sift(v, s.path, s.kind, all)
	rows, err := s.rows(v, &sieve, found)
	if err != nil {
		return err
	}
	note := ""
	if s.note != nil {
		note = s.note(all)
	}
	return v.Show(s.one+"s", web.Screen{Title: s.title, Help: s.help, Data: map[string]any{"Rows": rows, "Sieve": sieve, "New": "/settings/new-" + s.one, "Note": note}})
}

// form makes the form of an entry; e is nil for a new one.
func (s shelf) form(v *web.Visit, action string, all []setup.Entry, e *setup.Entry) web.Form {
	form := formOf(action, s.desk.Fields(s.kind, ""), e, s.parts)
	form.Back = s.path
	if e == nil {
		form.Submit = "Add the " + s.one
	}
	if s.refine != nil {
		s.refine(v, &form, e, all)
	}
	return form
}

// freshForm makes the form of a new entry.
func (s shelf) freshForm(v *web.Visit) (web.Form, error) {
	all, err := s.desk.Entries(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	return s.form(v, "/settings/new-"+s.one, all, nil), nil
}

// screen has the form of an entry, one of all, and lets it be taken out; e is nil for a new one.
func (s shelf) screen(v *web.Visit, all []setup.Entry, e *setup.Entry, form *web.Form) web.Screen {
	if e == nil {
		return web.Screen{Title: "New " + s.one, Data: map[string]any{"Form": form}}
	}
	title := lastPart(e.Name)
	data := map[string]any{"Form": form, "Name": title, "One": s.one, "Out": s.out, "Version": e.Version}
	if s.stays == nil || !s.stays(v, e, all) {
		data["Path"] = s.at(e.Name)
	}
	return web.Screen{Title: title, Data: data}
}

// lastPart is how people call an entry: of ACCOUNT/LANGUAGE/NAME the name.
func lastPart(name string) string {
	if parts := strings.SplitN(name, "/", 3); len(parts) == 3 {
		return parts[2]
	}
	return name
}

func (s shelf) show(v *web.Visit) error {
	return s.shelved(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		return v.Show("entry", s.screen(v, all, e, form))
	})
}

// shelved does something with the entry that the address names, one of all, and its form.
func (s shelf) shelved(v *web.Visit, do func(all []setup.Entry, e *setup.Entry, form *web.Form) error) error {
	return s.among(v, s.kind, s.one, func(all []setup.Entry, e *setup.Entry) error {
		form := s.form(v, s.at(e.Name), all, e)
		return do(all, e, &form)
	})
}

func (s shelf) save(v *web.Visit) error {
	return s.shelved(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		return s.finish(v, all, form, e, setup.Change{Kind: s.kind, Name: e.Name, Version: v.Value("version"), Values: changeOf(v, *form, e)})
	})
}

func (s shelf) fresh(v *web.Visit) error {
	form, err := s.freshForm(v)
	if err != nil {
		return err
	}
	return v.Show("entry", s.screen(v, nil, nil, &form))
}

func (s shelf) add(v *web.Visit) error {
	form, err := s.freshForm(v)
	if err != nil {
		return err
	}
	return s.finish(v, nil, &form, nil, setup.Change{Kind: s.kind, Name: s.named(v), Values: changeOf(v, form, nil)})
}

// finish saves a change of one of all, and shows the form again if something is wrong with it.
func (s shelf) finish(v *web.Visit, all []setup.Entry, form *web.Form, old *setup.Entry, c setup.Change) error {
	if s.change != nil {
		if problems := s.change(&c, v, old); len(problems) > 0 {
			form.Problems = problems
			form.Keep(v, nil)
			return v.ShowAgain("entry", s.screen(v, all, old, form))
		}
	}
	result, done, err := s.attempt(v, c, form)
	switch {
	case err != nil:
		return err
	case !done:
		return v.ShowAgain("entry", s.screen(v, all, old, form))
	}
	return saved(v, s.path, about(result, c.Name))
}

// about leaves out the remarks about other entries.
func about(r setup.Result, name string) setup.Result {
	r.Remarks = slices.DeleteFunc(slices.Clone(r.Remarks), func(text string) bool { return !strings.Contains(text, name) })
	return r
}

func (s shelf) takeOut(v *web.Visit) error {
	return s.atOnce(v, setup.Change{Kind: s.kind, Name: v.Request.PathValue("name"), Version: v.Value("version"), Remove: true}, s.path)
}

// field finds a field of a form; one that belongs to no form if there is none.
func field(form *web.Form, name string) *web.Field {
	for g := range form.Groups {
		for i := range form.Groups[g].Fields {
			if form.Groups[g].Fields[i].Name == name {
				return &form.Groups[g].Fields[i]
			}
		}
	}
	return &web.Field{}
}

// ofKind lists the entries of a kind.
func ofKind(all []setup.Entry, kind string) (list []setup.Entry) {
	for _, e := range all {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}
