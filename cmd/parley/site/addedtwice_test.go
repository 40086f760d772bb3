package site_test

import (
	"net/http"
	"net/url"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// mailboxForm is the form that adds a mailbox without trying it out.
func mailboxForm(address string) url.Values {
	return url.Values{
		"email.address":       {address},
		"email.imap.host":     {"imap.acme.test"},
		"email.imap.port":     {"993"},
		"email.imap.password": {"p"},
		"email.smtp.host":     {"smtp.acme.test"},
		"email.smtp.port":     {"587"},
		"untested":            {"yes"},
	}
}

// If two admins add the same thing at the same moment, one of them succeeds, and the other is told why not.
func TestAddedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	first, second := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test")
	for _, tt := range []struct {
		name string
		path string
		form url.Values
	}{
		{name: "tag", path: "/settings/new-tag", form: url.Values{"name": {"Twins"}, "color": {"#112233"}}},
		{name: "team", path: "/settings/new-team", form: url.Values{"name": {"Twins"}, "slack_channel": {"C0TWINS"}}},
		{name: "agent", path: "/settings/new-agent", form: url.Values{"email": {"twin@acme.test"}, "name": {"Twin"}}},
		{
			name: "template",
			path: "/settings/new-template",
			form: url.Values{"accounts": {"shop"}, "language": {"de"}, "name": {"twins"}, "body": {"Hello"}},
		},
		{
			name: "account",
			path: "/settings/new-account/http",
			form: url.Values{"name": {"twin-shop"}, "http.secret": {"tops3cret-of-the-twin"}, "http.callback_url": {"https://shop.test/c"}},
		},
		{name: "mailbox", path: "/settings/add-mailbox/servers", form: mailboxForm("twins@twins.test")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := make(chan sitetest.Answer)
			for _, v := range []*sitetest.Visitor{first, second} {
				go func() { answers <- v.Post(tt.path, tt.form) }()
			}

			added, refused := 0, 0
			for range 2 {
				a := <-answers
				switch a.Status {
				case http.StatusSeeOther:
					added++
				case http.StatusUnprocessableEntity:
					refused++
					saysWhy := a.Has("There is one of that name already") || a.Has("just now") || a.Has("has this address already") ||
						a.Has("The account twins takes messages from there already")
					if !saysWhy {
						t.Errorf("the refusal doesn't say that there is one already:\n%s", a.Body)
					}
				default:
					t.Errorf("status %d, want 303 or 422\n%s", a.Status, a.Body)
				}
			}

			if added != 1 || refused != 1 {
				t.Errorf("%d were added and %d refused, want one of each", added, refused)
			}
		})
	}
}

// A mailbox that an account already has is refused, also if its address is written in other letters, such as
// capitals.
func TestMailboxOfOtherAccountIsRefused(t *testing.T) {
	t.Parallel()
	a := startEverything(t).Visitor("ann@acme.test").Post("/settings/add-mailbox/servers", mailboxForm("Help@acme.test"))
	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a, "The account support-mail takes messages from there already")
}
