// Package number serves the pages on which admins add WhatsApp and SMS numbers and Messenger Pages, set up their
// webhooks, and test them.
//
// These pages call each such account a number, even if it is a Messenger Page or a system of the company's own. Its
// provider, such as Meta or Twilio, carries the messages. The webhook, or hook, is the URL of Parley that the provider
// calls when a customer writes.
package number

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
	"parley/channels"
)

// Desk is the backend of these pages. Methods that call a provider return a *web.Problem, with text for the admin, if
// the provider refuses or the account's settings are invalid.
type Desk interface {
	// Fields returns the settings of a kind of account.
	Fields(kind string) []setup.Field

	// Names returns the names of all accounts and all teams.
	Names(ctx context.Context) (accounts, teams []string, err error)

	// Numbers returns the stored numbers that viewer may see.
	Numbers(ctx context.Context, viewer bridge.AgentID) ([]Number, error)

	// HookURL returns the webhook URL of an account; "" if Parley has no public URL.
	HookURL(account string) string

	// Try tests an account that is not stored at its provider. values are its settings by setup.Field.Path.
	Try(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error)

	// Check tests a stored account at its provider.
	Check(ctx context.Context, account string) ([]channels.Finding, error)

	// Hook reads the webhook of an account as it is set at its provider.
	Hook(ctx context.Context, account string) (channels.HookState, error)

	// SetHook sets the webhook at the provider to HookURL, and logs who did it.
	SetHook(ctx context.Context, by web.Person, account string) error

	// Save stores a change and logs who made it. It returns the errors of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)

	// SignUp reports whether admins can add numbers by signing in at Meta (see signup.go). This needs an approved app of
	// the company.
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

// Number is a stored account.
type Number struct {
	Name, Kind string
	KindName   string // "WhatsApp"
	Status     string // a channels.ConditionStatus
	Text, Hint string // what is wrong, and what to do
	Paused     bool
	Mode       string // what is sent to customers: "watch" (nothing), "live" and others
}

// Paths of these pages.
const (
	choosePath   = "/settings/add-whatsapp"
	addPath      = "/settings/add-number"
	numbersPath  = "/settings/numbers"
	accountsPath = "/settings/accounts"
)

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area returns the area of the numbers' pages.
func Area(desk Desk) web.Area {
	p := pages{desk}
	return web.Area{Name: "number", Templates: templates, Routes: []web.Route{
		{Pattern: "GET " + choosePath, For: web.Admins, Do: p.choose},
		{Pattern: "POST " + choosePath + "/sign-up", For: web.Admins, Do: p.signUp},
		{Pattern: "GET " + ReturnPath(), For: web.Admins, Do: p.comeBack},
		{Pattern: "GET " + choosePath + "/numbers", For: web.Admins, Do: p.showNumbers},
		{Pattern: "POST " + choosePath + "/numbers", For: web.Admins, Do: p.addChosen},
		{Pattern: "GET " + addPath + "/{kind}", For: web.Admins, Do: p.showAdd},
		{Pattern: "POST " + addPath + "/{kind}", For: web.Admins, Do: p.add},
		{Pattern: "GET " + numbersPath + "/{name}", For: web.Admins, Do: p.show},
		{Pattern: "POST " + numbersPath + "/{name}/check", For: web.Admins, Do: p.check},
		{Pattern: "POST " + numbersPath + "/{name}/webhook", For: web.Admins, Do: p.showWebhook},
	}}
}

// Path returns the path of an account's page, or "" if these pages don't support its kind.
func Path(kind, account string) string {
	if guideOf(kind) == nil {
		return ""
	}
	return numbersPath + "/" + url.PathEscape(account)
}

// AddPath returns the path of the page that adds an account of a kind, or "" if there is none in this package.
func AddPath(kind string) string {
	g := guideToAdd(kind)
	if g == nil {
		return ""
	}
	if g.whatsapp {
		return choosePath
	}
	return addPath + "/" + kind
}

// AddName returns the name of what the page of AddPath adds, or "" if that is the name of the kind. Both kinds of
// WhatsApp numbers share one page, on which the admin chooses the provider.
func AddName(kind string) string {
	if AddPath(kind) == choosePath {
		return "WhatsApp"
	}
	return ""
}

// choose asks for the provider of a WhatsApp number.
func (p pages) choose(v *web.Visit) error {
	data := map[string]any{
		"SignUp":       p.desk.SignUp(),
		"SignUpAction": choosePath + "/sign-up",
		"Meta":         addPath + "/whatsapp",
		"Twilio":       addPath + "/twilio_whatsapp",
		"Back":         accountsPath,
	}
	return v.Show("choose", web.Screen{Title: "Add a WhatsApp number", Data: data,
		Help: "WhatsApp lets companies write by Meta's Cloud API, or by a provider in between. Choose where your number is, or should be."})
}

// refuseMissing responds that there is no number with that name.
func refuseMissing(v *web.Visit, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no number "+name+".", "It may have been taken out.")
}
