package demo

import (
	"testing"
	"time"
)

// newTeamsPage returns the page of a company with Teams and no messages. No Parley runs behind it.
func newTeamsPage(t *testing.T) (*Page, *Company) {
	t.Helper()
	w := must(New(t.Context(), CompanyOptions{TeamsOptions: TeamsOptions{Teams: true}}))(t)
	t.Cleanup(func() { _ = w.Close() })
	p := must(NewPage(w, PageOptions{Hold: 10 * time.Second}))(t)
	return p, w
}

// The page of Teams accepts nothing from other sites, hides the emulator's controls, and answers 404 for anything that
// doesn't exist.
func TestTeamsPageRefuses(t *testing.T) {
	t.Parallel()
	p, _ := newTeamsPage(t)
	post := "/teams/_fake/person/" + TeamsAnn + "/post"
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
		{name: "a picture that is not there", method: "GET", target: "/teams/pictures/" + TeamsSupport + "/17/0", want: 404},
		{name: "a message that is not there", method: "GET", target: "/l/message/" + TeamsSupport + "/17", want: 404},
	} {
		if got := ask(p, c.method, c.target, c.header...); got.Code != c.want {
			t.Errorf("%s: got %d, want %d: %s", c.name, got.Code, c.want, got.Body)
		}
	}
}
