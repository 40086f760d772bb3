package settings

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// A mailbox is added by its address and password. Parley looks up its servers, signs in to them, and stores the mailbox if
// that succeeds; otherwise a second page has the servers to put right. At Google and Microsoft a person may sign in there
// instead. A new mailbox begins in watch mode, in which nothing is sent to customers.

const (
	addMailboxPath = "/settings/add-mailbox"

	// Names of the form's fields, which are also their paths in parley.yaml.
	fieldAddress  = "email.address"
	fieldSender   = "email.sender_name"
	fieldPassword = "email.imap.password"
	fieldTeam     = "team"
	fieldOAuth    = "email.oauth"
)

// FoundServers has the probable servers of a mailbox, looked up by its address and not yet tested.
type FoundServers struct {
	From     string // the source of the result; "" if nothing was found
	Hint     string // advice for the admin
	Provider string // "google" or "microsoft" if OAuth is possible; otherwise ""

	IMAP, SMTP Server
}

// Server is one server of a mailbox.
type Server struct{ Host, Port, Security, Username string }

func (p pages) mailboxRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + addMailboxPath, For: web.Admins, Do: p.newMailbox},
		{Pattern: "POST " + addMailboxPath, For: web.Admins, Do: p.findServers},
		{Pattern: "POST " + addMailboxPath + "/servers", For: web.Admins, Do: p.addTested},
		{Pattern: "POST " + addMailboxPath + "/provider", For: web.Admins, Do: p.addAtProvider},
	}
}

// mailboxForm returns the form of the first page, and of the first steps.
func mailboxForm(teams []string) web.Form {
	return web.Form{Action: addMailboxPath, Submit: "Add the mailbox", Groups: []web.Group{
		{Fields: []web.Field{
			{
				Name: fieldAddress, Label: "E-mail address", Kind: "email", Required: true, Placeholder: "help@example.com",
				Help: "The address customers write to. Parley looks up its servers.",
			},
			{Name: fieldPassword, Label: "Password", Kind: web.KindSecret, Help: "Empty, if you sign in at Google or Microsoft. " +
				"With two-step sign-in: an app password. It is kept encrypted and never shown."},
		}},
		{Title: "Name and team", Folded: true, Fields: []web.Field{
			{Name: fieldSender, Label: "Sender name", Placeholder: "Example Support", Help: "What customers see beside the address."},
			teamField(teams),
		}},
	}}
}

// teamField returns the choice of a new account's team: the first, unless another is chosen.
func teamField(teams []string) web.Field {
	choices := append(web.Choose(nil, teams...), web.Choice{Text: "none yet"})
	choices[0].Chosen = true
	return web.Field{Name: fieldTeam, Label: "Team", Kind: web.KindChoice, Choices: choices, Help: "In whose channel its threads open."}
}

func mailboxScreen(form *web.Form) web.Screen {
	return web.Screen{Title: "Add a mailbox", Data: form, Help: "Each mail that a customer writes to it becomes a thread. " +
		"It begins in watch mode: nothing leaves until you turn it live."}
}

func (p pages) newMailbox(v *web.Visit) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	form := mailboxForm(namesOf(all, setup.EntryTeam))
	form.Back = accountsPath
	return v.Show("new", mailboxScreen(&form))
}

// findServers looks up the servers of the submitted address. With a password it adds the mailbox if they take it. Otherwise
// it shows the second page.
func (p pages) findServers(v *web.Visit) error {
	found, err := p.desk.FindServers(v.Context(), v.Value(fieldAddress))
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		all, err := p.desk.Entries(v.Context())
		if err != nil {
			return err
		}
		form := mailboxForm(namesOf(all, setup.EntryTeam))
		form.Keep(v, map[string]string{fieldAddress: problem.Error()})
		form.Back = accountsPath
		return v.ShowAgain("new", mailboxScreen(&form))
	}
	if err != nil {
		return err
	}

	s := p.newServers(v, found)
	if v.Value(fieldPassword) == "" || found.IMAP.Host == "" {
		return v.Show("servers", s.makeScreen())
	}
	for _, f := range s.Form.Fields() {
		if !v.Request.PostForm.Has(f.Name) {
			v.Request.PostForm.Set(f.Name, f.Value)
		}
	}
	return p.tryMailbox(v, s)
}

// serversPage is the template data of the second page. It has a form with both servers, filled in with what was looked up.
type serversPage struct {
	Form           web.Form
	ProviderAction string // the URL of the form that leads to the provider
	Address        string
	From, Hint     string             // see FoundServers
	Provider       string             // the provider that supports OAuth; "" if there is none
	Registered     bool               // Parley has an OAuth client at the provider
	Found          []channels.Finding // the results of a test
}

// newServers returns the second page.
func (p pages) newServers(v *web.Visit, found FoundServers) *serversPage {
	s := &serversPage{
		ProviderAction: addMailboxPath + "/provider",
		Address:        v.Value(fieldAddress),
		From:           found.From,
		Hint:           found.Hint,
		Provider:       found.Provider,
		Registered:     found.Provider != "" && p.desk.IsRegistered(found.Provider),
	}
	s.Form = web.Form{Action: addMailboxPath + "/servers", Submit: "Test and add", Back: addMailboxPath, Groups: []web.Group{
		{Title: "Reading mail (IMAP)", Fields: serverFields("imap", "IMAP", "993", found.IMAP, s.Address)},
		{Title: "Sending mail (SMTP)", Fields: serverFields("smtp", "SMTP", "587", found.SMTP, s.Address)},
	}}
	for _, name := range []string{fieldAddress, fieldSender, fieldTeam, "from"} {
		value := v.Value(name)
		if name == "from" {
			value = cmp.Or(found.From, value)
		}
		s.Form.Hidden = append(s.Form.Hidden, web.Field{Name: name, Value: value})
	}
	return s
}

// serverFields returns the fields of one server. key is "imap" or "smtp", as in the fields' paths. For an unknown server it
// proposes only the address as user name.
func serverFields(key, title, port string, server Server, address string) []web.Field {
	const asForIMAP = "Empty: as for IMAP."
	name, isIMAP := "email."+key+".", key == "imap"
	if server.Host == "" {
		server = Server{Username: address}
	}
	security := web.Field{Name: name + "security", Label: title + " protection", Kind: web.KindChoice, Value: server.Security,
		Choices: web.Choose([]string{server.Security}, "", "tls", "starttls", "none"),
		Help: "TLS on ports 993 and 465, STARTTLS on 143 and 587. " +
			"Without any the password is readable on its way: only inside your own network."}
	for i, text := range []string{"as usual for the port", "TLS", "STARTTLS", "none"} {
		security.Choices[i].Text = text
	}
	fields := []web.Field{
		{Name: name + "host", Label: title + " server", Value: server.Host, Required: isIMAP, Placeholder: key + ".example.com"},
		{Name: name + "port", Label: title + " port", Value: cmp.Or(server.Port, port), Kind: "number", Required: true},
		security,
		{Name: name + "username", Label: title + " user name", Value: server.Username},
		{Name: name + "password", Label: title + " password", Kind: web.KindSecret, Required: isIMAP,
			Help: "With two-step sign-in: an app password. It is kept encrypted and never shown."},
	}
	if !isIMAP {
		fields[0].Placeholder, fields[0].Help, fields[3].Help, fields[4].Help = "", asForIMAP, asForIMAP, asForIMAP
	}
	return fields
}

func (s *serversPage) makeScreen() web.Screen {
	help := "IMAP reads mail, SMTP sends it; both are tested before anything is kept."
	if s.Registered {
		help = "Sign in, or give its servers and password. " + help
	}
	return web.Screen{Title: "Add " + s.Address, Help: help, Data: s}
}

// showAgain shows the page with the submitted values. problems has what is wrong with them, by the names of fields; problems
// of other names are shown above the form.
func (s *serversPage) showAgain(v *web.Visit, problems map[string]string) error {
	s.Form.Keep(v, problems)
	return v.ShowAgain("servers", s.makeScreen())
}

// addTested handles the second page's form.
func (p pages) addTested(v *web.Visit) error {
	return p.tryMailbox(v, p.newServers(v, FoundServers{From: v.Value("from")}))
}

// tryMailbox signs in to both servers and adds the mailbox if that succeeds. With the parameter "untested" it skips the test.
func (p pages) tryMailbox(v *web.Visit, s *serversPage) error {
	given := givenValues(v, s.Form.Fields())
	if missing := missingValues(s.Form, given); len(missing) > 0 {
		return s.showAgain(v, missing)
	}
	completeServers(given)

	if v.Value("untested") == "" {
		found, err := p.desk.TestValues(v.Context(), "email", "new", given)
		if err != nil {
			return s.showFailure(v, err)
		}
		var problems map[string]string
		problems, s.Found = faultsOf(found, "email")
		if !areAllOK(found) {
			s.Form.Second = "Add it without a test"
			return s.showAgain(v, problems)
		}
	}
	return p.addAndLeave(v, s, given)
}

// faultsOf divides findings into what is wrong with the fields of a section, by their paths, and the others.
func faultsOf(found []channels.Finding, section string) (faults map[string]string, others []channels.Finding) {
	faults = map[string]string{}
	for _, f := range found {
		if f.OK || f.Field == "" {
			others = append(others, f)
			continue
		}
		path := section + "." + f.Field
		faults[path] = strings.TrimSpace(faults[path] + " " + f.Text + " " + f.Hint)
	}
	return faults, others
}

// addAndLeave adds the mailbox and redirects to its page or, if it is the first mailbox, back to the first steps.
func (p pages) addAndLeave(v *web.Visit, s *serversPage, given map[string][]string) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	name, result, err := p.storeMailbox(v, all, s.Address, given)
	if err != nil {
		return s.showFailure(v, err)
	}
	next := accountPath(name)
	isFirst := !slices.ContainsFunc(all, func(e setup.Entry) bool { return e.Kind == setup.EntryAccount && e.Channel == "email" })
	if isFirst {
		next = startPath
	}
	return v.GoWithText(next, result.Sentences("The mailbox was added. It is in watch mode."))
}

// addAtProvider adds a mailbox with OAuth and leads to its provider. Until somebody has consented there, it is paused.
func (p pages) addAtProvider(v *web.Visit) error {
	provider := v.Value("provider")
	s := p.newServers(v, FoundServers{Provider: provider})
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	states, err := p.desk.States(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	for _, e := range ofKind(all, setup.EntryAccount) { // an earlier attempt that was not finished at the provider
		isSame := strings.EqualFold(e.Value(fieldAddress), s.Address) && e.Value(fieldOAuth) == provider
		if isSame && !states[e.Name].Consent.Valid {
			return p.goToProvider(v, &e, states[e.Name])
		}
	}

	given := givenValues(v, nil)
	for _, f := range s.Form.Hidden[:3] {
		if f.Value != "" {
			given[f.Name] = []string{f.Value}
		}
	}
	given[fieldOAuth], given["paused"] = []string{provider}, []string{"true"}
	name, _, err := p.storeMailbox(v, all, s.Address, given)
	if err != nil {
		return s.showFailure(v, err)
	}
	e, err := p.findEntry(v.Context(), setup.EntryAccount, name)
	if err != nil || e == nil {
		return err
	}
	return p.goToProvider(v, e, State{})
}

// storeMailbox stores a mailbox. It returns a *web.Problem if somebody adds one with the same name at the same moment, and
// the errors of setup.Save.
func (p pages) storeMailbox(
	v *web.Visit, all []setup.Entry, address string, given map[string][]string,
) (name string, result setup.Result, err error) {
	name = mailboxName(address, namesOf(all, setup.EntryAccount))
	change := setup.Change{Kind: setup.EntryAccount, Name: name, Channel: "email", Values: given}
	result, err = p.desk.Save(v.Context(), v.Person, change)
	if errors.Is(err, setup.ErrExists) { // added after all was read
		err = &web.Problem{
			Text: "Somebody added a mailbox called " + name + " just now.",
			Hint: "Look at the list of accounts whether it is this one; if it isn't, send this again.",
		}
	}
	return name, result.About(name), err
}

// showFailure shows the page again if err is a problem with the submitted values. It returns other errors unchanged.
func (s *serversPage) showFailure(v *web.Visit, err error) error {
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		s.Form.Problems = append(s.Form.Problems, refused.Others...)
		return s.showAgain(v, refused.Fields)
	}
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		const noField = "" // shown above the form
		return s.showAgain(v, map[string]string{noField: problem.Error()})
	}
	return err
}

// givenValues returns the submitted values of a new account by path, without empty ones and its name. It begins in watch mode.
func givenValues(v *web.Visit, fields []web.Field) map[string][]string {
	given := map[string][]string{"mode": {"watch"}}
	for _, f := range fields {
		value := v.Value(f.Name)
		if f.Kind == web.KindSecret {
			value = v.Request.PostFormValue(f.Name) // untrimmed: spaces may be part of a password
		}
		if value != "" && f.Name != "name" && f.Name != "from" {
			given[f.Name] = []string{value}
		}
	}
	return given
}

// missingValues returns a problem for each required field without a value.
func missingValues(form web.Form, given map[string][]string) map[string]string {
	problems := map[string]string{}
	for _, f := range form.Fields() {
		if f.Required && given[f.Name] == nil && f.Name != "name" {
			problems[f.Name] = "This is needed."
		}
	}
	return problems
}

// completeServers fills in the SMTP server if it is empty: it defaults to the IMAP server. If the IMAP connection to
// the same server is explicitly unprotected, the SMTP connection is, too, unless its port implies a protection.
func completeServers(given map[string][]string) {
	value := func(name string) string { return strings.Join(given["email."+name], "") }
	if value("smtp.host") == "" && value("imap.host") != "" {
		given["email.smtp.host"] = given["email.imap.host"]
	}
	if value("smtp.security") != "" || value("imap.security") != "none" {
		return
	}
	hasUsualPort := value("smtp.port") == "465" || value("smtp.port") == "587"
	if !hasUsualPort && strings.EqualFold(value("smtp.host"), value("imap.host")) {
		given["email.smtp.security"] = given["email.imap.security"]
	}
}

// maxNameLength is the maximum length of an account's name.
const maxNameLength = 63

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// mailboxName derives an account's name from its address: help@acme.test becomes help. If that is taken, it becomes
// help-acme-test, then help-acme-test-2 and so on. taken are the names of all accounts.
func mailboxName(address string, taken []string) string {
	isFree := func(name string) bool {
		isTaken := func(t string) bool { return strings.EqualFold(t, name) }
		return !slices.ContainsFunc(taken, isTaken) && !slices.Contains([]string{"slack", "teams", "parley"}, name)
	}

	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	short, long := cleanName(local), cleanName(local+"-"+domain)
	isName := short != "" && len(short) <= maxNameLength
	if isName && isFree(short) {
		return short
	}

	if long == "" || len(long) > maxNameLength-len("-123") {
		long = "mailbox"
	}
	return freeName(long, taken)
}

// cleanName replaces characters that names can't have by "-".
func cleanName(s string) string { return strings.Trim(notInNames.ReplaceAllString(s, "-"), "-") }

// areAllOK reports whether a test found no problem.
func areAllOK(found []channels.Finding) bool {
	return !slices.ContainsFunc(found, func(f channels.Finding) bool { return !f.OK })
}
