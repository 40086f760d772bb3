// Package settings serves the pages on which admins configure Parley. They edit the same data as parley.yaml, with the same
// checks.
//
// The configuration consists of entries (setup.Entry): accounts, agents, teams, tags, templates, and the company. A page
// shows an entry as a form. When the form is submitted, the changed values become a setup.Change, which Desk.Save checks
// and stores.
package settings

import (
	"cmp"
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

// Desk is the backend of these pages.
type Desk interface {
	Connector

	// Entries returns all entries.
	Entries(ctx context.Context) ([]setup.Entry, error)

	// Fields describes the values of a kind of entry; channel is the kind of an account, and "" for other entries.
	Fields(kind, channel string) []setup.Field

	// ChatChannels returns the names of the channels of a chat ("slack" or "teams") that Parley can see; none if it doesn't know.
	ChatChannels(ctx context.Context, chat string) []string

	// Channels returns the kinds of accounts.
	Channels() []Channel

	// Save stores a change and logs who made it. The result describes what changed, with warnings for the admin. It
	// returns the errors of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)

	// Preview renders a signature as customers of a channel see it. It returns *setup.SignatureError if it is invalid.
	Preview(ctx context.Context, channel, source string) (Preview, error)

	// AddPicture appends a picture to a signature, and returns the signature. description is the picture's alternative text.
	// It returns *setup.SignatureError if the picture is unsuitable.
	AddPicture(source string, picture []byte, description string) (string, error)

	// TemplateStates returns the approval states of templates, by the names of their entries.
	TemplateStates(ctx context.Context) (map[string]TemplateState, error)

	// Presences returns which agents aren't available, and how much room all have, by e-mail address.
	Presences(ctx context.Context) (map[string]Presence, error)

	// Places returns the folders and sites with the company's knowledge, and the results of reading them.
	Places(ctx context.Context) ([]Place, error)

	// Try analyses a text as if a customer had written it. Errors have texts for the admin.
	Try(ctx context.Context, text string) (analysis.Answer, error)

	// TryRules says who would get the conversation that a customer begins with a text, by the rules of an account.
	TryRules(ctx context.Context, account, address, text string) (RuleTrial, error)

	// States returns the states of the accounts by name, as far as viewer may see them.
	States(ctx context.Context, viewer bridge.AgentID) (map[string]State, error)

	// ListKept returns the retention times as they are with these values of the company's entry.
	ListKept(values map[string][]string) []Kept
}

// Channel is a kind of account.
type Channel struct {
	Kind string
	Name string // "E-mail"

	// Letters is true if customers see formatted signatures with pictures. Agents then have signatures of their own.
	Letters bool
}

// Preview is a signature as customers see it. Only one of the fields is set.
type Preview struct {
	HTML string // sanitized
	Text string // for channels with plain text
}

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area returns the area of the settings.
func Area(desk Desk) web.Area {
	p := pages{desk}
	routes := slices.Concat(
		[]web.Route{{Pattern: "GET /settings", For: web.Agents, Do: p.showHome}},
		p.accountRoutes(),
		p.connectionRoutes(),
		p.mailboxRoutes(),
		p.numberRoutes(),
		p.companyRoutes(),
		p.helpRoutes(),
		hoursPages{p}.listRoutes(),
		rulesPages{p}.listRoutes(),
		p.peopleRoutes(),
		p.addressRoutes(),
		p.roleRoutes(),
		replyPages{p}.listRoutes(),
		p.signatureRoutes(),
		p.agentPages().listRoutes(),
		p.teamPages().listRoutes(),
		p.tagPages().listRoutes(),
		p.automationPages().listRoutes(),
		p.cannedPages().listRoutes(),
		p.templatePages().listRoutes(),
		aiPages{p}.listRoutes(),
		retentionPages{p}.listRoutes(),
	)

	return web.Area{
		Name:      "settings",
		Templates: templates,
		Funcs:     map[string]any{"join": strings.Join, "title": titleOf},
		Routes:    routes,
	}
}

// showHome shows agents their own page. Admins are redirected to the accounts.
func (p pages) showHome(v *web.Visit) error {
	if v.Person.Admin {
		return v.Go("/settings/accounts")
	}
	return p.showMe(v)
}

// findEntry reads an entry. It returns nil if there is none with that name.
func (p pages) findEntry(ctx context.Context, kind, name string) (*setup.Entry, error) {
	all, err := p.desk.Entries(ctx)
	if err != nil {
		return nil, err
	}
	return find(all, kind, name), nil
}

// find returns an entry of all, or nil if there is none with that name. Names are case-insensitive.
func find(all []setup.Entry, kind, name string) *setup.Entry {
	for i := range all {
		if all[i].Kind == kind && strings.EqualFold(all[i].Name, name) {
			return &all[i]
		}
	}
	return nil
}

// withAccountEntry calls do with the account in the URL, or responds with status 404 if there is none.
func (p pages) withAccountEntry(v *web.Visit, do func(*setup.Entry) error) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(_ []setup.Entry, e *setup.Entry) error { return do(e) })
}

// withEntries calls do with all entries and the entry of a kind in the URL, or responds with status 404 if there is none.
// singular is the display name of the kind.
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

// namesOf returns the names of the entries of a kind.
func namesOf(all []setup.Entry, kind string) (names []string) {
	for _, e := range all {
		if e.Kind == kind {
			names = append(names, e.Name)
		}
	}
	return names
}

// trySave saves a change. If Desk.Save refuses it, done is false, err is nil, and the form has the submitted values and the
// problems: the caller shows it again.
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
		stored := form.Version
		form.Keep(v, nil)
		form.Version = stored // the admin is told what to compare, so the form may overwrite it now
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

// keepRefused fills the form with the submitted values and with the problems of a refused change. A problem at a path
// without a field is shown at the nearest field, or else above the form with the label of the path. all describes all
// paths.
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
		if isInGroup && !isItem(key) { // the field is for several values: say which one
			text = key + ": " + text
		}

		refused.Fields[field] = strings.TrimSpace(refused.Fields[field] + " " + text)
	}

	slices.Sort(form.Problems)
	form.Keep(v, refused.Fields)
}

// isItem reports whether a key is that of a list item, such as "0.folder". Its number means nothing to people, and the
// problem quotes the item.
func isItem(key string) bool { return key != "" && unicode.IsDigit(rune(key[0])) }

// labelOf returns the label of the value at a path.
func labelOf(all []setup.Field, path string) string {
	for _, f := range all {
		if f.Path == path {
			return f.Label
		}
	}
	return path
}

// nearestField returns the name of the field for a problem at a path without a field; "" if there is none. text is the
// problem. It prefers, in this order:
//
//  1. a field for the whole group of the path, such as "hours" for "hours.zone"
//  2. a field below the path whose label occurs in text
//  3. the first field below the path
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

// changeTo returns a change of an entry, as the page showed it.
func changeTo(v *web.Visit, e *setup.Entry, values map[string][]string) setup.Change {
	return setup.Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Version: v.Value("version"), Values: values}
}

// saveForm saves a change and redirects to path. If it is refused, again shows the form with the problems.
func (p pages) saveForm(v *web.Visit, c setup.Change, form *web.Form, path string, again func() error) error {
	result, done, err := p.trySave(v, c, form)
	if err != nil {
		return err
	}
	if !done {
		return again()
	}
	return answerSaved(v, path, result.About(cmp.Or(c.Name, "settings")))
}

// changeAtOnce saves a change that has no form, such as a pause. It redirects to path, which shows the result.
func (p pages) changeAtOnce(v *web.Visit, c setup.Change, path string) error {
	result, err := p.desk.Save(v.Context(), v.Person, c)
	isConflict := errors.Is(err, setup.ErrStale) || errors.Is(err, setup.ErrMissing) || errors.Is(err, setup.ErrExists)
	if isConflict {
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

// answerSaved redirects to a page, which shows what was changed.
func answerSaved(v *web.Visit, path string, result setup.Result) error {
	text := "Saved."
	if len(result.Changes) == 0 {
		text = "Nothing was changed."
	}
	return v.GoWithText(path, result.Sentences(text))
}

// refuseMissing responds that there is no entry with a name. what is the display name of its kind.
func refuseMissing(v *web.Visit, what, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no "+what+" "+name+".", "It may have been taken out.")
}
