package number

import (
	"errors"
	"net/url"

	"parley/bot/web"
	"parley/channels"
)

// connection is the page of one number: its state, what the provider says of it, and which address the provider calls.
type connection struct {
	Number

	Path, Edit string
	Provider   string
	Own        bool                // the provider is a system of the company's own, see guide
	Address    string              // where the provider should call; "" if Parley has no public address
	Page       string              // of the documentation
	Checked    bool                // the provider was asked just now, and answered; Found has what it said
	Found      []channels.Finding  // what the provider says of the account
	Problem    *web.Problem        // why something that was pressed did not work; nil if it did
	Hook       *channels.HookState // which address the provider calls; nil if it wasn't asked
	Set        bool                // the webhook was set just now
}

func (c *connection) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.KindName, Data: c}
}

// withNumber calls do with the number that the address names. If there is none, it answers so.
func (p pages) withNumber(v *web.Visit, do func(*connection) error) error {
	name := v.Request.PathValue("name")
	numbers, err := p.desk.Numbers(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	for _, n := range numbers {
		g := guideOf(n.Kind)
		if n.Name != name || g == nil {
			continue
		}

		return do(&connection{
			Number:   n,
			Path:     Path(n.Kind, n.Name),
			Edit:     accountsPath + "/" + url.PathEscape(n.Name),
			Provider: g.provider,
			Own:      g.own,
			Address:  p.desk.HookURL(n.Name),
			Page:     g.page,
		})
	}

	return refuseMissing(v, name)
}

// show shows the state of a number.
func (p pages) show(v *web.Visit) error {
	return p.withNumber(v, func(c *connection) error { return v.Show("connection", c.makeScreen()) })
}

// check asks the provider about a number and says what was found.
func (p pages) check(v *web.Visit) error {
	return p.withNumber(v, func(c *connection) error {
		found, err := p.desk.Check(v.Context(), c.Name)
		if err != nil && !errors.As(err, &c.Problem) {
			return err
		}
		c.Found = found
		c.Checked = c.Problem == nil
		return v.Show("connection", c.makeScreen())
	})
}

// showWebhook shows which address the provider calls, and what would be changed. With the second button it makes the provider call
// Parley, and then shows what is set.
func (p pages) showWebhook(v *web.Visit) error {
	return p.withNumber(v, func(c *connection) error {
		if v.Value("set") != "" {
			err := p.desk.SetHook(v.Context(), v.Person, c.Name)
			if err != nil && !errors.As(err, &c.Problem) {
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
			return v.ShowAgain("connection", c.makeScreen())
		}

		return v.Show("connection", c.makeScreen())
	})
}
