// Package tokens has the page on which admins make the tokens of programs, and the addresses at which such programs read
// and apply the set-up.
//
// What does not belong here: what else takes tokens (its area), and who a token is (package web).
package tokens

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
)

// Desk is what this page needs.
type Desk interface {
	// Tokens lists the tokens at work, then the newest of those that have ended.
	Tokens(ctx context.Context) ([]Token, error)

	// Make makes a token in somebody's name, and gives it, once. Errors: ErrTooMany.
	Make(ctx context.Context, by web.Person, name string, scope web.Scope, days int) (secret string, err error)

	// Revoke ends a token in somebody's name. Errors: ErrNone.
	Revoke(ctx context.Context, by web.Person, id int64) error

	// Export returns the set-up as parley.yaml, without secrets.
	Export(ctx context.Context) ([]byte, error)

	// Apply changes the set-up to what a parley.yaml says, or only says what would change, in the name of who made a
	// token. Errors: Refused.
	Apply(ctx context.Context, by web.Person, token string, file []byte, dry, prune bool) (said string, err error)
}

// Token is one that was made.
type Token struct {
	ID              int64
	Name, Scope, By string
	Expires         time.Time
	Used            *time.Time // nil = never
	Ended           bool
	Idle            bool // its maker may no longer do what it is for
}

// ErrNone means that there is no such token, or that it has ended.
var ErrNone = errors.New("tokens: there is none")

// ErrTooMany means that no other token can be made before one ends.
var ErrTooMany = errors.New("tokens: too many")

// Refused says what is wrong with a file.
type Refused string

// Error implements error.
func (r Refused) Error() string { return string(r) }

const (
	path     = "/settings/tokens"
	mostFile = 4 << 20 // bytes of a parley.yaml
	mostName = 80
	applying = 2 * time.Minute
)

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the page, and the addresses of the set-up.
func Area(desk Desk) web.Area {
	p := pages{desk}
	return web.Area{Name: "tokens", Templates: templates, Routes: []web.Route{
		{Pattern: "GET " + path, For: web.Admins, Do: p.list},
		{Pattern: "POST " + path, For: web.Admins, Do: p.make},
		{Pattern: "POST " + path + "/{id}/revoke", For: web.Admins, Do: p.revoke},
		{Pattern: "GET /api/setup", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeSetup, web.ScopeApply}}, Do: p.export},
		{Pattern: "PUT /api/setup", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeApply}}, Do: p.apply, Reads: true},
	}, Menu: []web.Link{{Path: path, Text: "API tokens", For: web.Admins, Rank: 87}}}
}

// shown is what tokens.html shows.
type shown struct {
	Form   web.Form
	Tokens []Token
	Secret string // that was made just now
	Name   string
}

// scopes are what a token can be for, in words.
func scopes(p web.Person) []web.Choice {
	list := []web.Choice{{Value: string(web.ScopeFigures), Text: "Read figures"}, {Value: string(web.ScopeLog), Text: "Read the log"},
		{Value: string(web.ScopeSetup), Text: "Read the set-up, without secrets"}}
	if p.Super {
		list = append(list, web.Choice{Value: string(web.ScopeApply), Text: "Read and change the set-up"})
	}
	return list
}

// lives are for how many days a token can work.
func lives() []web.Choice {
	return []web.Choice{{Value: "7", Text: "A week"}, {Value: "30", Text: "A month"}, {Value: "90", Text: "Three months", Chosen: true}, {Value: "365", Text: "A year"}}
}

func form(p web.Person) web.Form {
	return web.Form{Action: path, Submit: "Make the token", Groups: []web.Group{{Title: "New token", Fields: []web.Field{
		{Name: "name", Label: "Name", Required: true, Help: "What uses it: the log names it."},
		{Name: "scope", Label: "What it may do", Kind: web.KindChoice, Choices: scopes(p)},
		{Name: "days", Label: "Works for", Kind: web.KindChoice, Choices: lives()},
	}}}}
}

func (p pages) screen(v *web.Visit, s shown) (web.Screen, error) {
	list, err := p.desk.Tokens(v.Context())
	for i := range list {
		t := &list[i]
		for _, c := range scopes(web.Person{Super: true}) {
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
	return web.Screen{Title: "API tokens", Data: s,
		Help: "Programs show a token to ask Parley for figures or the log, or to read and change the set-up. Each does one thing, ends by itself, and opens no page."}, err
}

func (p pages) list(v *web.Visit) error {
	s, err := p.screen(v, shown{Form: form(v.Person)})
	if err != nil {
		return err
	}
	return v.Show("tokens", s)
}

// make makes a token and shows it, this once.
func (p pages) make(v *web.Visit) error {
	problems := map[string]string{}
	name, scope := v.Value("name"), v.Value("scope")
	if name == "" || len([]rune(name)) > mostName || strings.ContainsAny(name, "\r\n") {
		problems["name"] = "Write a name of one line, at most 80 signs."
	}
	if !offered(scopes(v.Person), scope) {
		problems["scope"] = "Choose one of these."
	}
	days, err := strconv.Atoi(v.Value("days"))
	if err != nil || !offered(lives(), v.Value("days")) {
		problems["days"] = "Choose one of these."
	}
	if len(problems) > 0 {
		return p.again(v, problems)
	}
	secret, err := p.desk.Make(v.Context(), v.Person, name, web.Scope(scope), days)
	switch {
	case errors.Is(err, ErrTooMany):
		return p.again(v, map[string]string{"name": "There are too many tokens at work. Revoke one that nobody needs."})
	case err != nil:
		return err
	}
	s, err := p.screen(v, shown{Form: form(v.Person), Secret: secret, Name: name})
	if err != nil {
		return err
	}
	return v.Show("tokens", s)
}

// again shows the form that was sent, and what is wrong with it.
func (p pages) again(v *web.Visit, problems map[string]string) error {
	f := form(v.Person)
	f.Keep(v, problems)
	s, err := p.screen(v, shown{Form: f})
	if err != nil {
		return err
	}
	return v.ShowAgain("tokens", s)
}

func offered(choices []web.Choice, value string) bool {
	for _, c := range choices {
		if c.Value == value {
			return true
		}
	}
	return false
}

func (p pages) revoke(v *web.Visit) error {
	id, err := strconv.ParseInt(v.Request.PathValue("id"), 10, 64)
	if err == nil {
		err = p.desk.Revoke(v.Context(), v.Person, id)
	} else {
		err = ErrNone
	}
	switch {
	case errors.Is(err, ErrNone):
		return v.Saved(path, "That token has ended already.")
	case err != nil:
		return err
	}
	return v.Saved(path, "Revoked. It opens nothing from now on.")
}

// export returns the set-up as a file.
func (p pages) export(v *web.Visit) error {
	file, err := p.desk.Export(v.Context())
	if err != nil {
		return err
	}
	v.Writer.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	_, _ = v.Writer.Write(file)
	return nil
}

// apply changes the set-up. Its address has `dry_run=yes` if nothing is to be changed, `prune=yes` to take out what the
// file's lists no longer name. Anything else in the address is refused: who writes `dry_run=true` must not change things.
func (p pages) apply(v *web.Visit) error {
	dry, prune, err := asked(v.Request.URL.RawQuery)
	if err != nil {
		return v.Refuse(http.StatusBadRequest, "Nothing was changed: behind the address may stand dry_run and prune, each with yes or no.", "Write ?dry_run=yes.")
	}
	ctx, cancel := context.WithTimeout(v.Context(), applying)
	defer cancel()
	file, err := io.ReadAll(http.MaxBytesReader(v.Writer, v.Request.Body, mostFile))
	if err != nil {
		return v.Refuse(http.StatusRequestEntityTooLarge, "The file can't be read.", "Send at most 4 MB.")
	}
	said, err := p.desk.Apply(ctx, v.Person, v.Token, file, dry, prune)
	var refused Refused
	switch {
	case errors.As(err, &refused):
		return v.Refuse(http.StatusUnprocessableEntity, "Nothing was changed:\n"+string(refused), "")
	case err != nil:
		return err
	}
	v.Writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(v.Writer, said)
	return nil
}

// asked reads what is asked of apply.
// Errors: there is something else in the address, or something that can't be read.
func asked(query string) (dry, prune bool, err error) {
	values, err := url.ParseQuery(query) // which also tells of what it leaves out
	if err != nil {
		return false, false, err
	}
	given := map[string]bool{}
	for name, list := range values {
		if name != "dry_run" && name != "prune" || len(list) != 1 || list[0] != "yes" && list[0] != "no" {
			return false, false, fmt.Errorf("tokens: %q in the address", name)
		}
		given[name] = list[0] == "yes"
	}
	return given["dry_run"], given["prune"], nil
}
