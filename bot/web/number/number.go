// Package number has the pages on which admins add numbers of WhatsApp, text messages and Pages of Messenger, let
// their providers call Parley, and test these accounts and those of the company's own systems.
//
// A number is an account by which customers write, even if it is a Page or a system of the company's own. Its
// provider, such as Meta or Twilio, carries the messages. The webhook, or hook, is the address here that the provider
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

// Desk is what these pages need.
type Desk interface {
	// Fields lists what can be set of an account of a kind.
	Fields(kind string) []setup.Field

	// Names lists the names of all accounts, and of all teams.
	Names(ctx context.Context) (accounts, teams []string, err error)

	// Numbers lists the stored accounts that these pages are about, as viewer may see them.
	Numbers(ctx context.Context, viewer bridge.AgentID) ([]Number, error)

	// HookURL is the address that a provider calls for an account of a name; "" if Parley has no public address.
	HookURL(account string) string

	// Try asks the provider about the values of an account that is not stored, by the paths of setup.Field.
	// Errors: *web.Problem if the values can't work.
	Try(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error)

	// Check asks the provider about an account that is stored.
	// Errors: *web.Problem if its settings can't work.
	Check(ctx context.Context, account string) ([]channels.Finding, error)

	// Hook asks the provider which address it calls for an account now. Errors: *web.Problem.
	Hook(ctx context.Context, account string) (channels.HookState, error)

	// SetHook makes the provider call the address of HookURL, and logs that in somebody's name. Errors: *web.Problem.
	SetHook(ctx context.Context, by web.Person, account string) error

	// Save makes a change in somebody's name. Errors: those of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)

	// SignUp reports whether people can add numbers by signing in at Meta (see Area's sign-up routes). The company
	// needs an approved app there for that.
	SignUp() bool

	// SignUpLink is where a person signs up. Meta sends state back with the person.
	SignUpLink(state string) string

	// SignUpSecret is the secret of the company's app.
	SignUpSecret() string

	// FinishSignUp exchanges the code with which a person came back for a token. Errors: *web.Problem.
	FinishSignUp(ctx context.Context, code string) (token string, err error)

	// Offered lists the numbers to which a token gives access, at least one. Errors: *web.Problem.
	Offered(ctx context.Context, token string) ([]Offered, error)

	// Register registers a number that is new at Meta. Errors: *web.Problem.
	Register(ctx context.Context, token, id, pin string) error

	// Seal encrypts values, so that a browser's session may contain secrets.
	Seal(values map[string]string) (string, error)

	// Unseal decrypts what Seal returned; nil if that can't be read.
	Unseal(sealed string) map[string]string
}

// Number is an account that is stored.
type Number struct {
	Name, Kind string
	KindName   string // "WhatsApp"
	Status     string // a channels.ConditionStatus
	Text, Hint string // what is wrong, and what to do
	Paused     bool
	Mode       string // watch, live, …: what is sent to customers
}

// Addresses of these pages.
const (
	choosePath   = "/settings/add-whatsapp"
	addPath      = "/settings/add-number"
	numbersPath  = "/settings/numbers"
	accountsPath = "/settings/accounts"
)

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the pages of numbers.
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

// Path returns the address of the page of an account's connection; "" if its kind has none here.
func Path(kind, account string) string {
	if guideOf(kind) == nil {
		return ""
	}
	return numbersPath + "/" + url.PathEscape(account)
}

// AddPath returns the address of the page on which an account of a kind is added; "" if its kind has none here.
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

// AddName returns what people call an account that is added on the page of AddPath; "" means that they call it by its
// kind. Numbers of WhatsApp begin on one page, whichever their provider is.
func AddName(kind string) string {
	if AddPath(kind) == choosePath {
		return "WhatsApp"
	}
	return ""
}

// choose asks at which provider a number of WhatsApp is.
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

// refuseMissing answers that there is no such account.
func refuseMissing(v *web.Visit, name string) error {
	return v.Refuse(http.StatusNotFound, "There is no number "+name+".", "It may have been taken out.")
}
