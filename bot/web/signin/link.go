package signin

import (
	"cmp"
	"errors"
	"net/http"

	"parley/bot/web"
)

// showLink shows a button instead of signing in at once: programs that open links in mails and chats must not use them up.
func (p pages) showLink(v *web.Visit) error {
	invited, err := p.desk.Invited(v.Context(), v.Request.PathValue("link"))
	if err != nil {
		return p.refuseLink(v, err)
	}
	return v.Show("link", p.makeScreen(v, invited))
}

func (p pages) makeScreen(v *web.Visit, invited Invited) web.Screen {
	form := web.Form{Action: v.Request.URL.Path, Submit: "Sign in as " + cmp.Or(invited.Name, invited.Email)}
	s := web.Screen{Title: "Welcome back", Help: "This link signs you in once, in this browser.", Data: &form}
	if invited.Email == "" {
		form.Submit = "Become the first admin"
		form.Groups = []web.Group{{Fields: []web.Field{
			{Name: "name", Label: "Your name", Help: "Colleagues and customers see it.", Required: true},
			{
				Name:     "email",
				Label:    "Your e-mail address",
				Help:     "The one by which Slack or Microsoft Teams knows you.",
				Kind:     "email",
				Required: true,
			},
		}}}
		s.Title, s.Help = "Welcome to Parley", "Nobody looks after this Parley yet. You become its first admin, and can add others."
	}
	return s
}

func (p pages) useLink(v *web.Visit) error {
	link := v.Request.PathValue("link")
	agent, err := p.desk.Use(v.Context(), link, v.Value("email"), v.Value("name"))
	if problems, ok := errors.AsType[Problems](err); ok {
		s := p.makeScreen(v, Invited{})
		s.Data.(*web.Form).Keep(v, problems) //nolint:forcetypeassert // makeScreen put it there
		return v.ShowAgain("link", s)
	}

	if err != nil {
		return p.refuseLink(v, err)
	}

	first := ""
	if v.Value("email") != "" { // the first admin begins with the first steps
		first = "/settings/first-steps"
	}

	return v.SignIn(agent, first)
}

func (p pages) refuseLink(v *web.Visit, err error) error {
	if !errors.Is(err, ErrNoLink) {
		return err
	}
	return v.Refuse(http.StatusNotFound, "This link does not work any more.",
		"It was used, or it is too old. "+
			"On the server, `parley admin-link --email ADDRESS` makes a new one; as long as nobody is an admin, without an address.")
}
