package number

import (
	"cmp"
	"errors"
	"net/url"

	"parley/bot/web"
	"parley/channels"
)

// connection is the template data of the page of one number, an account of WhatsApp, SMS or Messenger. The page shows
// its state. It has buttons to test the account at its provider, and to show or change the webhook: the URL that the
// provider calls when a customer writes.
type connection struct {
	Number

	Path, Edit string // URLs of this page and of the account's settings
	Provider   string
	Own        bool                // the provider is a system of the company's own, see guide
	Address    string              // the URL that the provider should call; "" if Parley has no public URL
	Page       string              // the title of the documentation's page
	Checked    bool                // this response follows a test, with Found as its results
	Found      []channels.Finding  // what the test found
	Problem    *web.Problem        // why the requested action failed; nil if it didn't
	Hook       *channels.HookState // the webhook as it is set at the provider; nil if it was not read
	Set        bool                // this response follows a change of the webhook
}

func (c *connection) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.KindName, Data: c}
}

// withNumber calls do with the page of the number in the URL. If there is no such number, it responds with status 404.
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
			Own:      g.isOwn,
			Address:  p.desk.HookURL(n.Name),
			Page:     g.page,
		})
	}

	return refuseMissing(v, name)
}

// show shows the number in the URL.
func (p pages) show(v *web.Visit) error {
	return p.withNumber(v, func(c *connection) error { return v.Show("connection", c.makeScreen()) })
}

// check tests a number at its provider and shows the result.
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

// showWebhook reads which URL the provider calls and shows it beside the one that it should call. With the parameter
// "set" it first changes the provider's setting.
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
		if problem, ok := errors.AsType[*web.Problem](err); ok {
			c.Problem = cmp.Or(c.Problem, problem)
			return v.ShowAgain("connection", c.makeScreen())
		}
		if err != nil {
			return err
		}
		c.Hook = &state

		if c.Problem != nil { // setting it failed
			return v.ShowAgain("connection", c.makeScreen())
		}
		return v.Show("connection", c.makeScreen())
	})
}
