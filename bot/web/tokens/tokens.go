// Package tokens has the page on which admins make tokens, and the address /api/v1/setup, at which programs read and
// change the set-up with them. A token is a secret text that a program sends in place of a person who signs in. The
// set-up is all that parley.yaml can say.
//
// What does not belong here: other addresses that take tokens (they are in the area that has what they answer), and
// the check of a token (package web).
package tokens

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
)

// Desk is what this page needs.
type Desk interface {
	// Tokens lists the tokens that are valid, and after them the newest of those that have ended.
	Tokens(ctx context.Context) ([]Token, error)

	// Make makes a token in somebody's name. It returns the token itself, which nobody can read later. Errors: ErrTooMany.
	Make(ctx context.Context, by web.Person, name string, scope web.Scope, days int) (secret string, err error)

	// Revoke ends a token in somebody's name. Errors: ErrNone.
	Revoke(ctx context.Context, by web.Person, id int64) error

	// Export returns the set-up as parley.yaml, without secrets.
	Export(ctx context.Context) ([]byte, error)

	// Apply changes the set-up to what a parley.yaml says, in the name of the person who made a token, and returns what
	// changed, in words. Errors: Refused.
	Apply(ctx context.Context, by web.Person, a Application) (said string, err error)
}

// Application is a parley.yaml that a program applies.
type Application struct {
	Token string // the name of the token
	File  []byte
	Dry   bool // change nothing, and only say what would change
	Prune bool // also remove entries that the file's lists don't name
}

// Token is a token as the list shows it, without the secret text.
type Token struct {
	ID              int64
	Name, Scope, By string
	Expires         time.Time
	Used            *time.Time // when it was used last; nil if never
	Ended           bool       // it was revoked or has expired
	Idle            bool       // its maker may no longer do what it is for, so it opens nothing
}

// ErrNone means that there is no such token, or that it has ended.
var ErrNone = errors.New("tokens: there is none")

// ErrTooMany means that there are as many valid tokens as are allowed.
var ErrTooMany = errors.New("tokens: too many")

// Refused is an error that says, in words for people, what is wrong with a file.
type Refused string

// Error implements error.
func (r Refused) Error() string { return string(r) }

const (
	path         = "/settings/tokens"
	maxFileBytes = 4 << 20 // bytes of a parley.yaml
	maxNameRunes = 80
	applyTimeout = 2 * time.Minute
)

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the page, and the addresses of the set-up.
func Area(desk Desk) web.Area {
	p := pages{desk}
	return web.Area{Name: "tokens", Templates: templates, Routes: []web.Route{
		{Pattern: "GET " + path, For: web.Admins, Do: p.list},
		{Pattern: "POST " + path, For: web.Admins, Do: p.makeToken},
		{Pattern: "POST " + path + "/{id}/revoke", For: web.Admins, Do: p.revoke},
		{Pattern: "GET /api/v1/setup", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeSetup, web.ScopeApply}}, Do: p.export},
		{Pattern: "PUT /api/v1/setup", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeApply}}, Do: p.apply, Reads: true},
	}, Menu: []web.Link{{Path: path, Text: "API tokens", For: web.Admins, Rank: 87}}}
}

// tokensPage is what tokens.html shows.
type tokensPage struct {
	Form   web.Form
	Tokens []Token
	Secret string // the token that was made just now; "" if none was
	Name   string // of that token
}

// scopeChoices lists the scopes of the tokens that a person may make.
func scopeChoices(p web.Person) []web.Choice {
	list := []web.Choice{{Value: string(web.ScopeFigures), Text: "Read figures"}, {Value: string(web.ScopeLog), Text: "Read the log"},
		{Value: string(web.ScopeSetup), Text: "Read the set-up, without secrets"}}
	if p.Super {
		list = append(list, web.Choice{Value: string(web.ScopeApply), Text: "Read and change the set-up"})
	}
	return list
}

// lifetimeChoices lists for how many days a token can be valid.
func lifetimeChoices() []web.Choice {
	return []web.Choice{
		{Value: "7", Text: "A week"},
		{Value: "30", Text: "A month"},
		{Value: "90", Text: "Three months", Chosen: true},
		{Value: "365", Text: "A year"},
	}
}

// makeForm makes the form for a new token.
func makeForm(p web.Person) web.Form {
	return web.Form{Action: path, Submit: "Make the token", Groups: []web.Group{{Title: "New token", Fields: []web.Field{
		{Name: "name", Label: "Name", Required: true, Help: "What uses it: the log names it."},
		{Name: "scope", Label: "What it may do", Kind: web.KindChoice, Choices: scopeChoices(p)},
		{Name: "days", Label: "Works for", Kind: web.KindChoice, Choices: lifetimeChoices()},
	}}}}
}

// makeScreen makes the page: it adds the list of all tokens to s, in words and in the reader's time.
func (p pages) makeScreen(v *web.Visit, s tokensPage) (web.Screen, error) {
	list, err := p.desk.Tokens(v.Context())
	if err != nil {
		return web.Screen{}, err
	}

	for i := range list {
		t := &list[i]
		for _, c := range scopeChoices(web.Person{Super: true}) {
			if c.Value == t.Scope {
				t.Scope = c.Text
			}
		}

		t.Expires = t.Expires.In(v.Now().Location())
		if t.Used != nil {
			at := t.Used.In(v.Now().Location())
			t.Used = &at
		}
	}

	s.Tokens = list
	return web.Screen{
		Title: "API tokens",
		Data:  s,
		Help: "Programs show a token to ask Parley for figures or the log, or to read and change the set-up. " +
			"Each does one thing, ends by itself, and opens no page.",
	}, nil
}

func (p pages) list(v *web.Visit) error {
	s, err := p.makeScreen(v, tokensPage{Form: makeForm(v.Person)})
	if err != nil {
		return err
	}
	return v.Show("tokens", s)
}

// makeToken makes a token, and shows it this one time.
func (p pages) makeToken(v *web.Visit) error {
	problems := map[string]string{}
	name, scope := v.Value("name"), v.Value("scope")
	fits := name != "" && len([]rune(name)) <= maxNameRunes
	if !fits || strings.ContainsAny(name, "\r\n") {
		problems["name"] = "Write a name of one line, at most " + strconv.Itoa(maxNameRunes) + " signs."
	}
	if !isOffered(scopeChoices(v.Person), scope) {
		problems["scope"] = "Choose one of these."
	}

	days, err := strconv.Atoi(v.Value("days"))
	if err != nil || !isOffered(lifetimeChoices(), v.Value("days")) {
		problems["days"] = "Choose one of these."
	}
	if len(problems) > 0 {
		return p.showAgain(v, problems)
	}

	secret, err := p.desk.Make(v.Context(), v.Person, name, web.Scope(scope), days)
	if errors.Is(err, ErrTooMany) {
		return p.showAgain(v, map[string]string{"name": "There are too many tokens at work. Revoke one that nobody needs."})
	}
	if err != nil {
		return err
	}

	s, err := p.makeScreen(v, tokensPage{Form: makeForm(v.Person), Secret: secret, Name: name})
	if err != nil {
		return err
	}

	return v.Show("tokens", s)
}

// showAgain shows the form that was sent, and what is wrong with it.
func (p pages) showAgain(v *web.Visit, problems map[string]string) error {
	f := makeForm(v.Person)
	f.Keep(v, problems)
	s, err := p.makeScreen(v, tokensPage{Form: f})
	if err != nil {
		return err
	}
	return v.ShowAgain("tokens", s)
}

func isOffered(choices []web.Choice, value string) bool {
	return slices.ContainsFunc(choices, func(c web.Choice) bool { return c.Value == value })
}

const endedText = "That token has ended already."

func (p pages) revoke(v *web.Visit) error {
	id, err := strconv.ParseInt(v.Request.PathValue("id"), 10, 64)
	if err != nil {
		return v.GoWithText(path, endedText)
	}
	err = p.desk.Revoke(v.Context(), v.Person, id)
	if errors.Is(err, ErrNone) {
		return v.GoWithText(path, endedText)
	}
	if err != nil {
		return err
	}
	return v.GoWithText(path, "Revoked. It opens nothing from now on.")
}

// export answers with the set-up as a file.
func (p pages) export(v *web.Visit) error {
	file, err := p.desk.Export(v.Context())
	if err != nil {
		return err
	}
	v.Writer.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	_, _ = v.Writer.Write(file) // an error means that the program went away
	return nil
}

// apply changes the set-up. Its address may have `dry_run=yes`, so that nothing is changed, and `prune=yes` to take out what the
// file's lists no longer name. Anything else in the address is refused: `dry_run=true`, for example, must not change things.
func (p pages) apply(v *web.Visit) error {
	dry, prune, err := readQuery(v.Request.URL.RawQuery)
	if err != nil {
		return v.Refuse(http.StatusBadRequest, "Nothing was changed: behind the address may stand dry_run and prune, each with yes or no.",
			"Write ?dry_run=yes.")
	}

	ctx, cancel := context.WithTimeout(v.Context(), applyTimeout)
	defer cancel()
	file, err := io.ReadAll(http.MaxBytesReader(v.Writer, v.Request.Body, maxFileBytes))
	if err != nil {
		return v.Refuse(http.StatusRequestEntityTooLarge, "The file can't be read.", "Send at most 4 MB.")
	}

	said, err := p.desk.Apply(ctx, v.Person, Application{Token: v.Token, File: file, Dry: dry, Prune: prune})
	if refused, ok := errors.AsType[Refused](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, "Nothing was changed:\n"+string(refused), "")
	}
	if err != nil {
		return err
	}

	v.Writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(v.Writer, said) // as above
	return nil
}

// readQuery reads the query of an address of apply.
// Errors: the query has something else, or can't be read.
func readQuery(query string) (dry, prune bool, err error) {
	values, err := url.ParseQuery(query) // URL.Query would ignore errors
	if err != nil {
		return false, false, err
	}

	given := map[string]bool{}
	for name, list := range values {
		isKnown := name == "dry_run" || name == "prune"
		isYesOrNo := slices.Equal(list, []string{"yes"}) || slices.Equal(list, []string{"no"})
		if !isKnown || !isYesOrNo {
			return false, false, fmt.Errorf("tokens: %q in the address", name)
		}

		given[name] = list[0] == "yes"
	}

	return given["dry_run"], given["prune"], nil
}
