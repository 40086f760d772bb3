package demo

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/demo/outside"
)

// newTeamsPage returns the page of an empty world with Teams, without a Parley behind it.
func newTeamsPage(t *testing.T) (*Page, *outside.World) {
	t.Helper()
	w, err := outside.New(t.Context(), outside.Options{TeamsOptions: outside.TeamsOptions{Teams: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	p, err := NewPage(w, PageOptions{Hold: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p, w
}

func teamsOf(t *testing.T, p *Page, as, channel, thread string) teamsState {
	t.Helper()
	return stateOf(t, p, url.Values{"as": {outside.Ann}, "teams_as": {as}, "teams_channel": {channel}, "teams_thread": {thread}}).Teams
}

// What each person sees in Teams, and what is new to them.
func TestTeamsStateFollowsPeople(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	root, err := w.Teams.As(outside.TeamsAnn).Post(teamsfake.Post{Channel: outside.TeamsSupport, Text: "who knows glazes?"})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"<@" + outside.TeamsAnn + "> I do", "and more", "gone soon"} {
		if _, err := w.Teams.As(outside.TeamsBen).Reply(outside.TeamsSupport, root, text); err != nil {
			t.Fatal(err)
		}
	}
	last := w.Teams.Thread(outside.TeamsSupport, root)[3]
	if err := w.Teams.As(outside.TeamsBen).Delete(outside.TeamsSupport, last.ID); err != nil {
		t.Fatal(err)
	}
	ann := teamsOf(t, p, outside.TeamsAnn, outside.TeamsSupport, root)
	support := slices.IndexFunc(ann.Channels, func(c teamsChannel) bool { return c.ID == outside.TeamsSupport })
	if len(ann.Posts) != 1 || ann.Posts[0].Replies != 2 || ann.Posts[0].Unread != 2 || len(ann.Thread) != 4 || !ann.Thread[3].Deleted || ann.Channels[support].Mentions != 1 {
		t.Errorf("Ann sees %+v", ann)
	}
	if len(ann.Activity) != 2 || ann.Activity[0].Kind != "reply" || ann.Activity[1].Kind != "mention" || !ann.Activity[1].Unread {
		t.Errorf("Ann is told of %+v", ann.Activity)
	}
	zoe := teamsOf(t, p, outside.TeamsZoe, outside.TeamsSupport, "")
	if len(zoe.Activity) != 0 || zoe.Channels[support].Unread != 1 || len(zoe.Thread) != 0 {
		t.Errorf("Zoe sees %+v", zoe)
	}
	for _, place := range []string{"", root} {
		if got := ask(p, "POST", "/teams/read?"+url.Values{"as": {outside.TeamsAnn}, "channel": {outside.TeamsSupport}, "thread": {place}}.Encode()); got.Code != http.StatusOK {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
	}
	if ann := teamsOf(t, p, outside.TeamsAnn, outside.TeamsSupport, root); ann.Posts[0].Unread != 0 || ann.Channels[support].Mentions != 0 || ann.Activity[1].Unread {
		t.Errorf("after reading Ann sees %+v", ann)
	}
	if got := ask(p, "GET", "/l/message/"+outside.TeamsSupport+"/"+last.Root+"?parentMessageId="+root); got.Code != http.StatusSeeOther || !strings.HasSuffix(got.Header().Get("Location"), "/"+root) {
		t.Errorf("a link to a message: %d %s", got.Code, got.Header().Get("Location"))
	}
}

// What others may not do, and what there is not.
func TestTeamsPageRefuses(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	post := "/teams/_fake/person/" + outside.TeamsAnn + "/post"
	for _, c := range []struct {
		name, method, target string
		header               []string
		want                 int
	}{
		{"an empty post", "POST", post, nil, 409},
		{"a post of another site", "POST", post, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"the emulator's controls", "POST", "/teams/_fake/admin/uninstall", nil, 404},
		{"the emulator's secrets", "GET", "/teams/_fake/info", nil, 404},
		{"another surface", "POST", "/surface?to=irc", nil, 409},
		{"a choice by another site", "POST", "/surface?to=teams", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a file that is not there", "GET", "/teams/files/x", nil, 404},
		{"a picture that is not there", "GET", "/teams/pictures/" + outside.TeamsSupport + "/17/0", nil, 404},
		{"a message that is not there", "GET", "/l/message/" + outside.TeamsSupport + "/17", nil, 404},
		{"Teams", "POST", "/surface?to=teams", nil, 200},
		{"the permission", "POST", "/teams/permission?all=no", nil, 200},
	} {
		if got := ask(p, c.method, c.target, c.header...); got.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.Code, c.want, got.Body)
		}
	}
	s := stateOf(t, p, url.Values{"as": {outside.Ann}, "teams_as": {outside.TeamsAnn}})
	if s.Home != outside.SurfaceTeams || s.Teams.ReadsAll || !strings.Contains(w.Config(time.Second), "home: teams") {
		t.Errorf("home %q, reads all: %v", s.Home, s.Teams.ReadsAll)
	}

	slack, _ := newTestPage(t, "")
	if got := ask(slack, "POST", "/surface?to=teams"); got.Code != http.StatusConflict {
		t.Errorf("Teams where there is none: %d", got.Code)
	}
	if s := stateOf(t, slack, url.Values{"as": {outside.Ann}}); s.Teams.On || s.Home != outside.SurfaceSlack {
		t.Errorf("Teams where there is none: %+v", s.Teams)
	}
}

// What the page offers is what Parley's own manifest declares.
func TestTeamsManifestInPage(t *testing.T) {
	t.Parallel()
	p, _ := newTeamsPage(t)
	page := ask(p, "GET", "/").Body.String()
	_, boot, _ := strings.Cut(page, `id="boot">`)
	boot, _, _ = strings.Cut(boot, "</script>")
	var b struct{ Teams teamsBoot }
	if err := json.Unmarshal([]byte(boot), &b); err != nil {
		t.Fatal(err)
	}
	has := func(list []teamsCommand, title string) bool {
		return slices.ContainsFunc(list, func(c teamsCommand) bool { return c.Title == title && c.Description != "" })
	}
	app := b.Teams.App
	if !has(app.Actions, "Reply to customer") || !has(app.Slash, "resolve") || !has(app.Personal, "inbox") || !has(app.Compose, "Start conversation") || !has(app.Search, "Find conversation") {
		t.Errorf("the page offers %+v", app)
	}
}
