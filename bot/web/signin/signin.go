// Package signin is how somebody comes into the site and leaves it again: the page that says how, links that an
// admin made, and signing out.
package signin

import (
	"context"
	"embed"
	"errors"

	"parley/bot/web"
	"parley/bridge"
)

// Invited is the person whom a link signs in.
type Invited struct {
	Name  string
	Email string // "" if whoever opens the link becomes the first admin
}

// ErrNoLink means that a link is not known, was used, or has expired.
var ErrNoLink = errors.New("signin: the link is not valid")

// Problems say what is wrong with what was typed, by the names of fields.
type Problems map[string]string

// Error implements error.
func (Problems) Error() string { return "signin: refused" }

// Desk is what these pages need.
type Desk interface {
	// Invited returns whom a link signs in, without using it up. Errors: ErrNoLink.
	Invited(ctx context.Context, link string) (Invited, error)

	// Use returns the agent whom a link signs in; it can't be used again. If it is for whoever opens it, that person
	// becomes an admin with the address and the name. Errors: ErrNoLink, Problems.
	Use(ctx context.Context, link, email, name string) (agent bridge.AgentID, err error)

	// SignOutEverywhere ends all sessions of an agent.
	SignOutEverywhere(ctx context.Context, agent bridge.AgentID) error
}

// Provider is a service that can vouch for people.
type Provider struct {
	Name string // "Slack"
	Path string // where signing in by it begins
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk      Desk
	providers func() []Provider
}

// Area has the pages of signing in; providers returns the current ones.
func Area(desk Desk, providers func() []Provider) web.Area {
	p := pages{desk, providers}
	return web.Area{Name: "signin", Templates: templates, Routes: []web.Route{
		{Pattern: "GET /auth/sign-in", For: web.Anyone, Do: p.show},
		{Pattern: "GET /auth/link/{link}", For: web.Anyone, Do: p.showLink},
		{Pattern: "POST /auth/link/{link}", For: web.Anyone, Do: p.useLink},
		{Pattern: "POST /auth/sign-out", For: web.Anyone, Do: p.signOut},
		{Pattern: "POST /auth/sign-out-everywhere", For: web.Agents, Do: p.signOutEverywhere},
	}}
}

func (p pages) show(v *web.Visit) error {
	if v.Person.ID != 0 {
		return v.Go("/settings")
	}
	return v.Show("signin", web.Screen{Title: "Sign in", Data: p.providers()})
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
