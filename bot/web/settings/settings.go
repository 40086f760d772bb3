// Package settings has the pages on which admins set Parley up: what parley.yaml can say can be done here, on the
// same data, through the same checks.
//
// All of it consists of entries (setup.Entry): accounts, agents, teams, tags, templates, and the company itself. A
// page makes a form of an entry's values. When the form comes back, the values that somebody changed become a
// setup.Change, which Desk.Save checks and stores.
package settings

import (
	"context"
	"embed"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/setup"
)

// Desk is what these pages need.
type Desk interface {
	// Entries reads everything that is set up.
	Entries(ctx context.Context) ([]setup.Entry, error)

	// Fields lists what can be set of a kind of entry; channel is an account's kind.
	Fields(kind, channel string) []setup.Field

	// Channels lists the kinds of accounts.
	Channels() []Channel

	// Save makes a change in somebody's name. It returns what changed, in words, and what an admin should know.
	// Errors: those of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)

	// Preview renders a signature as customers of a channel see it.
	// Errors: *setup.SignatureError.
	Preview(ctx context.Context, channel, source string) (Preview, error)

	// Embed turns a picture into an address (URL) that has the picture in it and can stand in a signature.
	// Errors: *setup.SignatureError.
	Embed(picture []byte) (string, error)

	// TemplateStates returns what the providers say of templates, by the names of their entries.
	TemplateStates(ctx context.Context) (map[string]TemplateState, error)

	// Places lists the folders and sites that suggested replies draw on, with what became of reading them.
	Places(ctx context.Context) ([]Place, error)

	// Try lets the AI analyse a text as if a customer had written it. Errors: in words for people.
	Try(ctx context.Context, text string) (analysis.Answer, error)

	// States returns the states of the accounts, by their names, as viewer may see them.
	States(ctx context.Context, viewer bridge.AgentID) (map[string]State, error)

	// ListKept lists what is kept and for how long, and what the next runs would remove, if the company's entry had these
	// values.
	ListKept(ctx context.Context, values map[string][]string) ([]Kept, error)
}

// Channel is a kind of accounts.
type Channel struct {
	Kind string
	Name string // "E-mail"

	// Letters is true for channels in which customers see formatted signatures with pictures, and agents have their own.
	Letters bool
}

// Preview is a signature as customers see it. One of its fields is empty.
type Preview struct {
	HTML string // without scripts and forms
	Text string // for channels that show only text
}

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the pages of the set-up.
func Area(desk Desk) web.Area {
	p := pages{desk}
	routes := slices.Concat(
		[]web.Route{{Pattern: "GET /settings", For: web.Agents, Do: p.showHome}},
		p.accountRoutes(),
		p.companyRoutes(),
		hoursPages{p}.listRoutes(),
		p.signatureRoutes(),
		p.agentPages().listRoutes(),
		p.teamPages().listRoutes(),
		p.tagPages().listRoutes(),
		p.templatePages().listRoutes(),
		aiPages{p}.listRoutes(),
		retentionPages{p}.listRoutes(),
	)

	return web.Area{Name: "settings", Templates: templates, Funcs: map[string]any{"join": strings.Join}, Routes: routes,
		Menu: []web.Link{
			{Path: "/settings/accounts", Text: "Accounts", For: web.Admins, Rank: 10,
				Below: []string{"/settings/new-account/", "/settings/add-", "/settings/mailboxes/", "/settings/numbers/"}},
			{Path: "/settings/agents", Text: "People", For: web.Admins, Rank: 20, Below: []string{"/settings/new-agent"}},
			{Path: "/settings/teams", Text: "Teams", For: web.Admins, Rank: 21, Below: []string{"/settings/new-team"}},
			{Path: "/settings/tags", Text: "Tags and labels", For: web.Admins, Rank: 22, Below: []string{"/settings/new-tag"}},
			{Path: "/settings/templates", Text: "Templates", For: web.Admins, Rank: 23, Below: []string{"/settings/new-template"}},
			{Path: aiPath, Text: "AI", For: web.Admins, Rank: 24},
			{Path: retentionPath, Text: "What is kept", For: web.Admins, Rank: 85},
			{Path: mePath, Text: "My page", For: web.Agents, Rank: 90},
			{Path: "/settings/company", Text: "For all accounts", For: web.Admins, Rank: 60},
		}}
}

// showHome leads to the first page that somebody may see.
func (p pages) showHome(v *web.Visit) error {
	if v.Person.Admin {
		return v.Go("/settings/accounts")
	}
	return v.Show("home", web.Screen{Title: "Hello " + v.Person.Name, Help: "What is set up here is looked after by admins."})
}

// findEntry reads an entry; nil if there is none of that name.
func (p pages) findEntry(ctx context.Context, kind, name string) (*setup.Entry, error) {
	all, err := p.desk.Entries(ctx)
	if err != nil {
		return nil, err
	}
	return find(all, kind, name), nil
}

// find finds an entry among all; nil if there is none of that name.
func find(all []setup.Entry, kind, name string) *setup.Entry {
	for i := range all {
		if all[i].Kind == kind && strings.EqualFold(all[i].Name, name) {
			return &all[i]
		}
	}
	return nil
}

// withAccountEntry calls do with the account that the address names. If there is none, it answers so.
func (p pages) withAccountEntry(v *web.Visit, do func(*setup.Entry) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(_ []setup.Entry, e *setup.Entry) error { return do(e) })
}

// withEntries calls do with the entry of a kind that the address names, and with all other entries, which are read once. If there
// is no such entry, it answers so. singular is what people call one.
func (p pages) withEntries(v *web.Visit, kind, singular string, do func([]setup.Entry, *setup.Entry) error) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	name := v.Request.PathValue("name")
	if e := find(all, kind, name); e != nil {
		return do(all, e)
	}
	return refuseMissing(v, singular, name)
}

// namesOf lists the names of the entries of a kind.
func namesOf(all []setup.Entry, kind string) (names []string) {
	for _, e := range all {
		if e.Kind == kind {
			names = append(names, e.Name)
		}
	}
	return names
}

// trySave saves a change. If Desk.Save refuses the change, done is false, err is nil, and the form says what is
// wrong.
func (p pages) trySave(v *web.Visit, c setup.Change, form *web.Form) (result setup.Result, done bool, err error) {
	result, err = p.desk.Save(v.Context(), v.Person, c)
	var refused *setup.Refused
	switch {
	case err == nil:
		return result, true, nil
	case errors.As(err, &refused):
		keepRefused(v, form, refused, p.desk.Fields(c.Kind, c.Channel))
	case errors.Is(err, setup.ErrStale), errors.Is(err, setup.ErrMissing):
		form.Problems = []string{"Somebody else changed this while you did. Your changes stand below. " +
			"Open the page in another tab, compare, and send again what you want to keep."}
		form.Keep(v, nil)
	case errors.Is(err, setup.ErrExists):
		problems := map[string]string{"name": "There is one of that name already. Take another name."}
		if c.Kind == setup.EntryAgent {
			problems = map[string]string{"email": "Somebody here has this address already."}
		}
		form.Keep(v, problems)
	default:
		return result, false, err
	}

	return result, false, nil
}

// keepRefused puts what was sent, and what is wrong with it, into the form. A problem whose path has no field in the
// form is shown at the nearest field. If there is none either, it is shown above the form, with the path's label; all
// has the labels.
func keepRefused(v *web.Visit, form *web.Form, refused *setup.Refused, all []setup.Field) {
	shown := map[string]bool{}
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			shown[f.Name] = true
		}
	}

	form.Problems = refused.Others
	for _, path := range slices.Sorted(maps.Keys(refused.Fields)) {
		if shown[path] {
			continue
		}

		text := refused.Fields[path]
		field := nearestField(form, path, text)
		if field == "" {
			form.Problems = append(form.Problems, labelOf(all, path)+": "+text)
			continue
		}
		key, isInGroup := strings.CutPrefix(path, field+".")
		if isInGroup && !isItem(key) { // one field shows the whole group
			text = key + ": " + text
		}

		refused.Fields[field] = strings.TrimSpace(refused.Fields[field] + " " + text)
	}

	slices.Sort(form.Problems)
	form.Keep(v, refused.Fields)
}

// isItem reports whether a key is that of an item in a list, such as "0.folder". People know the item, which the problem quotes, and not
// its number.
func isItem(key string) bool { return key != "" && unicode.IsDigit(rune(key[0])) }

// labelOf returns what people call the value at a path.
func labelOf(all []setup.Field, path string) string {
	for _, f := range all {
		if f.Path == path {
			return f.Label
		}
	}
	return path
}

// nearestField returns the name of the field at which to show a problem whose path has no field of its own. A field
// that shows the path's whole group comes first ("hours" for "hours.zone"). Otherwise it is a field below the path:
// preferably one that the problem's text names, else the first. It returns "" if there is none.
func nearestField(form *web.Form, path, text string) (name string) {
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			if strings.HasPrefix(path, f.Name+".") {
				return f.Name
			}
			if strings.HasPrefix(f.Name, path+".") {
				if name == "" || strings.Contains(text, f.Label) {
					name = f.Name
				}
			}
		}
	}
	return name
}

// changeAtOnce makes a change that needs no form, such as a pause. Then it goes on to the page at path, which says
// how it ended.
func (p pages) changeAtOnce(v *web.Visit, c setup.Change, path string) error {
	result, err := p.desk.Save(v.Context(), v.Person, c)
	isOther := errors.Is(err, setup.ErrStale) || errors.Is(err, setup.ErrMissing) || errors.Is(err, setup.ErrExists)
	if isOther {
		return v.GoWithText(path, "Nothing was done. Somebody else changed this while you did. Look at it, then press again.")
	}
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		var form web.Form
		keepRefused(v, &form, refused, p.desk.Fields(c.Kind, c.Channel))
		return v.GoWithText(path, "Nothing was changed: "+strings.Join(form.Problems, " "))
	}
	if err != nil {
		return err
	}
	return answerSaved(v, path, result.About(c.Name))
}

// answerSaved goes on to a page, which says what changed.
func answerSaved(v *web.Visit, path string, result setup.Result) error {
	text := "Saved."
	if len(result.Changes) == 0 {
		text = "Nothing was changed."
	}
	return v.GoWithText(path, result.Sentences(text))
}

// refuseMissing answers that there is no such entry.
func refuseMissing(v *web.Visit, what, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no "+what+" "+name+".", "It may have been taken out.")
}
