package settings

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// The first tab of an account, Connection: its state, its settings, and what connects it.
//
//	test       asks the provider whether the settings work
//	connect    leads to Google or Microsoft, where a person consents that Parley uses a mailbox; comeBack handles the return
//	webhook    shows or changes the address of Parley that the provider calls when a customer writes

// Connector is the part of Desk that talks to providers. Methods return a *web.Problem, with text for the admin, if the
// provider refuses or the account's settings are invalid.
type Connector interface {
	// FindServers looks up the servers of an address, which takes at most a few seconds. It returns the zero FoundServers if
	// it finds none, and a *web.Problem if the address is invalid.
	FindServers(ctx context.Context, address string) (FoundServers, error)

	// TestValues tests an account that is not stored. values are its settings by setup.Field.Path.
	TestValues(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error)

	// TestAccount tests a stored account.
	TestAccount(ctx context.Context, account string) ([]channels.Finding, error)

	// HookURL returns the webhook URL of an account; "" if Parley has no public URL.
	HookURL(account string) string

	// Hook reads the webhook of an account as it is set at its provider.
	Hook(ctx context.Context, account string) (channels.HookState, error)

	// SetHook sets the webhook at the provider to HookURL, and logs who did it.
	SetHook(ctx context.Context, by web.Person, account string) error

	// IsRegistered reports whether Parley has an OAuth client at a provider ("google" or "microsoft").
	IsRegistered(provider string) bool

	// BeginConsent begins an attempt to connect a mailbox, and returns the URL at which a person gives consent. Only the
	// same session can finish the attempt.
	BeginConsent(ctx context.Context, account, session string) (string, error)

	// FinishConsent finishes an attempt. answer is the query of the provider's redirect. It returns the mailbox, if it is
	// known even with a *web.Problem, and who gave consent.
	FinishConsent(ctx context.Context, session string, answer url.Values) (account, person string, err error)

	// SignUp reports whether admins can add numbers by signing in at Meta (see number_signup.go). This needs an approved app
	// of the company.
	SignUp() bool

	// SignUpLink returns the URL at Meta where an admin signs in. Meta's redirect back contains state.
	SignUpLink(state string) string

	// SignUpSecret returns the secret of the company's app.
	SignUpSecret() string

	// FinishSignUp exchanges the code from Meta's redirect for a token.
	FinishSignUp(ctx context.Context, code string) (token string, err error)

	// Offered returns the numbers that a token gives access to, at least one.
	Offered(ctx context.Context, token string) ([]Offered, error)

	// Register registers a number with Meta's Cloud API.
	Register(ctx context.Context, token, id, pin string) error

	// Seal encrypts values, so that a session can hold secrets.
	Seal(values map[string]string) (string, error)

	// Unseal decrypts the result of Seal. It returns nil if that isn't possible.
	Unseal(sealed string) map[string]string
}

// ReturnPath is the path to which Google and Microsoft redirect browsers after the consent. It is registered there.
const ReturnPath = "/settings/mailboxes/return"

func (p pages) connectionRoutes() []web.Route {
	const account = accountsPath + "/{name}"
	return []web.Route{
		{Pattern: "GET " + account, For: web.Admins, Do: p.showAccount},
		{Pattern: "POST " + account, For: web.Admins, Do: p.saveAccount},
		{Pattern: "POST " + account + "/test", For: web.Admins, Do: p.testAccount},
		{Pattern: "POST " + account + "/connect", For: web.Admins, Do: p.connect},
		{Pattern: "POST " + account + "/webhook", For: web.Admins, Do: p.showWebhook},
		{Pattern: "GET " + ReturnPath, For: web.Admins, Do: p.comeBack},
	}
}

// connectionPage is the template data of the tab.
type connectionPage struct {
	State

	Guide        *guide // of accounts whose provider calls a webhook; nil for others
	Form         web.Form
	Name         string
	Path         string
	Version      string
	Mode         string
	Paused       bool
	IsMailbox    bool
	OAuth        string              // the provider that a mailbox signs in at; "" if it has a password
	Login        string              // who has to sign in there: the mailbox itself, or somebody with full access to it
	Connected    bool                // there is a valid consent
	Address      string              // the webhook URL that the provider should call; "" if Parley has no public URL
	Tested       bool                // this response follows a test, with Found as its results
	Found        []channels.Finding  // what the test found
	Problem      *web.Problem        // why the requested action failed; nil if it didn't
	Hook         *channels.HookState // the webhook as it is set at the provider; nil if it was not read
	Set          bool                // this response follows a change of the webhook
	HasAddresses bool                // it may have further addresses

	entry *setup.Entry
	help  string
}

// withConnection calls do with the account in the URL and its tab.
func (p pages) withConnection(v *web.Visit, do func(*connectionPage) error) error {
	return p.withConnectionOf(v, v.Request.PathValue("name"), do)
}

func (p pages) withConnectionOf(v *web.Visit, name string, do func(*connectionPage) error) error {
	all, err := p.desk.Entries(v.Context())
	if err != nil {
		return err
	}
	e := find(all, setup.EntryAccount, name)
	if e == nil {
		return refuseMissing(v, "account", name)
	}
	states, err := p.desk.States(v.Context(), v.Person.ID)
	if err != nil {
		return err
	}

	state, provider := states[e.Name], e.Value(fieldOAuth)
	return do(&connectionPage{
		State:        state,
		Guide:        guideOf(e.Channel),
		Form:         p.accountForm(v.Context(), all, accountPath(e.Name), e.Channel, e),
		Name:         e.Name,
		Path:         accountPath(e.Name),
		Version:      e.Version,
		Mode:         e.Value("mode"),
		Paused:       e.Value("paused") == "true",
		IsMailbox:    e.Channel == "email",
		OAuth:        provider,
		Login:        cmp.Or(e.Value("email.oauth_user"), e.Value(fieldAddress)),
		Connected:    state.Consent.Valid && state.Consent.Provider == provider,
		Address:      p.desk.HookURL(e.Name),
		HasAddresses: e.Channel == "email",
		entry:        e,
		help:         p.channelName(e.Channel),
	})
}

func (c *connectionPage) makeScreen() web.Screen {
	return web.Screen{Title: c.Name, Help: c.help, Data: c, Tabs: accountTabs(c.entry, "Connection")}
}

// showAccount shows the tab.
func (p pages) showAccount(v *web.Visit) error {
	return p.withConnection(v, func(c *connectionPage) error { return v.Show("account", c.makeScreen()) })
}

// saveAccount saves the submitted settings of an account.
func (p pages) saveAccount(v *web.Visit) error {
	return p.withConnection(v, func(c *connectionPage) error {
		values := changeOf(v, c.Form, c.entry)
		addChatChannels(v, &c.Form, values)
		return p.saveForm(v, changeTo(v, c.entry, values), &c.Form, c.Path, func() error {
			return v.ShowAgain("account", c.makeScreen())
		})
	})
}

// testAccount tests an account at its provider and shows the result.
func (p pages) testAccount(v *web.Visit) error {
	return p.withConnection(v, func(c *connectionPage) error {
		found, err := p.desk.TestAccount(v.Context(), c.Name)
		if err != nil && !errors.As(err, &c.Problem) {
			return err
		}
		c.Found = found
		c.Tested = c.Problem == nil
		return v.Show("account", c.makeScreen())
	})
}

// showWebhook reads which URL the provider calls and shows it beside the one that it should call. With the parameter
// "set" it first changes the provider's setting.
func (p pages) showWebhook(v *web.Visit) error {
	return p.withConnection(v, func(c *connectionPage) error {
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
		} else if err != nil {
			return err
		} else {
			c.Hook = &state
		}
		if c.Problem != nil {
			return v.ShowAgain("account", c.makeScreen())
		}
		return v.Show("account", c.makeScreen())
	})
}

// connect leads to the provider at which a person connects a mailbox, for the first time or again.
func (p pages) connect(v *web.Visit) error {
	return p.withConnection(v, func(c *connectionPage) error {
		if c.OAuth == "" {
			return v.NotFound()
		}
		return p.goToProvider(v, c.entry, c.State)
	})
}

const (
	// attemptsKey is the session key of a random secret. It binds an attempt to get consent to the browser session that
	// began it: nobody can be tricked into finishing somebody else's attempt.
	attemptsKey = "mailbox-attempts"

	// newKey is the session key of the mailbox that is connected for the first time. It is paused until then, so that it is
	// in no error while nobody has consented.
	newKey = "mailbox-new"
)

// goToProvider leads to the provider of a mailbox.
func (p pages) goToProvider(v *web.Visit, e *setup.Entry, state State) error {
	secret := v.Recall(attemptsKey)
	if secret == "" {
		secret = rand.Text()
		v.Remember(attemptsKey, secret)
	}
	if state.Consent.SignedIn == "" && !state.Consent.Valid {
		v.Remember(newKey, e.Name)
	}

	link, err := p.desk.BeginConsent(v.Context(), e.Name, secret)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return p.showProblem(v, e.Name, problem)
	}
	if err != nil {
		return err
	}
	return v.Leave(link, titleOf(e.Value(fieldOAuth)), accountPath(e.Name))
}

// showProblem shows the tab of an account with a problem.
func (p pages) showProblem(v *web.Visit, name string, problem *web.Problem) error {
	return p.withConnectionOf(v, name, func(c *connectionPage) error {
		c.Problem = problem
		return v.ShowAgain("account", c.makeScreen())
	})
}

// comeBack handles the redirect from a provider. Its path is also the page of a mailbox named "return" that older messages
// link to: providers always add a query.
func (p pages) comeBack(v *web.Visit) error {
	if v.Request.URL.RawQuery == "" {
		return v.Go(accountPath("return"))
	}

	name, person, err := p.desk.FinishConsent(v.Context(), v.Recall(attemptsKey), v.Request.URL.Query())
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		if name == "" {
			return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
		}
		return p.showProblem(v, name, problem)
	}
	if err != nil {
		return err
	}

	text := "Signed in."
	if person != "" {
		text = "Signed in as " + person + "."
	}
	if v.Recall(newKey) == name {
		v.Remember(newKey, "")
		e, err := p.findEntry(v.Context(), setup.EntryAccount, name)
		if err != nil || e == nil {
			return err
		}
		change := setup.Change{Kind: e.Kind, Name: name, Channel: e.Channel, Version: e.Version,
			Values: map[string][]string{"paused": {"false"}}}
		if _, err := p.desk.Save(v.Context(), v.Person, change); err != nil {
			text += " The mailbox is still paused: resume it under Accounts."
		}
	}
	return v.GoWithText(accountPath(name), text)
}

// titleOf returns the display name of a provider of mailboxes.
func titleOf(provider string) string {
	switch provider {
	case "google":
		return "Google"
	case "microsoft":
		return "Microsoft"
	}
	return provider
}
