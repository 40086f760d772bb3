package settings

import (
	"cmp"
	"net/url"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// entryPages implements the pages of one kind of entry: a list, a form for each entry, and a form for a new entry. An
// entry (setup.Entry) is an item of the configuration with a name and values. Agents, teams, tags and templates have their
// pages this way. The fields configure the pages of a kind:
//
//	entryPages{kind: setup.EntryTag, path: "/settings/tags", singular: "tag", title: "Tags and labels", …}
type entryPages struct {
	pages

	kind        string
	path        string // the path of the list
	singular    string // the display name of the kind
	title       string // the title of the list
	template    string // of the list; "" is that of the plural of singular
	help        string // the help text of the list
	takeOutHelp string // explains what removing an entry means
	parts       []fieldGroup

	// rows returns the template data of a page of the list, and completes filter (see pageOf).
	rows func(v *web.Visit, filter *listFilter, all []setup.Entry) (any, error)

	// newName returns the name of a new entry from the submitted form.
	newName func(v *web.Visit) string

	// The following functions may be nil. e and old are the stored entry, or nil for a new one. all has the entries of
	// every kind.

	// refineForm changes the form, for example text fields to choices.
	refineForm func(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry)

	// noteAbove returns a text above the list; "" means none.
	noteAbove func(all []setup.Entry) string

	// finishChange completes a change from the submitted form and returns problems with the form.
	finishChange func(c *setup.Change, v *web.Visit, old *setup.Entry) []string

	// mustStay reports whether the person may not remove the entry.
	mustStay func(v *web.Visit, e *setup.Entry, all []setup.Entry) bool
}

func (ep entryPages) listRoutes() []web.Route {
	newPath := ep.newPath()
	return []web.Route{
		{Pattern: "GET " + ep.path, For: web.Admins, Do: ep.list},
		{Pattern: "GET " + ep.path + "/{name}", For: web.Admins, Do: ep.show},
		{Pattern: "POST " + ep.path + "/{name}", For: web.Admins, Do: ep.save},
		{Pattern: "POST " + ep.path + "/{name}/take-out", For: web.Admins, Do: ep.takeOut},
		{Pattern: "GET " + newPath, For: web.Admins, Do: ep.showNew},
		{Pattern: "POST " + newPath, For: web.Admins, Do: ep.add},
	}
}

func (ep entryPages) entryPath(name string) string { return ep.path + "/" + url.PathEscape(name) }

func (ep entryPages) newPath() string {
	return "/settings/new-" + strings.ReplaceAll(ep.singular, " ", "-")
}

// list shows a page of the list.
func (ep entryPages) list(v *web.Visit) error {
	all, err := ep.desk.Entries(v.Context())
	if err != nil {
		return err
	}

	shown, found := filterEntries(v, ep.path, ep.kind, all)
	rows, err := ep.rows(v, &shown, found)
	if err != nil {
		return err
	}

	note := ""
	if ep.noteAbove != nil {
		note = ep.noteAbove(all)
	}

	return v.Show(cmp.Or(ep.template, ep.singular+"s"), web.Screen{Title: ep.title, Help: ep.help, Data: map[string]any{
		"Rows":  rows,
		"Sieve": shown,
		"New":   ep.newPath(),
		"Note":  note,
	}})
}

// makeForm returns the form of an entry; e is nil for a new one.
func (ep entryPages) makeForm(v *web.Visit, action string, all []setup.Entry, e *setup.Entry) web.Form {
	form := formOf(action, ep.desk.Fields(ep.kind, ""), e, ep.parts)
	form.Back = ep.path
	if e == nil {
		form.Submit = "Add the " + ep.singular
	}
	if ep.refineForm != nil {
		ep.refineForm(v, &form, e, all)
	}
	return form
}

func (ep entryPages) newForm(v *web.Visit) (web.Form, error) {
	all, err := ep.desk.Entries(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	return ep.makeForm(v, ep.newPath(), all, nil), nil
}

// makeScreen returns the page of an entry with its form and a button to remove it; e is nil for a new one.
func (ep entryPages) makeScreen(v *web.Visit, all []setup.Entry, e *setup.Entry, form *web.Form) web.Screen {
	if e == nil {
		return web.Screen{Title: "New " + ep.singular, Data: map[string]any{"Form": form}}
	}
	title := lastPart(e.Name)
	data := map[string]any{"Form": form, "Name": title, "One": ep.singular, "Out": ep.takeOutHelp, "Version": e.Version}
	if ep.mustStay == nil || !ep.mustStay(v, e, all) {
		data["Path"] = ep.entryPath(e.Name)
	}
	return web.Screen{Title: title, Data: data}
}

// lastPart returns the display name of an entry: NAME if its name is ACCOUNT/LANGUAGE/NAME, and otherwise the whole name.
func lastPart(name string) string {
	_, rest, hasLanguage := strings.Cut(name, "/")
	_, last, hasName := strings.Cut(rest, "/")
	if !hasLanguage || !hasName {
		return name
	}
	return last
}

// show shows the form of an entry.
func (ep entryPages) show(v *web.Visit) error {
	return ep.withForm(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		return v.Show("entry", ep.makeScreen(v, all, e, form))
	})
}

// withForm calls do with all entries, the entry in the URL, and its form.
func (ep entryPages) withForm(v *web.Visit, do func(all []setup.Entry, e *setup.Entry, form *web.Form) error) error {
	return ep.withEntries(v, ep.kind, ep.singular, func(all []setup.Entry, e *setup.Entry) error {
		form := ep.makeForm(v, ep.entryPath(e.Name), all, e)
		return do(all, e, &form)
	})
}

// save saves the submitted form of an entry.
func (ep entryPages) save(v *web.Visit) error {
	return ep.withForm(v, func(all []setup.Entry, e *setup.Entry, form *web.Form) error {
		change := setup.Change{Kind: ep.kind, Name: e.Name, Version: v.Value("version"), Values: changeOf(v, *form, e)}
		return ep.saveChange(v, all, form, e, change)
	})
}

func (ep entryPages) showNew(v *web.Visit) error {
	form, err := ep.newForm(v)
	if err != nil {
		return err
	}
	return v.Show("entry", ep.makeScreen(v, nil, nil, &form))
}

func (ep entryPages) add(v *web.Visit) error {
	form, err := ep.newForm(v)
	if err != nil {
		return err
	}
	return ep.saveChange(v, nil, &form, nil, setup.Change{Kind: ep.kind, Name: ep.newName(v), Values: changeOf(v, form, nil)})
}

// saveChange saves a change of an entry, or shows the form again if it has errors. old is the stored entry; for a new
// one, old and all are nil.
func (ep entryPages) saveChange(v *web.Visit, all []setup.Entry, form *web.Form, old *setup.Entry, c setup.Change) error {
	for _, f := range form.Groups[0].Fields {
		if f.Problem != "" { // refineForm asks about what was submitted
			form.Problems = []string{f.Problem}
			form.Keep(v, map[string]string{f.Name: f.Problem})
			return v.ShowAgain("entry", ep.makeScreen(v, all, old, form))
		}
	}
	if ep.finishChange != nil {
		if problems := ep.finishChange(&c, v, old); len(problems) > 0 {
			form.Problems = problems
			form.Keep(v, nil)
			return v.ShowAgain("entry", ep.makeScreen(v, all, old, form))
		}
	}

	return ep.saveForm(v, c, form, ep.path, func() error { return v.ShowAgain("entry", ep.makeScreen(v, all, old, form)) })
}

func (ep entryPages) takeOut(v *web.Visit) error {
	return ep.changeAtOnce(v, setup.Change{
		Kind:    ep.kind,
		Name:    v.Request.PathValue("name"),
		Version: v.Value("version"),
		Remove:  true,
	}, ep.path)
}

// findField returns the field of a form. If the form has no such field, it returns a new field, so that callers can
// change it without a check.
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

// ofKind returns the entries of a kind.
func ofKind(all []setup.Entry, kind string) (list []setup.Entry) {
	for _, e := range all {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}
