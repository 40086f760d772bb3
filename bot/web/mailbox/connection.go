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
	Account

	Path             string
	Edit             string       // the page of its settings
	Reading, Sending []Finding    // what a test found
	Tested           bool         // it was tested just now
	Problem          *web.Problem // what went wrong just now; nil if nothing did
}

func (c connection) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.Address, Data: c}
}

// findAccount reads the mailbox of a name; nil if there is none.
func (p pages) findAccount(v *web.Visit, name string) (*connection, error) {
	accounts, err := p.desk.Accounts(v.Context(), v.Person.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.Name == name {
			return &connection{Account: a, Path: pathOf(name), Edit: accountsPath + "/" + url.PathEscape(name)}, nil
		}
	}
	return nil, nil
}

// withMailbox calls do with the mailbox of a name. If there is none, it answers so.
func (p pages) withMailbox(v *web.Visit, name string, do func(*connection) error) error {
	c, err := p.findAccount(v, name)
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
		found, err := p.desk.Check(v.Context(), c.Name)
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
		return p.showProviderLink(v, c.Account)
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
func (p pages) showProviderLink(v *web.Visit, a Account) error {
	session := v.Recall(attemptsKey)
	if session == "" {
		session = rand.Text()
		v.Remember(attemptsKey, session)
	}

	link, err := p.desk.Leave(v.Context(), a.Name, session)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return p.showProblem(v, a.Name, problem)
	}
	if err != nil {
		return err
	}

	return v.Show("leave", web.Screen{Title: "Sign in to " + a.Address,
		Help: "Sign in there as " + a.Person + ", and allow what is asked. Then you come back here.",
		Data: map[string]any{"Link": link, "At": titleOf(a.Provider), "Person": a.Person, "Path": pathOf(a.Name)}})
}

// comeBack handles the address to which a provider sends a person back. It is also that of the page of a mailbox
// called "return", and can't be changed since it is registered with providers. A request without a query is for that
// page, because providers always add one.
func (p pages) comeBack(v *web.Visit) error {
	if v.Request.URL.RawQuery == "" {
		return p.withMailbox(v, path.Base(returnPath), func(c *connection) error { return v.Show("connection", c.makeScreen()) })
	}

	account, who, err := p.desk.Return(v.Context(), v.Recall(attemptsKey), v.Request.URL.Query())
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		if account == "" {
			return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
		}
		return p.showProblem(v, account, problem)
	}

	if err != nil {
		return err
	}
	if who == "" {
		return v.GoWithText(pathOf(account), "The mailbox is connected.")
	}

	return v.GoWithText(pathOf(account), "The mailbox is connected: signed in as "+who+".")
}
