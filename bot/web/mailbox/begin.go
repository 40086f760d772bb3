package mailbox

import (
	"errors"
	"slices"

	"parley/bot/web"
)

// A mailbox is added on two pages. The first, in this file, asks for the address and looks up the servers. The second
// (servers.go) shows the servers. There an admin types a password, which is tested before anything is stored, or
// continues to the provider to sign in (add.go).

// showBegin shows the first page.
func (p pages) showBegin(v *web.Visit) error {
	form, err := p.beginForm(v, "")
	if err != nil {
		return err
	}
	return v.Show("begin", beginScreen(&form))
}

func beginScreen(form *web.Form) web.Screen {
	return web.Screen{
		Title: "Add a mailbox",
		Help: "Each mail that a customer writes to it becomes a thread. " +
			"It begins in watch mode: nothing leaves until you turn it live.",
		Data: form,
	}
}

// beginForm returns the form of the first page. team is the selected team; "" selects the first.
func (p pages) beginForm(v *web.Visit, team string) (web.Form, error) {
	names, err := p.desk.ListNames(v.Context())
	if err != nil {
		return web.Form{}, err
	}
	if team == "" && len(names.Teams) > 0 {
		team = names.Teams[0]
	}
	choices := web.Choose([]string{team}, append(slices.Clone(names.Teams), "")...)
	choices[len(choices)-1].Text = "none yet"

	fields := []web.Field{
		{
			Name:        fieldAddress,
			Label:       "E-mail address",
			Kind:        "email",
			Required:    true,
			Placeholder: "help@example.com",
			Help:        "The address customers write to. Parley looks up its servers.",
		},
		{
			Name:        fieldSender,
			Label:       "Sender name",
			Placeholder: "Example Support",
			Help:        "What customers see beside the address.",
		},
		{
			Name:    fieldTeam,
			Label:   "Team",
			Kind:    web.KindChoice,
			Choices: choices,
			Help:    "In whose channel its threads open.",
		},
	}
	return web.Form{
		Action: addPath,
		Submit: "Go on",
		Back:   accountsPath,
		Groups: []web.Group{{Fields: fields}},
	}, nil
}

// findServers looks up the servers of the submitted address and shows the second page.
func (p pages) findServers(v *web.Visit) error {
	found, err := p.desk.FindServers(v.Context(), v.Value(fieldAddress))
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return p.refuseAddress(v, problem)
	}
	if err != nil {
		return err
	}

	s := p.newServers(v, found.Provider)
	s.fill(found)
	return v.Show("servers", s.makeScreen())
}

// refuseAddress shows the first page again with a problem beside the address.
func (p pages) refuseAddress(v *web.Visit, problem *web.Problem) error {
	form, err := p.beginForm(v, v.Value(fieldTeam))
	if err != nil {
		return err
	}
	form.Keep(v, map[string]string{fieldAddress: problem.Error()})
	return v.ShowAgain("begin", beginScreen(&form))
}
