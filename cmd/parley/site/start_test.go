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
	"parley/store"
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

// listCredentials returns the credentials that are stored for chats.
func listCredentials(t *testing.T, s *sitetest.Site) []store.Credential {
	t.Helper()
	return must(store.Credentials(t.Context(), s.Pool, sitetest.Sealer(t)))(t)
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
	membersForm = "/settings/first-steps/members"
	membersPage = membersForm + "?team=Support&chat=slack"
)

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
