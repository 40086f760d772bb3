package mailbox

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// serversPage is the template data of the second page of adding a mailbox. The first page has asked for its address (see
// begin.go). This one has a form with both servers, filled in with what was looked up. If the provider supports OAuth,
// it also has a button to sign in there instead.
type serversPage struct {
	Action, ProviderAction string // URLs of the two forms
	Address                string
	From, Hint             string      // see Found
	Provider               string      // the provider that supports OAuth; "" if there is none
	Registered             bool        // Parley has an OAuth client at the provider
	Kept                   []web.Field // hidden fields: the values of the first page
	IMAP, SMTP             []web.Field
	Reading, Sending       []Finding // the results of a test
	Problems               []string
	Back                   string
	Unsaved                bool // see web.Form
}

// newServers returns the page with empty servers.
func (p pages) newServers(v *web.Visit, provider string) *serversPage {
	s := &serversPage{
		Action:         addPath + "/servers",
		ProviderAction: addPath + "/provider",
		Address:        v.Value(fieldAddress),
		Back:           addPath,
		Provider:       provider,
		Registered:     provider != "" && p.desk.IsRegistered(provider),
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

// serverFields returns the fields of one server. key is "imap" or "smtp", as in the fields' paths.
func serverFields(key, title, port string) []web.Field {
	name := "email." + key + "."
	return []web.Field{
		{
			Name:        name + "host",
			Label:       title + " server",
			Required:    true,
			Placeholder: key + ".example.com",
		},
		{
			Name:     name + "port",
			Label:    title + " port",
			Value:    port,
			Kind:     "number",
			Required: true,
		},
		{
			Name:    name + "security",
			Label:   title + " protection",
			Kind:    web.KindChoice,
			Choices: protectionChoices(""),
			Help: "TLS on ports 993 and 465, STARTTLS on 143 and 587. " +
				"Without any the password is readable on its way: only inside your own network.",
		},
		{
			Name:  name + "username",
			Label: title + " user name",
		},
		{
			Name:     name + "password",
			Label:    title + " password",
			Kind:     web.KindSecret,
			Required: key == "imap",
			Help:     "With two-step sign-in: an app password. It is kept encrypted and never shown.",
		},
	}
}

// protectionChoices returns the ways to protect a connection. "" means the default of the port.
func protectionChoices(chosen string) []web.Choice {
	list := web.Choose([]string{chosen}, "", "tls", "starttls", "none")
	for i, text := range []string{"as usual for the port", "TLS", "STARTTLS", "none"} {
		list[i].Text = text
	}
	return list
}

// fill fills in the servers that were found.
func (s *serversPage) fill(found Found) {
	s.From = found.From
	s.Hint = found.Hint
	fillServer(s.IMAP, found.IMAP, s.Address)
	fillServer(s.SMTP, found.SMTP, s.Address)
}

// fillServer fills in the fields of one server. For an unknown server it only proposes the address as user name.
func fillServer(fields []web.Field, server Server, address string) {
	if server.Host == "" {
		server = Server{Username: address}
	}
	for i := range fields {
		f := &fields[i]
		key := f.Name[strings.LastIndex(f.Name, ".")+1:] // "email.imap.host" has the key host
		switch key {
		case "host":
			f.Value = server.Host
		case "port":
			f.Value = cmp.Or(server.Port, f.Value)
		case "security":
			f.Choices = protectionChoices(server.Security)
		case "username":
			f.Value = server.Username
		}
	}
}

func (s *serversPage) makeScreen() web.Screen {
	return web.Screen{
		Title: "Add " + s.Address,
		Help: "Check the servers, or sign in. IMAP reads mail, SMTP sends it; " +
			"both are tested before anything is kept.",
		Data: s,
	}
}

// showAgain shows the page with the submitted values. problems has what is wrong with them, by the names of fields;
// problems of other names are shown above the form.
func (s *serversPage) showAgain(v *web.Visit, problems map[string]string) error {
	form := web.Form{Groups: []web.Group{{Fields: s.IMAP}, {Fields: s.SMTP}}}
	form.Keep(v, problems)
	s.Unsaved = form.Unsaved

	for name, text := range problems {
		isShown := func(f web.Field) bool { return f.Name == name }
		if !slices.ContainsFunc(s.IMAP, isShown) && !slices.ContainsFunc(s.SMTP, isShown) {
			s.Problems = append(s.Problems, text)
		}
	}
	slices.Sort(s.Problems)

	return v.ShowAgain("servers", s.makeScreen())
}

// showFailure shows the page again if err is a problem with the submitted values. It returns other errors unchanged.
func (s *serversPage) showFailure(v *web.Visit, err error) error {
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		s.Problems = append(s.Problems, refused.Others...)
		return s.showAgain(v, refused.Fields)
	}
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		const noField = "" // shown above the form
		return s.showAgain(v, map[string]string{noField: problem.Error()})
	}
	return err
}

// missingValues returns a problem for each required field without a value.
func (s *serversPage) missingValues(given map[string][]string) map[string]string {
	problems := map[string]string{}
	for _, f := range slices.Concat(s.IMAP, s.SMTP) {
		if f.Required && given[f.Name] == nil {
			problems[f.Name] = "This is needed."
		}
	}
	return problems
}
