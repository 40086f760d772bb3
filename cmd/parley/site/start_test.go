package site_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/credential"
	"parley/store/storetest"
)

const onlyAnn = `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`

// channelsOf is a chat that knows the ids of its channels by their names, and of its people by their addresses.
type channelsOf map[string]string

// Resolve returns the id of a channel.
func (c channelsOf) Resolve(_ context.Context, _, channel string) (string, error) {
	return c[channel], nil
}

// Find returns the id of a person.
func (c channelsOf) Find(_ context.Context, _, email string) (bridge.SurfaceUser, error) {
	return bridge.SurfaceUser(c[email]), nil
}

// If a chat, a team or members can't be connected, they are refused with the reason. No page shows what was pasted.
func TestFirstStepsRefuse(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats.Connected = func() []site.Chat { return []site.Chat{{Kind: "teams", Name: "Microsoft Teams", FromEnv: true}} }
		o.Lookup = channelsOf{"#support": "C0SUPPORT"}
		o.Chats.Identify = func(context.Context, string, map[string]string) (string, []channels.Finding) {
			t.Error("Slack was asked about tokens that can't be right")
			return "", nil
		}
	})

	v := s.Visitor("ann@acme.test")
	for _, tt := range []struct {
		name string
		step string
		form url.Values
		want []string
	}{
		{name: "a token is missing", step: "slack", form: url.Values{"bot_token": {"xoxb-tops3cret"}}, want: []string{"Is missing."}},
		{
			name: "the tokens are exchanged",
			step: "slack",
			form: url.Values{"bot_token": {"xapp-tops3cret"}, "app_token": {"xoxb-tops3cret"}},
			want: []string{"begins with xoxb-", "begins with xapp-"},
		},
		{
			name: "the environment has the chat's credentials",
			step: "teams",
			form: url.Values{"app_id": {"x"}, "tenant_id": {"y"}, "app_password": {"tops3cret"}},
			want: []string{"comes before this page"},
		},
		{
			name: "no such channel",
			step: "team",
			form: url.Values{"name": {"Support"}, "chat": {"teams"}, "channel": {"#suport"}},
			want: []string{"no such channel"},
		},
		{
			name: "a chat that is not connected",
			step: "team",
			form: url.Values{"name": {"Support"}, "chat": {"slack"}, "channel": {"#support"}},
			want: []string{"Choose a chat that is connected"},
		},
		{
			name: "members of no team",
			step: "members",
			form: url.Values{"team": {"Nobody"}, "chat": {"slack"}},
			want: []string{"no channel there"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := v.Post("/settings/first-steps/"+tt.step, tt.form)
			wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
			wantShown(t, "the answer", a, tt.want...)
			wantHidden(t, "the answer", a, "tops3cret")
		})
	}
	wantNoCredentials(t, s)
}

// Tokens that lack a scope aren't kept, and the page says which scope is missing.
func TestFirstStepsRefuseTokensWithoutScopes(t *testing.T) {
	t.Parallel()
	asked := 0
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats.Identify = func(ctx context.Context, _ string, _ map[string]string) (string, []channels.Finding) {
			asked++
			if !leavesTime(ctx, 40*time.Second) {
				return "", []channels.Finding{{What: "bot token", Text: "Slack has not answered in time"}}
			}
			return "T1", []channels.Finding{
				{OK: true, What: "bot token", Text: "belongs to Parley in Acme"},
				{What: "scopes", Text: "missing: files:write, users:read.email", Hint: "Update the app."},
			}
		}
	})

	tokens := url.Values{"bot_token": {"xoxb-tops3cret"}, "app_token": {"xapp-tops3cret"}}
	a := s.Visitor("ann@acme.test").Post("/settings/first-steps/slack", tokens)
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "Nothing was kept.", "missing: files:write, users:read.email", "Update the app.")
	wantHidden(t, "the answer", a, "tops3cret")
	if asked != 1 {
		t.Errorf("Slack was asked %d times, want once", asked)
	}
	wantNoCredentials(t, s)
}

// listCredentials returns the credentials that are stored for chats.
func listCredentials(t *testing.T, s *sitetest.Site) []credential.Credential {
	t.Helper()
	return must(credential.List(t.Context(), s.Pool, sitetest.Sealer(t)))(t)
}

func wantNoCredentials(t *testing.T, s *sitetest.Site) {
	t.Helper()
	if list := listCredentials(t, s); len(list) > 0 {
		t.Errorf("%d credentials are kept, want none", len(list))
	}
}

// memberList is a chat whose channels all have the same members.
type memberList struct {
	bridge.Surface

	list []bridge.Member
}

// Members implements bridge.Roster. A large workspace answers only after a minute.
func (m memberList) Members(ctx context.Context, _ string, _ func(bridge.SurfaceUser) bool) ([]bridge.Member, error) {
	if !leavesTime(ctx, time.Minute) {
		return nil, context.DeadlineExceeded
	}
	return m.list, nil
}

// leavesTime reports whether something that takes this long can be done before the context ends.
func leavesTime(ctx context.Context, needed time.Duration) bool {
	end, hasEnd := ctx.Deadline()
	return !hasEnd || time.Until(end) > needed
}

const (
	teamForm    = "/settings/first-steps/team"
	membersForm = "/settings/first-steps/members"
	membersPage = membersForm + "?team=Support&chat=slack"
)

// startWithSlack starts a site that is connected to a Slack. Its team has no channel yet, and all channels of that
// Slack have Ben as their member.
func startWithSlack(t *testing.T) *sitetest.Site {
	t.Helper()
	const company = `
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test]}]`
	return sitetest.Start(t, company, func(o *site.Options) {
		o.Chats.Connected = func() []site.Chat { return []site.Chat{{Kind: "slack", Name: "Slack"}} }
		o.Chats.Surface = func(string) bridge.Surface {
			return memberList{list: []bridge.Member{{User: "U0BEN", Name: "Ben", Email: "ben@acme.test"}}}
		}
		o.Lookup = channelsOf{"C0OLD": "C0OLD", "C0SUPPORT": "C0SUPPORT"}
	})
}

// sendForm sends a form of a page as it was shown, with one value changed.
func sendForm(t *testing.T, v *sitetest.Visitor, page sitetest.Answer, action, name, value string) sitetest.Answer {
	t.Helper()
	form := formAt(page, action)
	if form == nil {
		t.Fatalf("the page has no form for %s:\n%s", action, page.Body)
	}
	return v.Post(action, with(form.Values, url.Values{name: {value}}))
}

// An admin has an older page open while another admin gives a team a channel. Her form doesn't replace that channel.
// Requirement R-273: Agents by a channel's members.
func TestFirstStepsKeepChannelOfOtherAdmin(t *testing.T) {
	t.Parallel()
	s := startWithSlack(t)
	v := s.Visitor("ann@acme.test")
	page := v.Get("/settings/first-steps")
	s.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`)
	before := exported(t, s)

	a := sendForm(t, v, page, teamForm, "channel", "C0OLD")
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "has a channel there already")
	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}
}

// An admin can't confirm members whom she has not seen: another admin has given the team another channel since she
// opened the page.
// Requirement R-273: Agents by a channel's members.
func TestFirstStepsConfirmMembersThatWereSeen(t *testing.T) {
	t.Parallel()
	s := startWithSlack(t)
	s.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`)
	v := s.Visitor("ann@acme.test")
	page := v.Get(membersPage)
	s.Apply(`teams: [{name: Support, slack_channel: C0OTHER}]`)
	before := exported(t, s)

	a := sendForm(t, v, page, membersForm, "user", "U0BEN")
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "Nobody was confirmed: somebody else changed this team", "Go back to First steps")
	if after := exported(t, s); after != before {
		t.Errorf("the set-up was changed:\n%s", changed(before, after))
	}

	a = sendForm(t, v, v.Get(membersPage), membersForm, "user", "U0BEN")
	wantStatus(t, "after she has looked again", a, http.StatusSeeOther)
	if after := exported(t, s); !strings.Contains(after, "ben@acme.test") {
		t.Errorf("after she has looked again Ben isn't an agent:\n%s", after)
	}
}

// While no chat is connected, agents can't be found in one. The page doesn't blame their addresses for that.
func TestFirstStepsBeforeAChat(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, "agents: [{email: ann@acme.test, name: Ann, roles: [super_admin]}]")
	page := s.Visitor("ann@acme.test").Get("/settings/first-steps")
	wantShown(t, "the page", page, "After a chat is connected: agents are found there by their e-mail addresses.")
	wantHidden(t, "the page", page, "Not found in", "all have a user in a chat")
}

// If a chat was connected and can't be reached now, the page says since when.
func TestFirstStepsWhileTheChatIsAway(t *testing.T) {
	t.Parallel()
	s := startWithSlack(t)
	s.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`)
	storetest.Exec(t, s.Pool, `INSERT INTO outages SELECT id, '2026-11-28 19:29Z', now(), now() FROM accounts WHERE kind = 'slack'`)
	wantShown(t, "the page", s.Visitor("ann@acme.test").Get("/settings/first-steps"), "not been reached since 28 November, 19:29 UTC")
}

// The last of the first steps is done once a customer has written. It stays done after the event of that message has
// been removed.
func TestFirstStepsStayDone(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	v := s.Visitor("ann@acme.test")
	const arrived = "Something has arrived."
	wantHidden(t, "before anybody has written", v.Get("/settings/first-steps"), arrived)

	storetest.Exec(t, s.Pool, `
		INSERT INTO contacts (id, name) VALUES (1, 'Zoe');
		INSERT INTO identities (id, account_id, key, name, contact_id)
			SELECT 1, id, 'zoe@shop.test', 'Zoe', 1 FROM accounts WHERE name = 'support-mail';
		INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
			SELECT 99, id, 1, 'resolved', 'Hello', now(), now() - interval '2 months' FROM accounts WHERE name = 'support-mail'`)
	wantShown(t, "with a conversation of which no event is left", v.Get("/settings/first-steps"), arrived)
}

// The last of the first steps promises a thread only for an account that can open one. The step before says what
// another account lacks.
func TestFirstStepsPromiseNoThread(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, `
agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Night}]
accounts: [{name: shop, kind: http, http: {secret: "shop-tops3cret-key", callback_url: "https://shop.test/parley"}}]`)

	v := s.Visitor("ann@acme.test")
	const promise = "Write to <strong>shop</strong>"
	for _, tt := range []struct{ name, change, want string }{
		{name: "no team", want: "It has no team: choose one."},
		{name: "a team without a channel", change: "team: Night", want: "Its team Night has no channel"},
		{name: "paused", change: "slack_channel: C0SHOP, paused: true", want: "It is paused."},
		{name: "a channel of its own", change: "paused: false", want: promise},
	} {
		if tt.change != "" {
			s.Apply("accounts: [{name: shop, kind: http, " + tt.change + "}]")
		}

		page := v.Get("/settings/first-steps")
		wantShown(t, tt.name, page, tt.want)
		if tt.want != promise {
			wantHidden(t, tt.name, page, "appears as a thread")
		}
	}
}

// The pages that add an account say if it can't open threads, and why.
func TestAddedMailboxTellsRemarks(t *testing.T) {
	t.Parallel()
	v := sitetest.Start(t, sitetest.Acme).Visitor("ann@acme.test")
	a := v.Post("/settings/add-mailbox/servers", mailboxForm("new@acme.test"))
	page := v.Get(a.Header.Get("Location"))
	wantShown(t, "the page of a mailbox without a team", page, "The mailbox was added.", "Account new: no channel for its threads")
}

// startSecure starts a site whose address begins with https, as Teams needs it.
func startSecure(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, onlyAnn, func(o *site.Options) { o.BaseURL = "https://help.acme.test" })
}

// The description of the app is a file that Slack accepts.
func TestSlackManifestFile(t *testing.T) {
	t.Parallel()
	a := startSecure(t).Visitor("ann@acme.test").Get("/settings/first-steps/slack-manifest.json")
	wantHeader(t, "the file", a, "Content-Disposition", `attachment; filename="parley-slack-manifest.json"`)
	if !json.Valid([]byte(a.Body)) {
		t.Errorf("the file is no JSON:\n%s", a.Body)
	}
	wantShown(t, "the file", a, `"socket_mode_enabled": true`, "https://help.acme.test/auth/with/slack/back")
}

const teamsAppFile = "/settings/first-steps/teams-app.zip?package_id="

// The app for Teams is a ZIP archive.
func TestTeamsAppFile(t *testing.T) {
	t.Parallel()
	a := startSecure(t).Visitor("ann@acme.test").Get(teamsAppFile + "00000000-0000-0000-0000-000000000001")
	wantStatus(t, "the file", a, http.StatusOK)
	if _, err := zip.NewReader(strings.NewReader(a.Body), int64(len(a.Body))); err != nil {
		t.Errorf("the file is no ZIP archive: %v", err)
	}
}

func TestTeamsAppFileNeedsHTTPS(t *testing.T) {
	t.Parallel()
	overHTTP := sitetest.Start(t, sitetest.Acme).Visitor("ann@acme.test")
	wantShown(t, "the answer", overHTTP.Get(teamsAppFile+"00000000-0000-0000-0000-000000000001"), "Set PARLEY_PUBLIC_URL")
}

func TestTeamsAppFileRefusesBadID(t *testing.T) {
	t.Parallel()
	a := startSecure(t).Visitor("ann@acme.test").Get(teamsAppFile + url.QueryEscape("<b>x"))
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantHidden(t, "the answer", a, "<b>x")
}
