package mailbox

import (
	"crypto/rand"
	"errors"
	"net/http"

	"parley/bot/web"
)

// connection is the page of one mailbox: how it does, and what can be done about it.
type connection struct {
	Account

	Path             string
	Edit             string
	Reading, Sending []Finding // what a test found
	Tested           bool
	Problem          *web.Problem
}

func (c connection) screen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.Address, Data: c}
}

func (p pages) account(v *web.Visit, name string) (*connection, error) {
	accounts, err := p.desk.Accounts(v.Context())
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.Name == name {
			return &connection{Account: a, Path: pathOf(name), Edit: accountsPath + pathOf(name)[len(mailboxesPath):]}, nil
		}
	}
	return nil, nil
}

// named does something with the mailbox of a name; if there is none, it answers so.
func (p pages) named(v *web.Visit, name string, do func(*connection) error) error {
	switch c, err := p.account(v, name); {
	case err != nil:
		return err
	case c == nil:
		return missing(v, name)
	default:
		return do(c)
	}
}

// show shows how a mailbox does.
func (p pages) show(v *web.Visit) error {
	return p.named(v, v.Request.PathValue("name"), func(c *connection) error { return v.Show("connection", c.screen()) })
}

// test signs in to the mailbox and says what was found.
func (p pages) test(v *web.Visit) error {
	return p.named(v, v.Request.PathValue("name"), func(c *connection) error {
		found, err := p.desk.Check(v.Context(), c.Name)
		if !errors.As(err, &c.Problem) && err != nil {
			return err
		}
		c.Reading, c.Sending = sides(found)
		c.Tested = c.Problem == nil
		return v.Show("connection", c.screen())
	})
}

// connect leads a person to the provider of a mailbox that she connects, for the first time or again.
func (p pages) connect(v *web.Visit) error {
	return p.named(v, v.Request.PathValue("name"), func(c *connection) error {
		if c.Provider == "" {
			return missing(v, c.Name)
		}
		return p.leave(v, c.Account)
	})
}

// wrong shows the page of a mailbox with what went wrong.
func (p pages) wrong(v *web.Visit, name string, problem *web.Problem) error {
	return p.named(v, name, func(c *connection) error {
		c.Problem = problem
		return v.ShowAgain("connection", c.screen())
	})
}

// attemptsKey is what binds attempts to a session: each has a text of its own.
const attemptsKey = "mailbox-attempts"

// leave shows the link to the provider. It is a link, because the browser lets no form of ours lead elsewhere.
func (p pages) leave(v *web.Visit, a Account) error {
	session := v.Recall(attemptsKey)
	if session == "" {
		session = rand.Text()
		v.Remember(attemptsKey, session)
	}
	link, err := p.desk.Leave(v.Context(), a.Name, session)
	var problem *web.Problem
	switch {
	case errors.As(err, &problem):
		return p.wrong(v, a.Name, problem)
	case err != nil:
		return err
	}
	return v.Show("leave", web.Screen{Title: "Sign in to " + a.Address, Data: map[string]any{"Link": link, "Account": a, "Path": pathOf(a.Name)},
		Help: "Sign in there as the mailbox itself, and allow what is asked. Then you come back here."})
}

// comeBack takes what a provider sends a person back with.
func (p pages) comeBack(v *web.Visit) error {
	account, who, err := p.desk.Return(v.Context(), v.Recall(attemptsKey), v.Request.URL.Query())
	var problem *web.Problem
	switch {
	case errors.As(err, &problem) && account == "":
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	case errors.As(err, &problem):
		return p.wrong(v, account, problem)
	case err != nil:
		return err
	case who == "":
		return v.Saved(pathOf(account), "The mailbox is connected.")
	}
	return v.Saved(pathOf(account), "The mailbox is connected: signed in as "+who+".")
}
