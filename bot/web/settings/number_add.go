package settings

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// The page on which an admin adds a number: an account of WhatsApp, SMS or Messenger. It asks for the ids and tokens
// that the provider, such as Meta, gave the company. addNumber tests them at the provider before it stores the account. The
// new account begins in watch mode, in which nothing is sent to customers.
//
// While the page shows errors, the browser's session holds the secrets, encrypted, so that an admin needn't type them
// again.

const (
	addNumberPath = "/settings/add-number"
	choosePath    = "/settings/add-whatsapp"
)

func (p pages) numberRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + choosePath, For: web.Admins, Do: p.choose},
		{Pattern: "POST " + choosePath + "/sign-up", For: web.Admins, Do: p.signUp},
		{Pattern: "GET " + SignUpReturnPath, For: web.Admins, Do: p.comeBackFromMeta},
		{Pattern: "GET " + choosePath + "/numbers", For: web.Admins, Do: p.showNumbers},
		{Pattern: "POST " + choosePath + "/numbers", For: web.Admins, Do: p.addChosen},
		{Pattern: "GET " + addNumberPath + "/{kind}", For: web.Admins, Do: p.newNumber},
		{Pattern: "POST " + addNumberPath + "/{kind}", For: web.Admins, Do: p.addNumber},
	}
}

// choose asks for the provider of a WhatsApp number.
func (p pages) choose(v *web.Visit) error {
	return v.Show("choose", web.Screen{Title: "Add a WhatsApp number", Data: p.desk.SignUp(),
		Help: "WhatsApp lets companies write by Meta's Cloud API, or by a provider in between. Choose where your number is, or should be."})
}

// numberPage is the template data of the page: the guide for the kind of account, and the form.
type numberPage struct {
	*guide

	Form     web.Form
	Address  string             // the webhook URL that the provider will call; "" if Parley has no public URL
	IsPublic bool               // Address may be reachable from the internet
	Found    []channels.Finding // results of the test that belong to no field
}

// verifyField is the field with the token that Meta sends to verify the webhook. If it is empty, addNumber generates one.
const verifyField = "verify_token"

// withNumberPage calls do with the page of the kind in the URL, or responds with status 404.
func (p pages) withNumberPage(v *web.Visit, do func(*numberPage) error) error {
	g := guideOf(v.Request.PathValue("kind"))
	if g == nil || g.IsOwn {
		return v.NotFound()
	}
	page, err := p.numberPage(v, g)
	if err != nil {
		return err
	}
	return do(page)
}

// numberPage returns the page with an empty form.
func (p pages) numberPage(v *web.Visit, g *guide) (*numberPage, error) {
	entries, err := p.desk.Entries(v.Context())
	if err != nil {
		return nil, err
	}
	name := freeName(g.name, namesOf(entries, setup.EntryAccount))
	all := p.desk.Fields(setup.EntryAccount, g.kind)
	held := p.heldSecrets(v, g)
	address := p.desk.HookURL(name)
	return &numberPage{guide: g, Address: address, IsPublic: isPublic(address), Form: web.Form{
		Action: addNumberPath + "/" + g.kind, Submit: "Test and add", Back: accountsPath,
		Groups: []web.Group{
			{Title: "At " + g.Provider, Fields: fieldsOf(g.pickFields(all, g.fields), held)},
			{Title: "Here", Fields: fieldsHere(g, name, namesOf(entries, setup.EntryTeam))},
			{Title: "Only if you need it", Folded: true, Fields: optionalFields(g.pickFields(all, g.optional), held)},
		},
	}}, nil
}

// fieldsHere returns the fields with Parley's own settings of a new account.
func fieldsHere(g *guide, name string, teams []string) []web.Field {
	return []web.Field{
		{Name: "name", Label: "Name", Value: name, Required: true, Help: "The account's name here, of small letters, digits and -. " +
			"It is the last part of the address that " + g.Provider + " calls, and stays."},
		teamField(teams),
	}
}

// optionalFields returns the fields of the collapsed group.
func optionalFields(fields []setup.Field, held map[string]string) []web.Field {
	list := fieldsOf(fields, held)
	for i := range list {
		if strings.HasSuffix(list[i].Name, "."+verifyField) {
			list[i].Required = false
			list[i].Help = "Empty: Parley makes one. " +
				"Type one of your own only if you set the webhook by hand at Meta, where the same is asked for."
		}
	}
	return list
}

// isPublic reports whether a URL may be reachable from the internet: it has https, and its host is neither this machine
// nor an address in a private network.
func isPublic(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	isName := err != nil
	return isName || !ip.IsLoopback() && !ip.IsPrivate()
}

// fieldsOf converts the fields of an account to form fields. held has the secrets that the session holds, by path.
func fieldsOf(fields []setup.Field, held map[string]string) []web.Field {
	list := make([]web.Field, len(fields))
	for i, f := range fields {
		list[i] = web.Field{Name: f.Path, Label: f.Label, Help: f.Help, Required: f.Required}
		if f.Input == setup.InputSecret {
			list[i].Kind, list[i].Stored = web.KindSecret, held[f.Path] != ""
		} else if f.Choices != nil {
			list[i].Kind, list[i].Choices = web.KindChoice, web.Choose([]string{f.Default}, f.Choices...)
		}
	}
	return list
}

// freeName returns a name that no account has: base, or "base-2" and so on.
func freeName(base string, taken []string) string {
	name := base
	for n := 2; slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, name) }); n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name
}

func (a *numberPage) makeScreen() web.Screen {
	return web.Screen{Title: a.title, Data: a, Help: "Each value is tested at " + a.Provider + " before anything is kept. " +
		"The account begins in watch mode: nothing leaves until you turn it live."}
}

// showAgain shows the form with the submitted values and what is wrong with them, by the names of fields.
func (a *numberPage) showAgain(v *web.Visit, problems map[string]string) error {
	a.Form.Second = "Add it without a test"
	a.Form.Keep(v, problems)
	for _, g := range a.Form.Groups {
		for i := range g.Fields {
			f := &g.Fields[i]
			if f.Kind == web.KindSecret && f.Stored { // in the session: no need to ask for it again
				f.Problem = problems[f.Name]
			}
		}
	}
	return v.ShowAgain("number", a.makeScreen())
}

func (p pages) newNumber(v *web.Visit) error {
	return p.withNumberPage(v, func(a *numberPage) error { return v.Show("number", a.makeScreen()) })
}

// draftKey is the session key of the secrets of an account that is being added, encrypted by Desk.Seal.
const draftKey = "number-draft"

// heldSecrets returns the secrets that the session holds for a kind of account, by path.
func (p pages) heldSecrets(v *web.Visit, g *guide) map[string]string {
	held := p.desk.Unseal(v.Recall(draftKey))
	if held["kind"] != g.kind {
		return nil
	}
	return held
}

// holdSecrets stores the secrets among the submitted values in the session, encrypted. Those that were left empty are taken
// from there.
func (p pages) holdSecrets(v *web.Visit, a *numberPage, given map[string][]string) error {
	before, held := p.heldSecrets(v, a.guide), map[string]string{"kind": a.kind}
	for _, g := range a.Form.Groups {
		for i := range g.Fields {
			f := &g.Fields[i]
			if f.Kind != web.KindSecret {
				continue
			}
			if given[f.Name] == nil && before[f.Name] != "" {
				given[f.Name] = []string{before[f.Name]}
			}
			if given[f.Name] != nil {
				held[f.Name], f.Stored = strings.TrimSpace(given[f.Name][0]), true
				given[f.Name] = []string{held[f.Name]}
			}
		}
	}
	sealed, err := p.desk.Seal(held)
	if err != nil {
		return err
	}
	v.Remember(draftKey, sealed)
	return nil
}

// addNumber tests the submitted values at the provider and adds the account if it accepts them. With the parameter "untested"
// it skips the test.
func (p pages) addNumber(v *web.Visit) error {
	return p.withNumberPage(v, func(a *numberPage) error {
		name, given := v.Value("name"), givenValues(v, a.Form.Fields())
		if err := p.holdSecrets(v, a, given); err != nil {
			return err
		}
		problems := missingValues(a.Form, given)
		if name == "" {
			problems["name"] = "This is needed."
		}
		if len(problems) > 0 {
			return a.showAgain(v, problems)
		}

		verifyPath := a.section + "." + verifyField
		if slices.Contains(a.optional, verifyField) && given[verifyPath] == nil {
			given[verifyPath] = []string{rand.Text()}
		}
		if v.Value("untested") == "" {
			faults, err := p.tryValues(v, a, name, given)
			if err != nil {
				return err
			}
			if len(faults) > 0 || !areAllOK(a.Found) {
				return a.showAgain(v, faults)
			}
		}
		return p.saveNumber(v, a, name, given)
	})
}

// tryValues tests the values at the provider. It returns faults by the paths of fields; results that belong to no field are
// added to a.Found. Faults of the webhook are ignored, because it is set up only after the account was added.
func (p pages) tryValues(v *web.Visit, a *numberPage, name string, given map[string][]string) (map[string]string, error) {
	found, err := p.desk.TestValues(v.Context(), a.kind, name, given)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return map[string]string{"": problem.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(f channels.Finding) bool { return f.Field == channels.HookField })
	faults, others := faultsOf(found, a.section)
	a.Found = others
	return faults, nil
}

// saveNumber adds the account and redirects to its page.
func (p pages) saveNumber(v *web.Visit, a *numberPage, name string, given map[string][]string) error {
	change := setup.Change{Kind: setup.EntryAccount, Name: name, Channel: a.kind, Values: given}
	result, err := p.desk.Save(v.Context(), v.Person, change)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		a.Form.Problems = append(a.Form.Problems, refused.Others...)
		return a.showAgain(v, refused.Fields)
	}
	if errors.Is(err, setup.ErrExists) {
		return a.showAgain(v, map[string]string{"name": "There is one of that name already."})
	}
	if err != nil {
		return err
	}

	v.Remember(draftKey, "") // forget the secrets
	text := "The account was added. It is in watch mode. Now let " + a.Provider + " call Parley."
	return v.GoWithText(accountPath(name), result.About(name).Sentences(text))
}
