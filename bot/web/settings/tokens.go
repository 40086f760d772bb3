package settings

import (
	"context"

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

// TokensDesk is the backend of this area. It logs who made each change.
type TokensDesk interface {
	// Tokens returns all valid tokens, followed by the newest revoked and expired ones.
	Tokens(ctx context.Context) ([]Token, error)

	// Make creates a token and returns its secret, which is not stored and can't be read later. It returns ErrTooMany.
	Make(ctx context.Context, by web.Person, name string, scope web.Scope, days int) (secret string, err error)

	// Revoke revokes a token. It returns ErrNoToken.
	Revoke(ctx context.Context, by web.Person, id int64) error

	// Export returns the configuration as parley.yaml, without secrets.
	Export(ctx context.Context) ([]byte, error)

	// Apply changes the configuration to that of a parley.yaml, and describes the changes. by is the person who created
	// the token. It returns Refused if the file is invalid.
	Apply(ctx context.Context, by web.Person, a Application) (changes string, err error)
}

// Application is a request to apply a parley.yaml.
type Application struct {
	Token string // the name of the token
	File  []byte
	Dry   bool // only describe what would change
	Prune bool // also remove entries that the file's lists don't contain
}

// Token is a token as the list shows it, without its secret.
type Token struct {
	ID              int64
	Name, Scope, By string
	Expires         time.Time
	Used            *time.Time // the last use; nil means never
	Ended           bool       // revoked or expired
	Idle            bool       // the person who created it lacks the rights for its scope now, so it doesn't work
}

// ErrNoToken means that there is no valid token with an id.
var ErrNoToken = errors.New("tokens: there is none")

// ErrTooMany means that the maximum number of valid tokens is reached.
var ErrTooMany = errors.New("tokens: too many")

// Refused is an error about a parley.yaml: the text says what is wrong with it.
type Refused string

// Error implements error.
func (r Refused) Error() string { return string(r) }

const (
	tokensPath   = "/settings/tokens"
	maxFileBytes = 4 << 20 // size of a parley.yaml
	maxNameRunes = 80
	applyTimeout = 2 * time.Minute
)

type tokensPages struct{ desk TokensDesk }

// TokensArea returns the area of the page and the endpoint.
func TokensArea(desk TokensDesk) web.Area {
	p := tokensPages{desk}
	readers := &web.ByToken{Scopes: []web.Scope{web.ScopeSetup, web.ScopeApply}}
	writers := &web.ByToken{Scopes: []web.Scope{web.ScopeApply}}
	return web.Area{
		Name:      "tokens",
		Templates: templates,
		Routes: []web.Route{
			{Pattern: "GET " + tokensPath, For: web.Admins, Do: p.list},
			{Pattern: "POST " + tokensPath, For: web.Admins, Do: p.makeToken},
			{Pattern: "POST " + tokensPath + "/{id}/revoke", For: web.Admins, Do: p.revoke},
			{Pattern: "GET /api/v1/setup", Token: readers, Do: p.export},
			{Pattern: "PUT /api/v1/setup", Token: writers, Do: p.apply, Reads: true},
		},
	}
}

// tokensPage is the template data of tokens.html.
type tokensPage struct {
	Form   web.Form
	Tokens []Token
	Secret string // the secret of a new token, which is shown only once; "" if none was created
	Name   string // the name of the new token
}

// scopeChoices returns the scopes of the tokens that a person may create.
func scopeChoices(p web.Person) []web.Choice {
	list := []web.Choice{
		{Value: string(web.ScopeFigures), Text: "Read figures"},
		{Value: string(web.ScopeLog), Text: "Read the log"},
		{Value: string(web.ScopeSetup), Text: "Read the set-up, without secrets"},
	}
	if p.Super {
		list = append(list, web.Choice{Value: string(web.ScopeApply), Text: "Read and change the set-up"})
	}
	return list
}

// lifetimeChoices returns the lifetimes of tokens in days.
func lifetimeChoices() []web.Choice {
	return []web.Choice{
		{Value: "7", Text: "A week"},
		{Value: "30", Text: "A month"},
		{Value: "90", Text: "Three months", Chosen: true},
		{Value: "365", Text: "A year"},
	}
}

// makeForm returns the form for a new token.
func makeForm(p web.Person) web.Form {
	return web.Form{Action: tokensPath, Submit: "Make the token", Groups: []web.Group{{Title: "New token", Fields: []web.Field{
		{Name: "name", Label: "Name", Required: true, Help: "What uses it: the log names it."},
		{Name: "scope", Label: "What it may do", Kind: web.KindChoice, Choices: scopeChoices(p)},
		{Name: "days", Label: "Works for", Kind: web.KindChoice, Choices: lifetimeChoices()},
	}}}}
}

// makeScreen adds the list of all tokens to s and returns the page.
func (p tokensPages) makeScreen(v *web.Visit, s tokensPage) (web.Screen, error) {
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
		Help: "Programs show a token to ask Parley for figures or the log, or to read and change the set-up. " +
			"Each does one thing, ends by itself, and opens no page.",
		Data: s,
	}, nil
}

// list shows the page.
func (p tokensPages) list(v *web.Visit) error {
	s, err := p.makeScreen(v, tokensPage{Form: makeForm(v.Person)})
	if err != nil {
		return err
	}
	return v.Show("tokens", s)
}

// makeToken creates a token and shows its secret.
func (p tokensPages) makeToken(v *web.Visit) error {
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

// showAgain shows the submitted form with problems by the names of fields.
func (p tokensPages) showAgain(v *web.Visit, problems map[string]string) error {
	f := makeForm(v.Person)
	f.Keep(v, problems)
	s, err := p.makeScreen(v, tokensPage{Form: f})
	if err != nil {
		return err
	}
	return v.ShowAgain("tokens", s)
}

// isOffered reports whether a value is one of the choices.
func isOffered(choices []web.Choice, value string) bool {
	return slices.ContainsFunc(choices, func(c web.Choice) bool { return c.Value == value })
}

const endedText = "That token has ended already."

// revoke revokes a token.
func (p tokensPages) revoke(v *web.Visit) error {
	id, err := strconv.ParseInt(v.Request.PathValue("id"), 10, 64)
	if err != nil {
		return v.GoWithText(tokensPath, endedText)
	}
	err = p.desk.Revoke(v.Context(), v.Person, id)
	if errors.Is(err, ErrNoToken) {
		return v.GoWithText(tokensPath, endedText)
	}
	if err != nil {
		return err
	}
	return v.GoWithText(tokensPath, "Revoked. It opens nothing from now on.")
}

// export sends the configuration.
func (p tokensPages) export(v *web.Visit) error {
	file, err := p.desk.Export(v.Context())
	if err != nil {
		return err
	}
	v.Writer.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	_, _ = v.Writer.Write(file) // an error means that the client has disconnected
	return nil
}

// apply changes the configuration to the parley.yaml in the body. With "dry_run=yes" it only describes the changes; with
// "prune=yes" it also removes entries that the file's lists don't contain. Other parameters and values are refused: with
// "dry_run=true", for example, ignoring the parameter would make changes that the caller doesn't want.
func (p tokensPages) apply(v *web.Visit) error {
	dry, prune, err := readQuery(v.Request.URL.RawQuery)
	if err != nil {
		return v.Refuse(http.StatusBadRequest,
			"Nothing was changed: behind the address may stand dry_run and prune, each with yes or no.", "Write ?dry_run=yes.")
	}

	ctx, cancel := context.WithTimeout(v.Context(), applyTimeout)
	defer cancel()
	file, err := io.ReadAll(http.MaxBytesReader(v.Writer, v.Request.Body, maxFileBytes))
	if err != nil {
		return v.Refuse(http.StatusRequestEntityTooLarge, "The file can't be read.", "Send at most 4 MB.")
	}

	changes, err := p.desk.Apply(ctx, v.Person, Application{Token: v.Token, File: file, Dry: dry, Prune: prune})
	if refused, ok := errors.AsType[Refused](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, "Nothing was changed:\n"+string(refused), "")
	}
	if err != nil {
		return err
	}

	v.Writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(v.Writer, changes) // as above
	return nil
}

// readQuery parses the query of apply. Unknown parameters and values are errors.
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
