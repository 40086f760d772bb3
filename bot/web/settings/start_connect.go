package settings

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// sampleID is a placeholder that shows the format of Microsoft's ids.
const sampleID = "00000000-0000-0000-0000-000000000000"

// connection is the form that connects Slack or Microsoft Teams. An admin pastes the credentials of the company's app:
// Slack's tokens, or the bot's registration at Microsoft. They are tested at the chat's servers, and stored only if they
// work.
type connection struct {
	Chat

	Path     string // the URL that the form is sent to
	Fields   []web.Field
	Findings []StartFinding // the results of a test
}

// slackForm asks for Slack's tokens. They are for Socket Mode, which also works behind firewalls.
func slackForm() connection {
	return connection{Chat: Chat{Kind: "slack", Name: "Slack"}, Path: startPath + "/slack", Fields: []web.Field{
		{
			Name:     "bot_token",
			Label:    "Bot User OAuth Token",
			Kind:     web.KindSecret,
			Required: true,
			Help:     "`xoxb-…`, from *OAuth & Permissions*.",
		},
		{
			Name:     "app_token",
			Label:    "App-level token",
			Kind:     web.KindSecret,
			Required: true,
			Help:     "`xapp-…`, from *Basic Information*, with the scope `connections:write`.",
		},
	}}
}

// teamsForm asks for the bot's registration at Microsoft.
func teamsForm() connection {
	return connection{Chat: Chat{Kind: "teams", Name: "Microsoft Teams"}, Path: startPath + "/teams", Fields: []web.Field{
		{
			Name:        "app_id",
			Label:       "Microsoft App ID",
			Required:    true,
			Placeholder: sampleID,
			Help:        "From the Azure Bot's *Configuration* page.",
		},
		{
			Name:        "tenant_id",
			Label:       "App Tenant ID",
			Required:    true,
			Placeholder: sampleID,
			Help:        "From the same page. The bot is of the type *Single Tenant*.",
		},
		{
			Name:     "app_password",
			Label:    "Client secret",
			Kind:     web.KindSecret,
			Required: true,
			Help:     "Its *Value*, not the Secret ID: shown once, under *Certificates & secrets*.",
		},
	}}
}

// fill sets the state of the form's chat from chats.
func (c *connection) fill(chats []Chat) {
	if i := slices.IndexFunc(chats, func(chat Chat) bool { return chat.Kind == c.Kind }); i >= 0 {
		c.Chat = chats[i]
	}
}

// IsStored reports whether credentials are stored.
func (c *connection) IsStored() bool { return c.Author != "" }

// IsOpen reports whether the form is shown expanded, because there is a problem with the chat or with the form.
func (c *connection) IsOpen() bool {
	if len(c.Findings) > 0 || c.Text != "" {
		return true
	}
	return slices.ContainsFunc(c.Fields, func(f web.Field) bool { return f.Problem != "" })
}

// check fills the form with the submitted values and sets the problems that can be seen without calling the chat. It
// reports whether there are none. Problems never quote a value, which may be a secret.
func (c *connection) check(values map[string]string) bool {
	ok := true
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Problem = faultOf(f.Name, values[f.Name])
		if f.Kind != web.KindSecret {
			f.Value = values[f.Name]
		}
		if f.Problem != "" {
			ok = false
		}
	}
	return ok
}

// faultOf returns the problem with the value of a field; "" if there is none.
func faultOf(field, value string) string {
	if value == "" {
		return "Is missing."
	}
	if field == "bot_token" && !strings.HasPrefix(value, "xoxb-") {
		return "This isn't a bot token. A bot token begins with xoxb-."
	}
	if field == "app_token" && !strings.HasPrefix(value, "xapp-") {
		return "This isn't an app-level token. An app-level token begins with xapp-."
	}
	return ""
}

func (p startPages) connectSlack(v *web.Visit) error { return p.connect(v, slackForm()) }

func (p startPages) connectTeams(v *web.Visit) error { return p.connect(v, teamsForm()) }

// connect tests the submitted credentials at the chat's servers and stores them if they work.
func (p startPages) connect(v *web.Visit, form connection) error {
	values := map[string]string{}
	for _, f := range form.Fields {
		values[f.Name] = v.Value(f.Name)
	}

	s, err := p.readSteps(v)
	if err != nil {
		return err
	}

	c := &s.Slack
	if form.Kind == s.Microsoft.Kind {
		c = &s.Microsoft
	}
	if v.Value("version") != c.Version { // somebody else has changed the credentials since the page was loaded
		return refuseStale(v)
	}
	if !c.check(values) {
		return v.ShowAgain("start", s.makeScreen())
	}

	kept, findings, err := p.desk.Connect(v.Context(), v.Person, form.Kind, c.Version, values)
	if errors.Is(err, setup.ErrStale) {
		return refuseStale(v)
	}
	if err != nil {
		return err
	}
	if kept {
		return v.GoWithText(startPath, form.Name+" works. What you gave is kept encrypted, and Parley connects now.")
	}

	c.Findings = findings
	return v.ShowAgain("start", s.makeScreen())
}

// refuseStale responds that the stored credentials have changed since the page was loaded.
func refuseStale(v *web.Visit) error {
	return v.Refuse(http.StatusUnprocessableEntity, "Somebody else changed this while you did.",
		"Nothing was stored or removed. Reload First steps: it says who gave what is stored now.")
}

// disconnect deletes the stored credentials of a chat.
func (p startPages) disconnect(v *web.Visit) error {
	for _, form := range []connection{slackForm(), teamsForm()} {
		if form.Kind != v.Value("chat") {
			continue
		}

		err := p.desk.Disconnect(v.Context(), v.Person, form.Kind, v.Value("version"))
		if errors.Is(err, setup.ErrStale) {
			return refuseStale(v)
		}
		if err != nil {
			return err
		}

		return v.GoWithText(startPath, form.Name+": what was stored is forgotten. Replies wait until it is connected again.")
	}
	return v.NotFound()
}
