package openid

import (
	"cmp"
	"errors"
	"net/http"

	"parley/bot/web"
)

// Sign-in links work once. `parley admin-link` makes them, for an agent or, in a new installation, for the first admin.

// showLink shows a page with a button. It does not sign in at once, because mail and chat programs fetch links for
// previews, which would use them up.
func (p pages) showLink(v *web.Visit) error {
	invited, err := p.desk.Invited(v.Context(), v.Request.PathValue("link"))
	if err != nil {
		return p.refuseLink(v, err)
	}
	return v.Show("link", p.makeScreen(v, invited))
}

// makeScreen returns the page of a link: a button or, for the first admin, a form.
func (p pages) makeScreen(v *web.Visit, invited Invited) web.Screen {
	if invited.Email == "" {
		return web.Screen{
			Title: "Welcome to Parley",
			Help:  "Nobody looks after this Parley yet. You become its first admin, and can add others.",
			Data:  firstAdminForm(v),
		}
	}
	return web.Screen{
		Title: "Welcome back",
		Help:  "This link signs you in once, in this browser.",
		Data:  &web.Form{Action: v.Request.URL.Path, Submit: "Sign in as " + cmp.Or(invited.Name, invited.Email)},
	}
}

// firstAdminForm returns the form that asks for the name and the address of the first admin.
func firstAdminForm(v *web.Visit) *web.Form {
	return &web.Form{
		Action: v.Request.URL.Path,
		Submit: "Become the first admin",
		Groups: []web.Group{{Fields: []web.Field{
			{Name: "name", Label: "Your name", Help: "Colleagues and customers see it.", Required: true},
			{
				Name:     "email",
				Label:    "Your e-mail address",
				Help:     "The one by which Slack or Microsoft Teams knows you.",
				Kind:     "email",
				Required: true,
			},
		}}},
	}
}

// useLink signs in with a link.
func (p pages) useLink(v *web.Visit) error {
	link := v.Request.PathValue("link")
	invited, err := p.desk.Invited(v.Context(), link)
	if err != nil {
		return p.refuseLink(v, err)
	}
	agent, err := p.desk.Use(v.Context(), link, v.Value("email"), v.Value("name"))
	if problems, ok := errors.AsType[Problems](err); ok { // only the first admin's form has fields
		s := p.makeScreen(v, Invited{})
		s.Data.(*web.Form).Keep(v, problems) //nolint:forcetypeassert // see makeScreen
		return v.ShowAgain("link", s)
	}
	if err != nil {
		return p.refuseLink(v, err)
	}

	startPage := "" // the default
	if isFirstAdmin := invited.Email == ""; isFirstAdmin {
		startPage = "/settings/first-steps"
	}
	return v.SignIn(agent, startPage)
}

// refuseLink responds to ErrNoLink with status 404. It returns other errors unchanged.
func (p pages) refuseLink(v *web.Visit, err error) error {
	if !errors.Is(err, ErrNoLink) {
		return err
	}
	return v.Refuse(http.StatusNotFound, "This link does not work any more.",
		"It was used, or it is too old. On the server, `parley admin-link --email ADDRESS` makes a new one; "+
			"as long as nobody is an admin, without an address.")
}
