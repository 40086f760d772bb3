package number

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
// that the provider, such as Meta, gave the company. add tests them at the provider before it stores the account. The
// new account begins in watch mode, in which nothing is sent to customers.
//
// While the page shows errors, the browser's session holds the secrets, encrypted, so that an admin needn't type them
// again.

// addPage is the template data of the page: the guide for the kind of account, and the form.
type addPage struct {
	*guide

	Action   string
	Needs    []need
	Address  string // the webhook URL that the provider will call; "" if Parley has no public URL
	IsPublic bool   // Address may be reachable from the internet
	Groups   []web.Group
	Problems []string
	Found    []channels.Finding // results of the test that belong to no field
	Page     string             // the title of the documentation's page
	Unsaved  bool               // see web.Form
}

// verifyField is the field with the token that Meta sends to verify the webhook. If it is empty, add generates one.
const verifyField = "verify_token"

// newAddPage returns the page with an empty form.
func (p pages) newAddPage(v *web.Visit, g *guide) (*addPage, error) {
	accounts, teams, err := p.desk.Names(v.Context())
	if err != nil {
		return nil, err
	}

	name := freeName(g.name, accounts)
	team := ""
	if len(teams) > 0 {
		team = teams[0]
	}

	choices := web.Choose([]string{team}, append(slices.Clone(teams), "")...)
	choices[len(choices)-1].Text = "none yet"
	all := p.desk.Fields(g.kind)
	held := p.heldSecrets(v, g)
	address := p.desk.HookURL(name)
	return &addPage{
		guide:    g,
		Action:   addPath + "/" + g.kind,
		Needs:    g.needs,
		Address:  address,
		IsPublic: isPublic(address),
		Page:     g.page,
		Groups: []web.Group{
			{Title: "At " + g.provider, Fields: fieldsOf(g.pickFields(all, g.fields), held)},
			{Title: hereTitle, Fields: []web.Field{
				{
					Name:     "name",
					Label:    "Name",
					Value:    name,
					Required: true,
					Help: "The account's name here, of small letters, digits and -. " +
						"It is the last part of the address that " + g.provider + " calls, and stays.",
				},
				{Name: "team", Label: "Team", Kind: web.KindChoice, Choices: choices, Help: "In whose channel its threads open."},
			}},
			{Title: "Only if you need it", Folded: true, Fields: optionalFields(g.pickFields(all, g.optional), held)},
		},
	}, nil
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

func (a *addPage) makeScreen() web.Screen {
	return web.Screen{
		Title: a.title,
		Help: "Each value is tested at " + a.provider + " before anything is kept. " +
			"The account begins in watch mode: nothing leaves until you turn it live.",
		Data: a,
	}
}

// keepInput fills the form with the submitted values. problems has what is wrong with them, by the names of fields;
// problems of other names are added to a.Problems.
func (a *addPage) keepInput(v *web.Visit, problems map[string]string) {
	form := web.Form{Groups: a.Groups}
	form.Keep(v, problems)
	a.Unsaved = form.Unsaved
	for _, g := range a.Groups {
		for i := range g.Fields {
			f := &g.Fields[i]
			if f.Kind == web.KindSecret && f.Stored { // in the session: no need to ask for it again
				f.Problem = problems[f.Name]
			}
		}
	}

	for path, text := range problems {
		hasField := func(g web.Group) bool {
			return slices.ContainsFunc(g.Fields, func(f web.Field) bool { return f.Name == path })
		}
		if !slices.ContainsFunc(a.Groups, hasField) {
			a.Problems = append(a.Problems, text)
		}
	}
	slices.Sort(a.Problems)
}

// hereTitle is the title of the group with Parley's own settings: the account's name and team.
const hereTitle = "Here"

// fieldsHere returns the fields with Parley's own settings.
func (a *addPage) fieldsHere() []web.Field {
	i := slices.IndexFunc(a.Groups, func(g web.Group) bool { return g.Title == hereTitle })
	return a.Groups[i].Fields
}

func (p pages) showAdd(v *web.Visit) error {
	g := guideToAdd(v.Request.PathValue("kind"))
	if g == nil {
		return v.NotFound()
	}
	a, err := p.newAddPage(v, g)
	if err != nil {
		return err
	}
	return v.Show("add", a.makeScreen())
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

// holdSecrets stores the secrets among the submitted values in the session, encrypted.
func (p pages) holdSecrets(v *web.Visit, a *addPage, given map[string][]string) error {
	held := map[string]string{"kind": a.kind}
	for _, g := range a.Groups {
		for i := range g.Fields {
			f := &g.Fields[i]
			if f.Kind == web.KindSecret && given[f.Name] != nil {
				held[f.Name], f.Stored = given[f.Name][0], true
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

// collectValues returns the submitted values of the account by path. Empty secrets are taken from held. The account's
// name is omitted, because it is not a setting.
func (a *addPage) collectValues(v *web.Visit, held map[string]string) map[string][]string {
	given := map[string][]string{"mode": {"watch"}}
	for _, g := range a.Groups {
		for _, f := range g.Fields {
			value := v.Value(f.Name)
			if f.Kind == web.KindSecret && value == "" {
				value = held[f.Name]
			}
			if value != "" && f.Name != "name" {
				given[f.Name] = []string{value}
			}
		}
	}
	return given
}

// add tests the submitted values at the provider and adds the account if it accepts them. With the parameter "untested"
// it skips the test; with "only_check" it doesn't add the account.
func (p pages) add(v *web.Visit) error {
	g := guideToAdd(v.Request.PathValue("kind"))
	if g == nil {
		return v.NotFound()
	}

	a, err := p.newAddPage(v, g)
	if err != nil {
		return err
	}

	name := v.Value("name")
	given := a.collectValues(v, p.heldSecrets(v, g))
	if err := p.holdSecrets(v, a, given); err != nil {
		return err
	}

	problems := a.findMissing(given, name)
	if len(problems) > 0 {
		a.keepInput(v, problems)
		return v.ShowAgain("add", a.makeScreen())
	}

	verifyPath := g.section + "." + verifyField
	if slices.Contains(g.optional, verifyField) && given[verifyPath] == nil {
		given[verifyPath] = []string{rand.Text()}
	}

	if v.Value("untested") == "" {
		faults, err := p.tryValues(v, a, name, given)
		if err != nil {
			return err
		}

		hasFault := len(faults) > 0 || len(a.Problems) > 0
		if hasFault || v.Value("only_check") != "" {
			a.keepInput(v, faults)
			return v.ShowAgain("add", a.makeScreen())
		}
	}

	return p.save(v, a, name, given)
}

// findMissing returns a problem for each required field without a value, by the names of fields.
func (a *addPage) findMissing(given map[string][]string, name string) map[string]string {
	problems := map[string]string{}
	if name == "" {
		problems["name"] = "This is needed."
	}
	for _, g := range a.Groups {
		for _, f := range g.Fields {
			isMissing := f.Required && given[f.Name] == nil
			if isMissing && f.Name != "name" { // checked above
				problems[f.Name] = "This is needed."
			}
		}
	}
	return problems
}

// tryValues tests the values at the provider. It returns faults by the paths of fields. Results that belong to no field
// are added to a.Found, and to a.Problems if they are faults. Faults of the webhook are ignored, because it is set up
// only after the account was added.
func (p pages) tryValues(v *web.Visit, a *addPage, name string, given map[string][]string) (map[string]string, error) {
	found, err := p.desk.Try(v.Context(), a.kind, name, given)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		a.Problems = append(a.Problems, problem.Error())
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	faults := map[string]string{}
	for _, f := range found {
		if f.Field == channels.HookField {
			continue
		}

		if !f.OK && f.Field != "" {
			path := a.section + "." + f.Field
			faults[path] = strings.TrimSpace(faults[path] + " " + f.Text + " " + f.Hint)
			continue
		}

		a.Found = append(a.Found, f)
		if !f.OK {
			a.Problems = append(a.Problems, f.What+": "+f.Text)
		}
	}

	return faults, nil
}

// save adds the account and redirects to its page.
func (p pages) save(v *web.Visit, a *addPage, name string, given map[string][]string) error {
	change := setup.Change{Kind: setup.EntryAccount, Name: name, Channel: a.kind, Values: given}
	result, err := p.desk.Save(v.Context(), v.Person, change)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		a.Problems = append(a.Problems, refused.Others...)
		a.keepInput(v, refused.Fields)
		return v.ShowAgain("add", a.makeScreen())
	}

	if errors.Is(err, setup.ErrExists) {
		a.keepInput(v, map[string]string{"name": "There is one of that name already."})
		return v.ShowAgain("add", a.makeScreen())
	}
	if err != nil {
		return err
	}

	v.Remember(draftKey, "") // forget the secrets
	text := "The account was added. It is in watch mode. Now let " + a.provider + " call Parley."
	return v.GoWithText(Path(a.kind, name), result.About(name).Sentences(text))
}
