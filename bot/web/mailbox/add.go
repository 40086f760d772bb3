package mailbox

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// A mailbox is added on two pages: the first asks for its address, the second shows the servers that were found.
// There an admin types a password, which is tested before anything is stored, or goes on to the provider to sign in.

// Paths of the fields of a mailbox.
const (
	fieldAddress = "email.address"
	fieldSender  = "email.sender_name"
	fieldTeam    = "team"
	fieldName    = "name"
	fieldOAuth   = "email.oauth"
)

// showBegin shows the form that asks for the address.
func (p pages) showBegin(v *web.Visit) error {
	form, err := p.beginForm(v, "")
	if err != nil {
		return err
	}
	return v.Show("begin", beginScreen(&form))
}

func beginScreen(form *web.Form) web.Screen {
	return web.Screen{Title: "Add a mailbox", Data: form,
		Help: "Each mail that a customer writes to it becomes a thread. It begins in watch mode: nothing leaves until you turn it live."}
}

func (p pages) beginForm(v *web.Visit, team string) (web.Form, error) {
	_, teams, err := p.desk.Names(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	if team == "" && len(teams) > 0 {
		team = teams[0]
	}

	choices := web.Choose([]string{team}, append(slices.Clone(teams), "")...)
	choices[len(choices)-1].Text = "none yet"
	return web.Form{Action: addPath, Submit: "Go on", Back: accountsPath, Groups: []web.Group{{Fields: []web.Field{
		{Name: fieldAddress, Label: "E-mail address", Kind: "email", Required: true, Placeholder: "help@example.com",
			Help: "The address customers write to. Parley looks up its servers."},
		{Name: fieldSender, Label: "Sender name", Placeholder: "Example Support", Help: "What customers see beside the address."},
		{Name: fieldTeam, Label: "Team", Kind: web.KindChoice, Choices: choices, Help: "In whose channel its threads open."},
	}}}}, nil
}

// findServers looks up the servers of the address, and shows the form with them.
func (p pages) findServers(v *web.Visit) error {
	found, err := p.desk.Find(v.Context(), v.Value(fieldAddress))
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		form, err := p.beginForm(v, v.Value(fieldTeam))
		if err != nil {
			return err
		}

		form.Keep(v, map[string]string{fieldAddress: problem.Error()})
		return v.ShowAgain("begin", beginScreen(&form))
	}

	if err != nil {
		return err
	}

	s := p.newServers(v, found.Provider)
	s.From, s.Hint = found.From, found.Hint
	s.fill(found)
	return v.Show("servers", s.makeScreen())
}

// serversPage is the page on which the servers of a new mailbox are filled in.
type serversPage struct {
	Action, ProviderAction string
	Address                string
	From, Hint             string
	Provider               string      // at which a person can sign in; "" if there is none
	Registered             bool        // Parley is registered with the provider
	Kept                   []web.Field // the values of the form before
	Mailbox, IMAP, SMTP    []web.Field
	Reading, Sending       []Finding // what a test found
	Problems               []string
	Back                   string
	Unsaved                bool // see web.Form
}

func (p pages) newServers(v *web.Visit, provider string) *serversPage {
	s := &serversPage{
		Action:         addPath + "/servers",
		ProviderAction: addPath + "/provider",
		Address:        v.Value(fieldAddress),
		Back:           addPath,
		Provider:       provider,
		Registered:     provider != "" && p.desk.Registered(provider),
		IMAP:           serverFields("imap", "IMAP", "993"),
		SMTP:           serverFields("smtp", "SMTP", "587"),
	}
	for _, name := range []string{fieldAddress, fieldSender, fieldTeam} {
		s.Kept = append(s.Kept, web.Field{Name: name, Value: v.Value(name)})
	}

	for i := range s.SMTP {
		f := &s.SMTP[i]
		switch f.Name {
		case "email.smtp.host":
			f.Help = "Empty: as for IMAP."
			f.Required = false
			f.Placeholder = ""
		case "email.smtp.username", "email.smtp.password":
			f.Help = "Empty: as for IMAP."
		}
	}

	return s
}

// serverFields makes the fields of one server. key is imap or smtp, as in the fields' paths.
func serverFields(key, title, port string) []web.Field {
	name := "email." + key + "."
	return []web.Field{
		{Name: name + "host", Label: title + " server", Required: true, Placeholder: key + ".example.com"},
		{Name: name + "port", Label: title + " port", Value: port, Kind: "number", Required: true},
		{Name: name + "security", Label: title + " protection", Kind: web.KindChoice, Choices: protectionChoices(""),
			Help: "TLS on ports 993 and 465, STARTTLS on 143 and 587. Without any the password is readable on its way: only inside your own network."},
		{Name: name + "username", Label: title + " user name"},
		{Name: name + "password", Label: title + " password", Kind: web.KindSecret, Required: key == "imap",
			Help: "With two-step sign-in: an app password. It is kept encrypted and never shown."},
	}
}

// protectionChoices lists the ways to protect a connection; "" means the usual one for the port.
func protectionChoices(chosen string) []web.Choice {
	list := web.Choose([]string{chosen}, "", "tls", "starttls", "none")
	for i, text := range []string{"as usual for the port", "TLS", "STARTTLS", "none"} {
		list[i].Text = text
	}
	return list
}

// completeServers fills in what an admin left empty: the server for sending is that for reading. If an admin wants the server
// to be read without protection, mail is sent to the same server without it, too. Otherwise the usual protection of the
// port counts.
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

// fill fills in what was found.
func (s *serversPage) fill(found Found) {
	fillServer(s.IMAP, found.IMAP, s.Address)
	fillServer(s.SMTP, found.SMTP, s.Address)
}

// fillServer fills in the fields of one server. If the server isn't known, the address is the proposed user name.
func fillServer(fields []web.Field, server Server, address string) {
	for i := range fields {
		f := &fields[i]
		_, key, _ := strings.Cut(strings.TrimPrefix(f.Name, "email."), ".")
		if server.Host == "" {
			if key == "username" {
				f.Value = address
			}
			continue
		}

		switch key {
		case "host":
			f.Value = server.Host
		case "port":
			f.Value = server.Port
		case "security":
			f.Choices = protectionChoices(server.Security)
		case "username":
			f.Value = server.Username
		}
	}
}

func (s *serversPage) makeScreen() web.Screen {
	return web.Screen{Title: "Add " + s.Address, Help: "Check the servers, or sign in. IMAP reads mail, SMTP sends it; both are tested before anything is kept.", Data: s}
}

// keepInput puts what was sent, and what is wrong with it, into the page.
func (s *serversPage) keepInput(v *web.Visit, problems map[string]string) {
	form := web.Form{Groups: []web.Group{{Fields: s.IMAP}, {Fields: s.SMTP}}}
	form.Keep(v, problems)
	s.Unsaved = form.Unsaved
	for name, text := range problems {
		hasName := func(f web.Field) bool { return f.Name == name }
		if !slices.ContainsFunc(s.IMAP, hasName) && !slices.ContainsFunc(s.SMTP, hasName) {
			s.Problems = append(s.Problems, text)
		}
	}
	slices.Sort(s.Problems)
}

// showRefused shows the page again, with what is wrong beside the fields.
func (s *serversPage) showRefused(v *web.Visit, refused *setup.Refused) error {
	s.Problems = append(s.Problems, refused.Others...)
	s.keepInput(v, refused.Fields)
	return v.ShowAgain("servers", s.makeScreen())
}

// givenValues returns what was sent about a new mailbox, which begins in watch mode.
func givenValues(v *web.Visit, fields []web.Field) map[string][]string {
	list := map[string][]string{"mode": {"watch"}}
	for _, f := range fields {
		value := v.Value(f.Name)
		if f.Kind == web.KindSecret {
			value = v.Request.PostFormValue(f.Name) // spaces may belong to it
		}
		if value != "" {
			list[f.Name] = []string{value}
		}
	}
	return list
}

// addTested tests both servers and adds the mailbox, if both let Parley in, or if the admin wants it nevertheless.
func (p pages) addTested(v *web.Visit) error {
	s := p.newServers(v, "")
	s.From = v.Value("from")
	given := givenValues(v, slices.Concat(s.Kept, s.IMAP, s.SMTP))
	problems := map[string]string{}
	for _, f := range slices.Concat(s.IMAP, s.SMTP) {
		if f.Required && given[f.Name] == nil {
			problems[f.Name] = "This is needed."
		}
	}

	completeServers(given)

	if len(problems) > 0 {
		s.keepInput(v, problems)
		return v.ShowAgain("servers", s.makeScreen())
	}

	if v.Value("untested") == "" {
		found, err := p.desk.Try(v.Context(), given)
		if refused, ok := errors.AsType[*setup.Refused](err); ok {
			return s.showRefused(v, refused)
		}
		if problem, ok := errors.AsType[*web.Problem](err); ok {
			s.keepInput(v, map[string]string{"": problem.Error()})
			return v.ShowAgain("servers", s.makeScreen())
		}
		if err != nil {
			return err
		}

		s.Reading, s.Sending = splitFindings(found)
		if !areAllOK(found) || v.Value("only_test") != "" {
			s.keepInput(v, nil)
			return v.ShowAgain("servers", s.makeScreen())
		}
	}

	return p.save(v, s, given)
}

// save adds the mailbox and leads to its page; after the first mailbox, back to the first steps.
func (p pages) save(v *web.Visit, s *serversPage, given map[string][]string) error {
	before, err := p.desk.Accounts(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}
	return p.addMailbox(v, s, given, func(name string, result setup.Result) error {
		next := pathOf(name)
		if len(before) == 0 {
			next = "/settings/first-steps"
		}
		return v.GoWithText(next, result.Sentences("The mailbox was added. It is in watch mode."))
	})
}

// addMailbox adds the mailbox, and then calls do with the name of its account and what is to be known of it. If something is wrong
// with what was typed, it shows the page again.
func (p pages) addMailbox(v *web.Visit, s *serversPage, given map[string][]string, do func(name string, result setup.Result) error) error {
	name, err := p.freeName(v, s.Address)
	if err != nil {
		return err
	}

	result, err := p.desk.Save(v.Context(), v.Person, setup.Change{Kind: setup.EntryAccount, Name: name, Channel: "email", Values: given})
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		return s.showRefused(v, refused)
	}

	if errors.Is(err, setup.ErrExists) { // somebody took the name after freeName had found it free
		s.Problems = append(s.Problems, "Somebody added a mailbox called "+name+" just now. Look at the list of accounts whether it is this one; if it isn't, send this again.")
		s.keepInput(v, nil)
		return v.ShowAgain("servers", s.makeScreen())
	}

	if err != nil {
		return err
	}

	return do(name, result.About(name))
}

// addAtProvider adds a mailbox to which a person signs in at its provider, and shows the link to the provider.
func (p pages) addAtProvider(v *web.Visit) error {
	provider := v.Value("provider")
	s := p.newServers(v, provider)
	given := givenValues(v, s.Kept)
	given[fieldOAuth] = []string{provider}
	accounts, err := p.desk.Accounts(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	for _, a := range accounts {
		isSame := strings.EqualFold(a.Address, s.Address) && a.Provider == provider
		if isSame && !a.Connected { // somebody began before, and did not come back from the provider
			return p.showProviderLink(v, a)
		}
	}

	return p.addMailbox(v, s, given, func(name string, _ setup.Result) error {
		return p.showProviderLink(v, Account{Name: name, Address: s.Address, Provider: provider, Person: s.Address})
	})
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// freeName makes the name of an account from its address: help@acme.test becomes help, or help-acme-test if there is
// one of that name, or help-acme-test-2.
func (p pages) freeName(v *web.Visit, address string) (string, error) {
	taken, _, err := p.desk.Names(v.Context())
	if err != nil {
		return "", err
	}

	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	clean := func(s string) string { return strings.Trim(notInNames.ReplaceAllString(s, "-"), "-") }
	base := clean(local + "-" + domain)
	taken = append(taken, "slack", "teams", "parley")
	isFree := func(name string) bool {
		return !slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, name) })
	}

	if len(base) > maxNameLength-len("-123") || base == "" {
		base = "mailbox"
	}

	name := clean(local)
	for n := 1; ; n++ {
		isName := name != "" && len(name) <= maxNameLength
		if isName && isFree(name) {
			return name, nil
		}

		name = base
		if n > 1 {
			name = base + "-" + strconv.Itoa(n)
		}
	}
}

// maxNameLength is the length of the longest name of an account.
const maxNameLength = 63

// splitFindings splits what was found into what is about reading and what is about sending.
func splitFindings(found []Finding) (reading, sending []Finding) {
	for _, f := range found {
		if strings.HasPrefix(f.What, "SMTP") {
			sending = append(sending, f)
		} else {
			reading = append(reading, f)
		}
	}
	return reading, sending
}

// areAllOK reports whether a test found nothing wrong.
func areAllOK(found []Finding) bool {
	return !slices.ContainsFunc(found, func(f Finding) bool { return !f.OK })
}
