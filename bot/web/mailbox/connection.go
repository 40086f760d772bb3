package mailbox

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"path"

	"parley/bot/web"
)

// connection is the page of one mailbox: its state, and what can be done about it. A mailbox at Google or Microsoft
// is connected in three steps: connect shows a link to the provider, a person signs in there and consents, and the
// provider sends the browser back to comeBack.
type connection struct {
	Mailbox

	Path             string
	Edit             string       // the page of its settings
	Reading, Sending []Finding    // what a test found
	Tested           bool         // it was tested just now
	Problem          *web.Problem // what went wrong just now; nil if nothing did
}

func (c connection) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.Address, Data: c}
}

// findMailbox reads the mailbox of a name; nil if there is none.
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

// withMailbox calls do with the mailbox of a name. If there is none, it answers so.
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

// show shows the state of a mailbox.
func (p pages) show(v *web.Visit) error {
	return p.withMailbox(v, v.Request.PathValue("name"), func(c *connection) error { return v.Show("connection", c.makeScreen()) })
}

// testSignIn signs in to the mailbox and says what was found.
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

// connect shows the link to the provider of a mailbox, to connect it for the first time or again.
func (p pages) connect(v *web.Visit) error {
	return p.withMailbox(v, v.Request.PathValue("name"), func(c *connection) error {
		if c.Provider == "" {
			return refuseMissing(v, c.Name)
		}
		return p.showProviderLink(v, c.Mailbox)
	})
}

// showProblem shows the page of a mailbox with what went wrong.
func (p pages) showProblem(v *web.Visit, name string, problem *web.Problem) error {
	return p.withMailbox(v, name, func(c *connection) error {
		c.Problem = problem
		return v.ShowAgain("connection", c.makeScreen())
	})
}

// attemptsKey names the secret text in a session that binds attempts at providers to it. Each session has its own text.
const attemptsKey = "mailbox-attempts"

// showProviderLink shows the link to the provider. It is a link because the policy of our pages lets no form lead elsewhere.
func (p pages) showProviderLink(v *web.Visit, m Mailbox) error {
	session := v.Recall(attemptsKey)
	if session == "" {
		session = rand.Text()
		v.Remember(attemptsKey, session)
	}

	link, err := p.desk.BeginConsent(v.Context(), m.Name, session)
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

// comeBack handles the address to which a provider sends a person back. It is also that of the page of a mailbox
// called "return", and can't be changed since it is registered with providers. A request without a query is for that
// page, because providers always add one.
func (p pages) comeBack(v *web.Visit) error {
	if v.Request.URL.RawQuery == "" {
		return p.withMailbox(v, path.Base(returnPath), func(c *connection) error { return v.Show("connection", c.makeScreen()) })
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

	text := "The mailbox is connected."
	if consent.Person != "" {
		text = "The mailbox is connected: signed in as " + consent.Person + "."
	}
	return v.GoWithText(pathOf(consent.Mailbox), text)
}
