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
	"parley/cmd/parley/demo/company"
)

// newTeamsPage returns the page of a company with Teams and no messages. No Parley runs behind it.
func newTeamsPage(t *testing.T) (*Page, *company.Company) {
	t.Helper()
	w := must(company.New(t.Context(), company.Options{TeamsOptions: company.TeamsOptions{Teams: true}}))(t)
	t.Cleanup(func() { _ = w.Close() })
	p := must(NewPage(w, PageOptions{Hold: 10 * time.Second}))(t)
	return p, w
}

// supportTeamOf returns what a person sees in Teams while the support channel and one of its threads are open. Without a
// thread, thread is "".
func supportTeamOf(t *testing.T, p *Page, as, thread string) teamsState {
	t.Helper()
	return stateOf(t, p, url.Values{
		"as":            {company.Ann},
		"teams_as":      {as},
		"teams_channel": {company.TeamsSupport},
		"teams_thread":  {thread},
	}).Teams
}

// supportChannel returns the row of the support channel in somebody's list.
func (s teamsState) supportChannel() teamsChannel {
	return s.Channels[slices.IndexFunc(s.Channels, func(c teamsChannel) bool { return c.ID == company.TeamsSupport })]
}

// Ben answers Ann's post three times. The first answer mentions her, and he deletes the last. Ann has a mention and unread
// answers until she reads them, and Zoe has neither.
func TestTeamsStateFollowsPeople(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	root := must(w.Teams.As(company.TeamsAnn).Post(teamsfake.Post{Channel: company.TeamsSupport, Text: "who knows glazes?"}))(t)
	for _, text := range []string{"<@" + company.TeamsAnn + "> I do", "and more", "gone soon"} {
		must(w.Teams.As(company.TeamsBen).Reply(company.TeamsSupport, root, text))(t)
	}
	last := w.Teams.Thread(company.TeamsSupport, root)[3]
	check(t, w.Teams.As(company.TeamsBen).Delete(company.TeamsSupport, last.ID))

	ann := supportTeamOf(t, p, company.TeamsAnn, root)
	if len(ann.Posts) != 1 || ann.Posts[0].Replies != 2 || ann.Posts[0].Unread != 2 {
		t.Errorf("posts that Ann sees: got %+v, want one with 2 replies that are both unread", ann.Posts)
	}
	if len(ann.Thread) != 4 || !ann.Thread[3].Deleted {
		t.Errorf("thread that Ann sees: got %+v, want the post and 3 answers, the last one deleted", ann.Thread)
	}
	if got := ann.supportChannel().Mentions; got != 1 {
		t.Errorf("Ann's mentions in the channel: got %d, want 1", got)
	}
	if got := ann.Activity; len(got) != 2 || got[0].Kind != "reply" || got[1].Kind != "mention" || !got[1].Unread {
		t.Errorf("Ann's activity: got %+v, want a reply and, before it, an unread mention", got)
	}

	zoe := supportTeamOf(t, p, company.TeamsZoe, "")
	if len(zoe.Activity) != 0 || len(zoe.Thread) != 0 {
		t.Errorf("Zoe, who looks at no thread, sees the activity %+v and the thread %+v; want neither", zoe.Activity, zoe.Thread)
	}
	if got := zoe.supportChannel().Unread; got != 1 {
		t.Errorf("posts that are new to Zoe: got %d, want 1", got)
	}

	// Ann reads the channel and the thread.
	for _, place := range []string{"", root} {
		if got := ask(p, "POST", "/teams/read?"+
			url.Values{"as": {company.TeamsAnn}, "channel": {company.TeamsSupport}, "thread": {place}}.Encode()); got.Code != http.StatusOK {
			t.Fatalf("read thread %q: got %d: %s", place, got.Code, got.Body)
		}
	}
	ann = supportTeamOf(t, p, company.TeamsAnn, root)
	if ann.Posts[0].Unread != 0 || ann.supportChannel().Mentions != 0 || ann.Activity[1].Unread {
		t.Errorf("once Ann has read all: got %d unread, %d mentions, an unread activity: %t; want none of them",
			ann.Posts[0].Unread, ann.supportChannel().Mentions, ann.Activity[1].Unread)
	}

	link := ask(p, "GET", "/l/message/"+company.TeamsSupport+"/"+last.Root+"?parentMessageId="+root)
	if location := link.Header().Get("Location"); link.Code != http.StatusSeeOther || !strings.HasSuffix(location, "/"+root) {
		t.Errorf("a link to a message: got %d to %q, want %d to the thread %s", link.Code, location, http.StatusSeeOther, root)
	}
}

// The page of Teams accepts nothing from other sites, hides the emulator's controls, and answers 404 for anything that
// doesn't exist.
func TestTeamsPageRefuses(t *testing.T) {
	t.Parallel()
	p, _ := newTeamsPage(t)
	post := "/teams/_fake/person/" + company.TeamsAnn + "/post"
	crossSite := []string{"Sec-Fetch-Site", "cross-site"}
	for _, c := range []struct {
		name, method, target string
		header               []string // name, value …
		want                 int
	}{
		{name: "an empty post", method: "POST", target: post, want: 409},
		{name: "a post of another site", method: "POST", target: post, header: crossSite, want: 403},
		{name: "the emulator's controls", method: "POST", target: "/teams/_fake/admin/uninstall", want: 404},
		{name: "the emulator's secrets", method: "GET", target: "/teams/_fake/info", want: 404},
		{name: "another surface", method: "POST", target: "/surface?to=irc", want: 409},
		{name: "a choice by another site", method: "POST", target: "/surface?to=teams", header: crossSite, want: 403},
		{name: "a file that is not there", method: "GET", target: "/teams/files/x", want: 404},
		{name: "a picture that is not there", method: "GET", target: "/teams/pictures/" + company.TeamsSupport + "/17/0", want: 404},
		{name: "a message that is not there", method: "GET", target: "/l/message/" + company.TeamsSupport + "/17", want: 404},
	} {
		if got := ask(p, c.method, c.target, c.header...); got.Code != c.want {
			t.Errorf("%s: got %d, want %d: %s", c.name, got.Code, c.want, got.Body)
		}
	}
}

// The page can make Teams the home of new conversations, and revoke Parley's permission to read all messages.
func TestTeamsPageSettings(t *testing.T) {
	t.Parallel()
	p, w := newTeamsPage(t)
	for _, target := range []string{"/surface?to=teams", "/teams/permission?all=no"} {
		if got := ask(p, "POST", target); got.Code != http.StatusOK {
			t.Errorf("%s: got %d, want %d: %s", target, got.Code, http.StatusOK, got.Body)
		}
	}
	s := stateOf(t, p, url.Values{"as": {company.Ann}, "teams_as": {company.TeamsAnn}})
	if s.Home != company.SurfaceTeams {
		t.Errorf("home: got %q, want %q", s.Home, company.SurfaceTeams)
	}
	if s.Teams.ReadsAll {
		t.Error("Parley reads all messages, though it may not")
	}
	if config := w.Config(time.Second); !strings.Contains(config, "home: teams") {
		t.Errorf("parley.yaml lacks home: teams:\n%s", config)
	}
}

// Teams can't become the home in a demo without Teams.
func TestTeamsPageWithoutTeams(t *testing.T) {
	t.Parallel()
	p, _ := newTestPage(t, "")
	if got := ask(p, "POST", "/surface?to=teams"); got.Code != http.StatusConflict {
		t.Errorf("got %d, want %d", got.Code, http.StatusConflict)
	}
	if s := stateOf(t, p, url.Values{"as": {company.Ann}}); s.Teams.On || s.Home != company.SurfaceSlack {
		t.Errorf("got Teams %t, home %q; want no Teams, home %q", s.Teams.On, s.Home, company.SurfaceSlack)
	}
}

// The page offers the commands that Parley's manifest for Teams declares.
func TestTeamsManifestInPage(t *testing.T) {
	t.Parallel()
	p, _ := newTeamsPage(t)
	page := ask(p, "GET", "/").Body.String()
	_, boot, _ := strings.Cut(page, `id="boot">`)
	boot, _, _ = strings.Cut(boot, "</script>")
	var b struct{ Teams teamsBoot }
	check(t, json.Unmarshal([]byte(boot), &b))

	app := b.Teams.App
	for _, c := range []struct {
		where, title string
		offered      []teamsCommand
	}{
		{where: "a message's menu", title: "Reply to customer", offered: app.Actions},
		{where: "slash commands", title: "resolve", offered: app.Slash},
		{where: "the personal chat", title: "inbox", offered: app.Personal},
		{where: "the compose box", title: "Start conversation", offered: app.Compose},
		{where: "the search", title: "Find conversation", offered: app.Search},
	} {
		if !slices.ContainsFunc(c.offered, func(o teamsCommand) bool { return o.Title == c.title && o.Description != "" }) {
			t.Errorf("%s: got %+v, want %q with a description", c.where, c.offered, c.title)
		}
	}
}
