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

// A number is added on one page. It asks for the ids and tokens that the provider gave the company, and tests them at
// the provider before anything is stored. The new account begins in watch mode, in which nothing is sent to
// customers. Until it is stored, the browser's session keeps the secrets, encrypted, so that they needn't be typed
// again after an error.

// addPage is what the page shows: the guide of the kind of account, and the form.
type addPage struct {
	*guide

	Action   string
	Needs    []need
	Address  string // the address that the provider will call; "" if Parley has no public address
	IsPublic bool   // Address can be reached from the internet
	Groups   []web.Group
	Problems []string
	Found    []channels.Finding // what the test found that belongs to no field
	Page     string             // of the documentation
	Unsaved  bool               // see web.Form
}

// verifyField is the field with the word by which Meta recognises our webhook. If nobody types one, Parley makes one.
const verifyField = "verify_token"

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
			{Title: "At " + g.provider, Fields: fieldsOf(g.pickFields(all, g.ask), held)},
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
			{Title: "Only if you need it", Folded: true, Fields: foldedFields(g.pickFields(all, g.folded), held)},
		},
	}, nil
}

// foldedFields makes the fields that few need.
func foldedFields(fields []setup.Field, held map[string]string) []web.Field {
	list := fieldsOf(fields, held)
	for i := range list {
		if strings.HasSuffix(list[i].Name, "."+verifyField) {
			list[i].Required = false
			list[i].Help = "Empty: Parley makes one. Type one of your own only if you set the webhook by hand at Meta, where the same is asked for."
		}
	}
	return list
}

// isPublic reports whether an address can be one that is reached from the internet: by https, and not of this machine or a private
// network.
func isPublic(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	isName := err != nil
	return isName || !ip.IsLoopback() && !ip.IsPrivate()
}

// fieldsOf makes the fields of a form. held has the secrets that the session contains already, by path.
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

// freeName makes a name that no account has: whatsapp, whatsapp-2.
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

// keepInput puts what was sent, and what is wrong with it, into the page.
func (a *addPage) keepInput(v *web.Visit, problems map[string]string) {
	form := web.Form{Groups: a.Groups}
	form.Keep(v, problems)
	a.Unsaved = form.Unsaved
	for _, g := range a.Groups {
		for i := range g.Fields {
			if f := &g.Fields[i]; f.Kind == web.KindSecret && f.Stored { // the session holds it: it needn't be typed again
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

// hereTitle is the title of the group of fields that are about Parley, not about the provider.
const hereTitle = "Here"

// fieldsHere returns the fields that are about Parley.
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

// draftKey names what a session keeps of an account that is being added: its secrets, encrypted by Desk.Seal.
const draftKey = "number-draft"

// heldSecrets returns the secrets that the session keeps for an account of a kind, by path.
func (p pages) heldSecrets(v *web.Visit, g *guide) map[string]string {
	held := p.desk.Unseal(v.Recall(draftKey))
	if held["kind"] != g.kind {
		return nil
	}
	return held
}

// holdSecrets keeps the secrets among the given values in the session.
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

// collectValues returns what was sent, by the paths of fields, completed by the secrets that the session keeps. It
// leaves out the account's name, which is no value of the account.
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

// add tests what was typed and adds the account, if the provider agrees, or if the admin wants it nevertheless.
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
	if slices.Contains(g.folded, verifyField) && given[verifyPath] == nil {
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

// findMissing returns what is missing, by the names of fields.
func (a *addPage) findMissing(given map[string][]string, name string) map[string]string {
	problems := map[string]string{}
	if name == "" {
		problems["name"] = "This is needed."
	}
	for _, g := range a.Groups {
		for _, f := range g.Fields {
			isMissing := f.Required && given[f.Name] == nil
			if isMissing && f.Name != "name" { // given never has the name
				problems[f.Name] = "This is needed."
			}
		}
	}
	return problems
}

// tryValues asks the provider about the values. It returns what is wrong with them, by the paths of fields, and notes
// in a what else was found. It ignores faults of the webhook, which is set only after the account was added.
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

// save adds the account and leads to its page.
func (p pages) save(v *web.Visit, a *addPage, name string, given map[string][]string) error {
	result, err := p.desk.Save(v.Context(), v.Person, setup.Change{Kind: setup.EntryAccount, Name: name, Channel: a.kind, Values: given})
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

	v.Remember(draftKey, "")
	text := "The account was added. It is in watch mode. Now let " + a.provider + " call Parley."
	return v.GoWithText(Path(a.kind, name), result.About(name).Sentences(text))
}
