package site_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// zonesCompany is deskCompany with agents who chose no time zone. The business hours of support-mail, the first
// account, are Tokyo's, and those of guards-mail New York's.
func zonesCompany() string {
	return strings.NewReplacer(
		"zone: UTC, ", "",
		"name: support-mail,", `name: support-mail, hours: {zone: Asia/Tokyo, week: {mon-fri: "09:00-17:00"}},`,
		"name: guards-mail,", `name: guards-mail, hours: {zone: America/New_York, week: {mon-fri: "09:00-17:00"}},`,
	).Replace(deskCompany)
}

// startWithZones starts a site with zonesCompany, and conversation 4711 of guards-mail, which is Cat's. An engine
// works behind its inbox.
func startWithZones(t *testing.T, change ...func(*site.Options)) *sitetest.Site {
	t.Helper()
	s := sitetest.Start(t, zonesCompany(), append(change, func(o *site.Options) {
		e := newEngine(t, o)
		runEngine(t, e)
		o.Inbox = e.Inbox()
	})...)
	storetest.Exec(t, s.Pool, `
		INSERT INTO conversations (id, account_id, status, assignees, last_at, created_at)
		SELECT 4711, accounts.id, 'open', ARRAY[agents.id], now(), now()
		FROM accounts, agents
		WHERE accounts.name = 'guards-mail' AND agents.email = 'cat@acme.test'`)
	return s
}

// An agent who chose no time zone sees times in the zone of the business hours. The first account that has some
// decides.
func TestTimesInTheZoneOfTheHours(t *testing.T) {
	t.Parallel()
	s := startWithZones(t)
	storetest.Exec(t, s.Pool, `
		INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what)
		SELECT 1, 4711, '2026-01-05 12:00Z', id, 'agent', 'resolved'
		FROM agents
		WHERE email = 'cat@acme.test'`)

	page := s.Visitor("ann@acme.test").Get("/settings/log?what=resolved")

	wantStatus(t, "the log", page, http.StatusOK)
	wantShown(t, "the log", page, "2026-01-05 21:00:00")
}

// An agent who chose no time zone sees the times of a conversation in the zone in which the engine reads what is
// typed there.
func TestTimesInTheZoneOfTheConversation(t *testing.T) {
	t.Parallel()
	s := startWithZones(t)
	storetest.Exec(t, s.Pool, `
		UPDATE conversations
		SET status = 'snoozed', snoozed_until = '2031-01-05 12:00Z'`)

	page := s.Visitor("cat@acme.test").Get("/inbox/4711")

	wantStatus(t, "the page", page, http.StatusOK)
	wantShown(t, "the page", page, "<dt>State</dt><dd dir=\"auto\">Snoozed until 5 Jan 2031 07:00</dd>")
}

// At 9 o'clock in New York somebody snoozes a conversation of New York's account until 10 o'clock. In UTC, and in
// Tokyo, that is past.
func TestSnoozeInTheZoneOfTheConversation(t *testing.T) {
	t.Parallel()
	nextYear := time.Now().Year() + 1
	nineInNewYork := time.Date(nextYear, time.July, 1, 13, 0, 0, 0, time.UTC)
	s := startWithZones(t, func(o *site.Options) { o.Now = func() time.Time { return nineInNewYork } })
	cat := s.Visitor("cat@acme.test")

	a := cat.Post("/inbox/4711", form(cat.Get("/inbox/4711"), "verb", "snooze", "other", "today 10:00"))

	wantStatus(t, "the snooze", a, http.StatusSeeOther)
}

// The list of people names the zone that somebody chose, and says of others that they chose none.
func TestZonesInTheListOfPeople(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)

	page := s.Visitor("ann@acme.test").Get("/settings/agents")

	wantStatus(t, "the list", page, http.StatusOK)
	wantShown(t, "the list", page, `data-label="Time zone">Europe/Berlin<`, `data-label="Time zone">not chosen<`)
}
