package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// An admin sends a form that shows something else than what is stored now, since a colleague has changed it meanwhile. The
// form comes back for another reason: a fault in it, or a preview. It is still about what the admin saw, so sending it
// again doesn't undo what the colleague did.
// Requirement R-221: Pages for admins.
func TestFormsThatComeBackStayStale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		page      string     // the address of the form
		colleague url.Values // what a colleague saves meanwhile
		faulty    url.Values // what the admin sends first
		status    int        // of the answer to that
		mended    url.Values // what she sends then
	}{
		{
			name:      "a line that is no emoji",
			page:      "/settings/teams/Support",
			colleague: url.Values{"members": {"ann@acme.test"}},
			faulty:    url.Values{"emoji": {"shipit"}},
			status:    http.StatusUnprocessableEntity,
			mended:    url.Values{"emoji": {"shipit: resolve"}},
		},
		{
			name:      "a time that can't be read",
			page:      "/settings/accounts/support-mail",
			colleague: url.Values{"trial_to": {"cara@acme.test"}, "mode": {"trial"}},
			faulty:    url.Values{"hold": {"soon"}},
			status:    http.StatusUnprocessableEntity,
			mended:    url.Values{"hold": {"30s"}},
		},
		{
			name:      "a signature that is looked at first",
			page:      "/settings/accounts/support-mail/signature",
			colleague: url.Values{"signature": {"The new address: Elm Street 1"}},
			faulty:    url.Values{"signature": {"Kind regards"}, "preview": {"yes"}},
			status:    http.StatusOK,
			mended:    url.Values{},
		},
		{
			name:      "hours that nobody understands",
			page:      "/settings/accounts/support-mail/hours",
			colleague: url.Values{"hours.zone": {"Europe/Berlin"}, "hours.week.fri": {"09:00-12:00"}},
			faulty:    url.Values{"hours.zone": {"Europe/Berlin"}, "hours.week.mon": {"mornings"}},
			status:    http.StatusUnprocessableEntity,
			mended:    url.Values{"hours.week.mon": {"09:00-17:00"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Start(t, sitetest.Acme)
			ann := s.Visitor("ann@acme.test")
			opened := formOn(t, ann.Get(tt.page), tt.page)

			if a := ann.Post(tt.page, with(opened.Values, tt.colleague)); a.Status != http.StatusSeeOther {
				t.Fatalf("the colleague's form: got status %d, want 303", a.Status)
			}
			saved := exported(t, s)

			back := ann.Post(tt.page, with(opened.Values, tt.faulty))
			if back.Status != tt.status {
				t.Fatalf("the form: got status %d, want %d", back.Status, tt.status)
			}
			again := formOn(t, back, tt.page)
			again.Values.Del("preview")

			stale := ann.Post(tt.page, with(again.Values, tt.mended))
			if want := "Somebody else changed this while you did"; !stale.Has(want) {
				t.Errorf("the form that came back was sent again: got status %d without %q", stale.Status, want)
			}
			if after := exported(t, s); after != saved {
				t.Errorf("what the colleague saved was changed:\n%s", changed(saved, after))
			}

			// She was told to compare. What she sends now counts.
			if a := ann.Post(tt.page, formOn(t, stale, tt.page).Values); a.Status != http.StatusSeeOther {
				t.Errorf("the form after she was told: got status %d, want 303", a.Status)
			}
		})
	}
}

// formOn returns the form of a page that is sent to an address.
func formOn(t *testing.T, page sitetest.Answer, action string) sitetest.Form {
	t.Helper()
	for _, f := range page.Forms() {
		if f.Action == action {
			return f
		}
	}
	t.Fatalf("no form is sent to %s; the page has status %d", action, page.Status)
	return sitetest.Form{}
}

// A page has three rows more than there are days of an account, and two more than there are buttons of a template. While
// an admin fills the last one, a colleague takes out those that are stored. The form comes back with what she typed, though
// there are fewer rows by now.
// Requirement R-221: Pages for admins.
func TestFormsKeepRowsThatAreGone(t *testing.T) {
	t.Parallel()
	const yaml = sitetest.Acme + `
templates:
  - {name: parcel, accounts: [shop], language: en, body: "It left.", buttons: [{title: "Yes"}, {title: "No"}]}
`
	for _, tt := range []struct {
		page             string
		colleague, typed url.Values
	}{
		{
			page:      "/settings/accounts/support-mail/hours",
			colleague: url.Values{"hours.holidays.days.0.date": {""}, "hours.holidays.days.1.date": {""}},
			typed: url.Values{
				"hours.holidays.days.4.date": {"2026-12-31"},
				"hours.holidays.days.4.name": {"The last day"},
				"hours.holidays.days.4.open": {"09:00-12:00"},
			},
		},
		{
			page:      "/settings/templates/shop%2Fen%2Fparcel",
			colleague: url.Values{"buttons.0.title": {""}, "buttons.1.title": {""}},
			typed:     url.Values{"buttons.3.title": {"Look at it"}, "buttons.3.url": {"https://acme.test/parcel"}},
		},
	} {
		t.Run(tt.page, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Start(t, yaml)
			ann := s.Visitor("ann@acme.test")
			days := url.Values{
				"hours.zone":                 {"Europe/Berlin"},
				"hours.week.mon":             {"09:00-17:00"},
				"hours.holidays.days.0.date": {"2026-12-24"},
				"hours.holidays.days.1.date": {"2026-12-28"},
			}
			hours := "/settings/accounts/support-mail/hours"
			if a := ann.Post(hours, with(formOn(t, ann.Get(hours), hours).Values, days)); a.Status != http.StatusSeeOther {
				t.Fatalf("two days: got status %d, want 303", a.Status)
			}

			opened := formOn(t, ann.Get(tt.page), tt.page)
			if a := ann.Post(tt.page, with(opened.Values, tt.colleague)); a.Status != http.StatusSeeOther {
				t.Fatalf("the colleague's form: got status %d, want 303", a.Status)
			}
			back := formOn(t, ann.Post(tt.page, with(opened.Values, tt.typed)), tt.page)
			for name, want := range tt.typed {
				if got := back.Values[name]; !slices.Equal(got, want) {
					t.Errorf("the form that comes back has %s %q, want %q", name, got, want)
				}
			}
		})
	}
}
