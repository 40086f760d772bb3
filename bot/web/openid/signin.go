package openid

import (
	"context"

	"errors"

	"parley/bot/web"
	"parley/bridge"
)

// Invited is the person whom a sign-in link is for.
type Invited struct {
	Name  string
	Email string // "" if the link is for the first admin, who isn't known yet
}

// ErrNoLink means that a link is unknown, used or expired.
var ErrNoLink = errors.New("signin: the link is not valid")

// Problems is an error about submitted values, by the names of fields.
type Problems map[string]string

// Error implements error.
func (Problems) Error() string { return "signin: refused" }

// SigninDesk is the backend of these pages.
type SigninDesk interface {
	// HasAdmin reports whether somebody is an admin already.
	HasAdmin(ctx context.Context) (bool, error)

	// Invited returns the person whom a link is for, without using up the link. It returns ErrNoLink.
	Invited(ctx context.Context, link string) (Invited, error)

	// Use uses up a link and returns the agent whom it is for. For the first admin, it creates an agent with the address
	// and the name; for other links, it ignores both. It returns ErrNoLink or Problems.
	Use(ctx context.Context, link, email, name string) (agent bridge.AgentID, err error)

	// SignOutEverywhere ends all sessions of an agent.
	SignOutEverywhere(ctx context.Context, agent bridge.AgentID) error
}

// Provider is a service with which people can sign in.
type Provider struct {
	Name string // "Slack"
	Path string // the path where the sign-in begins
}

type pages struct {
	desk      SigninDesk
	providers func() []Provider
}

// SigninArea returns the area of these pages. providers returns the current providers, which admins can change at any time.
func SigninArea(desk SigninDesk, providers func() []Provider) web.Area {
	p := pages{desk, providers}
	return web.Area{Name: "signin", Templates: templates, Routes: []web.Route{
		{Pattern: "GET /auth/sign-in", For: web.Anyone, Do: p.show},
		{Pattern: "GET /auth/link/{link}", For: web.Anyone, Do: p.showLink},
		{Pattern: "POST /auth/link/{link}", For: web.Anyone, Do: p.useLink},
		{Pattern: "POST /auth/sign-out", For: web.Anyone, Do: p.signOut},
		{Pattern: "POST /auth/sign-out-everywhere", For: web.Agents, Do: p.signOutEverywhere},
	}}
}

// shownSignIn is the template data of signin.html.
type shownSignIn struct {
	Providers []Provider
	HasAdmin  bool
}

// show shows the sign-in page.
func (p pages) show(v *web.Visit) error {
	if v.Person.ID != 0 {
		return v.Go("/settings")
	}
	hasAdmin, err := p.desk.HasAdmin(v.Context())
	if err != nil {
		return err
	}
	return v.Show("signin", web.Screen{Title: "Sign in", Data: shownSignIn{Providers: p.providers(), HasAdmin: hasAdmin}})
}

func (p pages) signOut(v *web.Visit) error {
	if err := v.SignOut(); err != nil {
		return err
	}
	return v.Go("/auth/sign-in")
}

func (p pages) signOutEverywhere(v *web.Visit) error {
	if err := p.desk.SignOutEverywhere(v.Context(), v.Person.ID); err != nil {
		return err
	}
	return p.signOut(v)
}
