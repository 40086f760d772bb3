package site_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// mostSteps is how many clicks and fields it takes at most from the link of an empty Parley to the first customer's mail in a
// thread. Six of them are for the emulated mail server, whose ports can't be looked up; with one that can be, the mailbox takes
// its address, its password and a click.
const mostSteps = 18

// stepper is somebody who sets Parley up on its pages, and counts what she clicks and fills in.
type stepper struct {
	sitetest.Walker
	t     *testing.T
	count int
	more  int // steps of Teams besides: it is folded
}

func (s *stepper) click(selector string) {
	s.t.Helper()
	s.count++
	s.Press(selector)
}

func (s *stepper) fill(field, text string) {
	s.t.Helper()
	s.count++
	s.Write(field, text)
}

func (s *stepper) choose(field, value string) {
	s.t.Helper()
	s.count++
	s.Choose(field, value)
}

// parley runs Parley on a database until the test ends.
func parley(t *testing.T, env app.Env) (*app.Database, *app.App) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db := must(app.OpenDatabase(t.Context(), env, log, func(string) {}))(t)
	t.Cleanup(db.Close)
	check(t, db.Migrate(t.Context(), env))
	a := must(app.New(t.Context(), env, db, log, app.Options{}))(t)

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return db, a
}

// world makes everything around a Parley. It exists until the test ends.
func world(t *testing.T, o demo.CompanyOptions) *demo.Company {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // Parley ends before what it talks to
	t.Cleanup(cancel)
	w := must(demo.New(ctx, o))(t)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// addMailbox adds the world's mailbox on the pages.
func (s *stepper) addMailbox(w *demo.Company) {
	s.t.Helper()
	s.fill("#f-email-address", demo.HelpAddress)
	s.click(`form[action="/settings/add-mailbox"] button.main`)

	host, port, _ := net.SplitHostPort(w.Mail.IMAPAddr())
	s.fill("#f-email-imap-host", host)
	s.fill("#f-email-imap-port", port)
	s.choose("#f-email-imap-security", "none")
	s.fill("#f-email-imap-password", demo.HelpPassword)
	_, port, _ = net.SplitHostPort(w.Mail.SMTPAddr()) // the server is that for reading
	s.fill("#f-email-smtp-port", port)
	s.click("form.page button.main")
	s.Shows("The mailbox was added.")
	s.Shows("Write a mail to help@acme.test")
}

// firstWords is what the first customer writes.
const firstWords = "It has not come."

func customerWrites(t *testing.T, w *demo.Company) {
	t.Helper()
	jane := w.Mail.Customer("Jane Doe <jane@example.org>")
	must(jane.Send(mailfake.Mail{To: []string{demo.HelpAddress}, Subject: "Where is my order?", Text: firstWords}))(t)
}

// seesIt waits until the first steps say that the mail has come. It fails the test if there were too many steps.
func (s *stepper) seesIt() {
	s.t.Helper()
	s.Shows("Something has arrived.")
	s.Looks("first-steps-arrived")
	s.t.Logf("%d clicks and fields", s.count)
	if s.count > mostSteps+s.more {
		s.t.Errorf("%d clicks and fields, more than %d", s.count, mostSteps+s.more)
	}
}

// An admin gets from an empty database to the first customer's mail in a thread of Slack, using only the pages.
// Requirement R-273: Agents by a channel's members.
func TestFirstMailInAThread(t *testing.T) {
	t.Parallel()
	w := world(t, demo.CompanyOptions{})
	w.Slack.Admin.AddUser(slackfake.User{ID: "U0GUEST", Name: "gus", RealName: "Gus Guest", Email: "gus@elsewhere.test", Restricted: true})
	w.Slack.Admin.AddUser(slackfake.User{ID: "U0GONE", Name: "gone", RealName: "Gina Gone", Email: "gina@acme.test", Deleted: true})
	for _, user := range []string{"U0GUEST", "U0GONE"} {
		check(t, w.Slack.Admin.Invite(lab.Support, user, lab.Ann))
	}

	env := app.Env{DatabaseURL: storetest.Reused(t).Config().ConnString(), Data: t.TempDir(), Listen: "127.0.0.1:0", SlackAPIURL: w.Slack.APIURL()}
	db, a := parley(t, env)
	link, err := site.FirstLink(t.Context(), db.Pool, "http://"+a.Address())
	if err != nil || link == "" {
		t.Fatalf("no link for the first admin: %v", err)
	}

	// The first admin follows the link.
	browser := sitetest.At(t, db.Pool, "http://"+a.Address()).Browser("")
	b := &stepper{t: t, Walker: browser}
	b.Open(strings.TrimPrefix(link, "http://"+a.Address()))
	b.fill("#f-name", "Ann Lee")
	b.fill("#f-email", "ann@acme.test")
	b.click("form.page button.main")
	b.Shows("1. Connect Slack or Microsoft Teams")
	b.Looks("first-steps-empty")

	// She connects Slack.
	b.fill("#f-bot_token", w.Slack.BotToken())
	b.fill("#f-app_token", w.Slack.AppToken())
	b.click(`form[action$="/slack"] button`)
	b.Shows("Slack is connected with what ann@acme.test gave")
	b.Looks("first-steps-connected")

	// She makes a team of a channel.
	b.fill("#f-channel", "#support")
	b.click(`form[action$="/team"] button`)
	b.Shows("Who answers for Support")
	b.Shows("Gus Guest")
	if text := browser.Text(); strings.Contains(text, "Gina") || strings.Contains(text, "Parley\n") && strings.Contains(text, w.Slack.BotUserID()) {
		t.Errorf("somebody stands there who can't answer:\n%s", text)
	}
	b.Looks("first-steps-members")
	b.click("form.page button.main")
	b.Shows("Confirmed: 4 people joined the team.")

	// She adds the mailbox, and a customer writes.
	b.addMailbox(w)
	customerWrites(t, w)
	waitUntil(t, "the mail is a thread", func() bool { return inThread(w.Slack, firstWords) })
	b.seesIt()

	page := browser.Value("document.documentElement.outerHTML")
	for _, secret := range []string{w.Slack.BotToken(), w.Slack.AppToken(), demo.HelpPassword} {
		if strings.Contains(page, secret) {
			t.Error("the page shows a secret")
		}
	}
}

// inThread reports whether a text is in a thread of the team's channel.
func inThread(s *slackfake.Server, text string) bool {
	for _, root := range s.Messages(lab.Support) {
		for _, m := range s.Thread(lab.Support, root.TS) {
			if strings.Contains(fmt.Sprintf("%+v %s", *m, m.Blocks), text) {
				return true
			}
		}
	}
	return false
}

// waitUntil waits for a condition.
func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	ends := time.Now().Add(2 * time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !is(); <-tick.C {
		if time.Now().After(ends) {
			t.Fatalf("in vain: %s", what)
		}
	}
}
