package torture

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/store"
)

// A run tests Parley by fault injection. This file prepares the database for it: it creates the tables, and applies a
// configuration file (parley.yaml) with the mail account, the chat accounts and the teams of the run. A run may begin
// with an earlier version of Parley, to test an upgrade. Then that version does both, so that the database has its
// schema.

// setUp migrates the database and applies the run's parley.yaml.
func (s *session) setUp(ctx context.Context) error {
	config := s.composeConfig()
	if s.oldProgram != nil {
		return s.setUpWithOldProgram(ctx, config)
	}
	return lab.SetUp(ctx, s.env(), config, nil) // nil: the file may have accounts of every kind
}

// env returns the environment of sub-commands that use the database.
func (s *session) env() app.Env { return app.Env{DatabaseURL: s.database.URL(), Data: s.dir} }

// setUpWithOldProgram does what setUp does, by the sub-commands of the earlier version.
func (s *session) setUpWithOldProgram(ctx context.Context, config string) error {
	path := filepath.Join(s.dir, "parley.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	if err := s.runOldProgram(ctx, "migrate"); err != nil {
		return err
	}
	if err := s.ensureSurface(ctx); err != nil {
		return err
	}
	return s.runOldProgram(ctx, "apply", "-f", path)
}

// runOldProgram runs a sub-command of the earlier version.
func (s *session) runOldProgram(ctx context.Context, args ...string) error {
	const replica = 0 // all replicas reach the same chat
	env := s.env()
	variables := append([]string{"DATABASE_URL=" + env.DatabaseURL, "PARLEY_DATA=" + env.Data}, s.chatEnv(replica)...)

	cmd := exec.CommandContext(ctx, s.oldProgram[0], args...) //nolint:gosec // what we built
	cmd.Env = lab.CleanEnv(variables...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("torture: set up the earlier version: %w: %s", err, output)
	}
	return nil
}

// ensureSurface creates the account of the surface, which is the chat where agents work (Slack or Teams). parley.yaml names
// a channel of that chat, and the `apply` command of an earlier version may expect that its account exists.
func (s *session) ensureSurface(ctx context.Context) error {
	ignoreNotice := func(string) {}
	db, err := app.OpenDatabase(ctx, s.env(), slog.New(slog.DiscardHandler), ignoreNotice)
	if err != nil {
		return err
	}
	defer db.Close()

	_, err = store.EnsureSurface(ctx, db.Pool, s.client.Platform().Traits().Kind)
	return err
}

// composeConfig returns the text of the run's parley.yaml.
func (s *session) composeConfig() string {
	const members = "members: [ann@acme.test, ben@acme.test]"
	traits := s.client.Platform().Traits()
	agents := lab.Agents(lab.Chats{Slack: traits.Kind == "slack", Teams: traits.Kind == "teams"})
	teams := fmt.Sprintf("  - {name: %s, %s, %s_channel: %q}\n", SupportTeam, members, traits.Kind, traits.Channel) +
		fmt.Sprintf("  - {name: %s, %s}\n", OtherTeam, members)

	return "company: Acme\n" + agents +
		"teams:\n" + teams +
		"accounts:\n" + s.mailAccount() + s.chatAccounts() + s.automations()
}

// automations returns automations that act on what customers and agents do. None assigns, since each conversation has one agent of the
// run, whose texts would stay inside if it were another's.
func (s *session) automations() string {
	if s.oldProgram != nil {
		return ""
	}
	return `automations:
  - {name: New, when: {received: true}, then: [{tag: New}, {priority: high}]}
  - {name: Tagged, when: {tagged: New}, then: [{note: Look at it.}]}
  - {name: Solved, when: {status: resolved}, then: [{priority: normal}]}
`
}

// mailAccount returns the entry of parley.yaml for the mailbox that customers write to. The hold is the time that a reply
// waits before it is sent, so that its author can undo it.
func (s *session) mailAccount() string {
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}
	autoReply := ""
	if s.oldProgram == nil { // an earlier version may not know the key
		autoReply = fmt.Sprintf("    auto_reply: {first: {text: %q}}\n", AutomaticReply)
	}
	servers := lab.MailServers(s.network.imap.address(), s.network.smtp.address(), "none",
		s.vars["FAKE_MAIL_USERNAME"], s.vars["FAKE_MAIL_PASSWORD"])
	return fmt.Sprintf(`  - name: support-mail
    kind: email
    team: %s
    hold: %s
    settings: {collect_floods: off} # all customers are of one domain
%s    email:
      address: %s
      sender_name: Acme Support
`, SupportTeam, s.opt.hold(), autoReply, lab.HelpAddress) + saveSent + servers
}

// chatAccounts returns the entries of parley.yaml for the accounts by which customers chat, or "" if the run has none. A
// customer keeps one thread even after it was resolved (reply_after_resolve), because the checker expects one thread
// for each customer.
func (s *session) chatAccounts() string {
	if !s.opt.Chats {
		return ""
	}

	meta := fmt.Sprintf("app_secret: %s, verify_token: %s", AppSecret, VerifyToken)
	accounts := []struct{ name, kind, section string }{
		{"wa", "whatsapp", fmt.Sprintf("whatsapp: {phone_number_id: %q, waba_id: %q, token: %s, %s}",
			WhatsAppNumber, WhatsAppBusiness, WhatsAppToken, meta)},
		{"page", "messenger", fmt.Sprintf("messenger: {page_id: %q, token: %s, %s}", PageID, PageToken, meta)},
		{"sms", "sms", fmt.Sprintf("twilio: {account_sid: %s, auth_token: %s, from: %q}",
			TwilioAccount, TwilioToken, SMSNumber)},
	}

	var text strings.Builder
	for _, a := range accounts {
		fmt.Fprintf(&text, "  - {name: %s, kind: %s, team: %s, hold: %s, settings: {reply_after_resolve: reopen},\n     %s}\n",
			a.name, a.kind, SupportTeam, s.opt.hold(), a.section)
	}
	return text.String()
}
