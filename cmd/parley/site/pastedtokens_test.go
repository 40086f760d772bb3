package site_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// These tests are about the tokens of Slack that an admin pastes under First steps. pasteTest makes the site.

const (
	slackForm  = "/settings/first-steps/slack"
	forgetForm = "/settings/first-steps/disconnect"
)

// pasteTest is a site, on which Ann pastes tokens of a Slack that takes all of them.
type pasteTest struct {
	*sitetest.Site

	t         *testing.T
	ann       *sitetest.Visitor
	workspace string // to which pasted tokens belong, as Slack says
	awaited   int    // how often the site waited until Slack was connected
}

func newPasteTest(t *testing.T) *pasteTest {
	t.Helper()
	p := &pasteTest{t: t, workspace: "T1"}
	p.Site = sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats.Identify = func(context.Context, string, map[string]string) (string, []channels.Finding) {
			return p.workspace, []channels.Finding{{OK: true, What: "bot token", Text: "works"}}
		}
		o.Chats.AwaitConnected = func(context.Context, string) { p.awaited++ }
	})
	p.ann = p.Visitor("ann@acme.test")
	return p
}

// version is that of what is stored, as the page has it. Slack's forms come first there.
func (p *pasteTest) version() string { return p.ann.Get("/settings/first-steps").Version() }

// paste pastes a bot token of a workspace on the page as it is now.
func (p *pasteTest) paste(workspace, token string) sitetest.Answer {
	p.workspace = workspace
	return p.pasteOver(p.version(), token)
}

// pasteOver pastes a bot token on a page that has a version.
func (p *pasteTest) pasteOver(version, token string) sitetest.Answer {
	return p.ann.Post(slackForm, url.Values{"version": {version}, "bot_token": {token}, "app_token": {"xapp-tops3cret"}})
}

// mustPaste pastes a bot token that has to be kept.
func (p *pasteTest) mustPaste(workspace, token string) {
	p.t.Helper()
	wantStatus(p.t, "pasting "+token, p.paste(workspace, token), http.StatusSeeOther)
	p.wantKept(workspace, token)
}

// wantKept checks that the token of a workspace is stored as what Ann has given.
func (p *pasteTest) wantKept(workspace, token string) {
	p.t.Helper()
	list := listCredentials(p.t, p.Site)
	if len(list) != 1 {
		p.t.Fatalf("%d credentials are kept, want those of Slack", len(list))
	}
	got := list[0]
	if got.Home != workspace || got.Values[site.SlackBotToken] != token || got.Author != "ann@acme.test" {
		p.t.Errorf("the token %q of %s by %s is kept, want %q of %s by ann@acme.test",
			got.Values[site.SlackBotToken], got.Home, got.Author, token, workspace)
	}
}

// useChannel gives a team a channel in the workspace, so that something would be lost with another one.
func (p *pasteTest) useChannel() { p.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`) }

// While a team has a channel, the workspace's own tokens can be replaced, and those of another workspace are refused.
// After each token that it keeps, the site waits until Slack is connected.
func TestPasteTokensOfOtherWorkspace(t *testing.T) {
	t.Parallel()
	p := newPasteTest(t)
	p.mustPaste("T2", "xoxb-one")
	p.useChannel()

	refused := p.paste("T3", "xoxb-two")
	wantStatus(t, "tokens of another workspace", refused, http.StatusUnprocessableEntity)
	wantShown(t, "tokens of another workspace", refused, "it is not T2")
	p.wantKept("T2", "xoxb-one")

	p.mustPaste("T2", "xoxb-three")
	if p.awaited != 2 {
		t.Errorf("the site waited %d times until Slack was connected, want after the first and the last token", p.awaited)
	}
}
