package mailbox

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"path"

	"parley/bot/web"
)

// connection is the template data of the page of one mailbox, which shows its state and lets an admin test it.
//
// The page also connects mailboxes at Google and Microsoft by OAuth: connect shows a link to the provider, a person
// signs in there and consents, and the provider redirects the browser to comeBack.
type connection struct {
	Mailbox

	Path             string       // the URL of this page
	Edit             string       // the URL of its settings
	Reading, Sending []Finding    // the results of a test
	Tested           bool         // this response follows a test
	Problem          *web.Problem // why the requested action failed; nil if it didn't
}

func (c connection) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.Address, Data: c}
}

// findMailbox returns the page of a mailbox, or nil if there is no mailbox with that name.
func (p pages) findMailbox(v *web.Visit, name string) (*connection, error) {
	mailboxes, err := p.desk.ListMailboxes(v.Context(), v.Person.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range mailboxes {
		if m.Name == name {
			return &connection{Mailbox: m, Path: pathOf(name), Edit: accountsPath + "/" + url.PathEscape(name)}, nil
		}
	}
	return nil, nil
}

// withMailbox calls do with the page of a mailbox. If there is no mailbox with that name, it responds with status 404.
func (p pages) withMailbox(v *web.Visit, name string, do func(*connection) error) error {
	c, err := p.findMailbox(v, name)
	if err != nil {
		return err
	}
	if c == nil {
		return refuseMissing(v, name)
	}
	return do(c)
}

// show shows the mailbox in the URL.
func (p pages) show(v *web.Visit) error { return p.showMailbox(v, v.Request.PathValue("name")) }

func (p pages) showMailbox(v *web.Visit, name string) error {
	return p.withMailbox(v, name, func(c *connection) error { return v.Show("connection", c.makeScreen()) })
}

// testSignIn signs in to the mailbox's servers and shows the result.
func (p pages) testSignIn(v *web.Visit) error {
	return p.withMailbox(v, v.Request.PathValue("name"), func(c *connection) error {
		found, err := p.desk.TestMailbox(v.Context(), c.Name)
		if err != nil && !errors.As(err, &c.Problem) {
			return err
		}
		c.Reading, c.Sending = splitFindings(found)
		c.Tested = c.Problem == nil
		return v.Show("connection", c.makeScreen())
	})
}

// connect shows the link with which a person connects a mailbox, for the first time or again.
func (p pages) connect(v *web.Visit) error {
	return p.withMailbox(v, v.Request.PathValue("name"), func(c *connection) error {
		if c.Provider == "" {
			return refuseMissing(v, c.Name)
		}
		return p.showProviderLink(v, c.Mailbox)
	})
}

// showProblem shows the page of a mailbox with a problem.
func (p pages) showProblem(v *web.Visit, name string, problem *web.Problem) error {
	return p.withMailbox(v, name, func(c *connection) error {
		c.Problem = problem
		return v.ShowAgain("connection", c.makeScreen())
	})
}

// attemptsKey is the session key of a random secret. It binds an attempt to get consent to the browser session that
// began it: nobody can be tricked into finishing somebody else's attempt.
const attemptsKey = "mailbox-attempts"

// showProviderLink shows a page with the link to the provider. The submitted form can't redirect there itself, since
// the pages' Content-Security-Policy forbids forms that lead to other sites.
func (p pages) showProviderLink(v *web.Visit, m Mailbox) error {
	secret := v.Recall(attemptsKey)
	if secret == "" {
		secret = rand.Text()
		v.Remember(attemptsKey, secret)
	}

	link, err := p.desk.BeginConsent(v.Context(), m.Name, secret)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return p.showProblem(v, m.Name, problem)
	}
	if err != nil {
		return err
	}

	return v.Show("leave", web.Screen{
		Title: "Sign in to " + m.Address,
		Help:  "Sign in there as " + m.Person + ", and allow what is asked. Then you come back here.",
		Data: map[string]any{
			"Link":   link,
			"At":     titleOf(m.Provider),
			"Person": m.Person,
			"Path":   pathOf(m.Name),
		},
	})
}

// comeBack handles the redirect from a provider. Its path, /settings/mailboxes/return, is also the page of a mailbox
// named "return". The path is registered with providers, so it can't be changed. Providers always add a query: a request
// without one is for that mailbox.
func (p pages) comeBack(v *web.Visit) error {
	if v.Request.URL.RawQuery == "" {
		return p.showMailbox(v, path.Base(returnPath))
	}

	consent, err := p.desk.FinishConsent(v.Context(), v.Recall(attemptsKey), v.Request.URL.Query())
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		if consent.Mailbox == "" {
			return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
		}
		return p.showProblem(v, consent.Mailbox, problem)
	}
	if err != nil {
		return err
	}

	text := "Signed in."
	if consent.Person != "" {
		text = "Signed in as " + consent.Person + "."
	}
	return v.GoWithText(pathOf(consent.Mailbox), text)
}
