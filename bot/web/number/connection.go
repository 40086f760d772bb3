package number

import (
	"errors"

	"parley/bot/web"
	"parley/channels"
)

// connection is the page of one number: how it does, what the provider says, and where it calls.
type connection struct {
	Number

	Path, Edit string
	Provider   string
	Own        bool   // the provider is a system of the company's own
	Address    string // where the provider should call; "" = Parley has no public address
	Page       string
	Checked    bool
	Found      []channels.Finding
	Problem    *web.Problem
	Hook       *channels.HookState
	Set        bool // the webhook was set just now
}

func (c *connection) screen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.KindName, Data: c}
}

// named does something with the number that the address names.
func (p pages) named(v *web.Visit, do func(*connection) error) error {
	name := v.Request.PathValue("name")
	numbers, err := p.desk.Numbers(v.Context())
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if g := guideOf(n.Kind); n.Name == name && g != nil {
			path := Path(n.Kind, n.Name)
			return do(&connection{Number: n, Path: path, Edit: accountsPath + path[len(numbersPath):], Provider: g.provider, Own: g.own, Page: g.page, Address: p.desk.HookURL(n.Name)})
		}
	}
	return missing(v, name)
}

// show shows how a number does.
func (p pages) show(v *web.Visit) error {
	return p.named(v, func(c *connection) error { return v.Show("connection", c.screen()) })
}

// check asks the provider about a number and says what was found.
func (p pages) check(v *web.Visit) error {
	return p.named(v, func(c *connection) error {
		var err error
		if c.Found, err = p.desk.Check(v.Context(), c.Name); !errors.As(err, &c.Problem) && err != nil {
			return err
		}
		c.Checked = c.Problem == nil
		return v.Show("connection", c.screen())
	})
}

// webhook shows where the provider calls, and what would be changed; at the second button it lets it call Parley, and
// shows what stands there then.
func (p pages) webhook(v *web.Visit) error {
	return p.named(v, func(c *connection) error {
		if v.Value("set") != "" {
			err := p.desk.SetHook(v.Context(), v.Person, c.Name)
			if !errors.As(err, &c.Problem) && err != nil {
				return err
			}
			c.Set = c.Problem == nil
		}
		state, err := p.desk.Hook(v.Context(), c.Name)
		var problem *web.Problem
		switch {
		case errors.As(err, &problem):
			if c.Problem == nil {
				c.Problem = problem
			}
		case err != nil:
			return err
		default:
			c.Hook = &state
		}
		if c.Problem != nil {
			return v.ShowAgain("connection", c.screen())
		}
		return v.Show("connection", c.screen())
	})
}
