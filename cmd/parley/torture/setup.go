package torture

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"

	"parley/cmd/parley/app"
	"parley/cmd/parley/child"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
	"parley/store"
)

// This file makes the database ready for a run: it creates the tables, and applies a parley.yaml with the mail
// account, the chat accounts and the teams of the run. If the run begins with an earlier version of Parley, that
// version does both.

// setUp migrates the database and applies the run's parley.yaml, by the version with which the run begins.
func (s *session) setUp(ctx context.Context) error {
	text := s.composeConfig()
	if s.oldProgram != nil {
		return s.setUpWithOldProgram(ctx, text)
	}
	return lab.SetUp(ctx, app.Env{DatabaseURL: s.database.URL(), Data: s.dir}, text, nil)
}

// setUpWithOldProgram is setUp by the earlier version's own sub-commands, so that the schema is that version's, too.
func (s *session) setUpWithOldProgram(ctx context.Context, text string) error {
	path := filepath.Join(s.dir, "parley.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("torture: %w", err)
	}

	env := app.Env{DatabaseURL: s.database.URL(), Data: s.dir}
	run := func(args ...string) error {
		cmd := exec.CommandContext(ctx, s.oldProgram[0], args...) //nolint:gosec // what we built
		cmd.Env = child.CleanEnv(append([]string{"DATABASE_URL=" + env.DatabaseURL, "PARLEY_DATA=" + s.dir}, s.chatEnv(0)...)...)
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("torture: set up the earlier version: %w: %s", err, output)
		}
		return nil
	}
	if err := run("migrate"); err != nil {
		return err
	}

	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return err
	}
	defer db.Close()

	if _, err := store.EnsureSurface(ctx, db.Pool, s.client.Platform().Traits().Kind); err != nil {
		return err
	}

	return run("apply", "-f", path)
}

// composeConfig returns parley.yaml.
func (s *session) composeConfig() string {
	const members = "members: [ann@acme.test, ben@acme.test]"
	t := s.client.Platform().Traits()
	return "company: Acme\n" +
		lab.Agents(lab.Chats{Slack: t.Kind == "slack", Teams: t.Kind == "teams"}) +
		"teams:\n" +
		fmt.Sprintf("  - {name: %s, %s, %s_channel: %q}\n", checker.SupportTeam, members, t.Kind, t.Channel) +
		fmt.Sprintf("  - {name: %s, %s}\n", checker.OtherTeam, members) +
		"accounts:\n" + s.mailAccount() + s.chatAccounts()
}

// mailAccount returns the account of parley.yaml by which customers write mails.
func (s *session) mailAccount() string {
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}
	servers := lab.MailServers(s.network.imap.address(), s.network.smtp.address(), "none",
		s.vars["FAKE_MAIL_USERNAME"], s.vars["FAKE_MAIL_PASSWORD"])
	return fmt.Sprintf(`  - name: support-mail
    kind: email
    team: %s
    hold: %s
    settings: {collect_floods: off} # all customers are of one domain
    email:
      address: %s
      sender_name: Acme Support
`, checker.SupportTeam, s.opt.hold(), lab.HelpAddress) + saveSent + servers
}

// chatAccounts returns the accounts of parley.yaml by which customers chat. A customer keeps one thread
// (reply_after_resolve): the checker expects one.
func (s *session) chatAccounts() string {
	if !s.opt.Chats {
		return ""
	}
	account := func(name, kind, channel string) string {
		return fmt.Sprintf("  - {name: %s, kind: %s, team: %s, hold: %s, settings: {reply_after_resolve: reopen},\n     %s}\n",
			name, kind, checker.SupportTeam, s.opt.hold(), channel)
	}
	meta := fmt.Sprintf("app_secret: %s, verify_token: %s", emulators.AppSecret, emulators.VerifyToken)
	return account("wa", "whatsapp", fmt.Sprintf("whatsapp: {phone_number_id: %q, waba_id: %q, token: %s, %s}",
		emulators.WhatsAppNumber, emulators.WhatsAppBusiness, emulators.WhatsAppToken, meta)) +
		account("page", "messenger", fmt.Sprintf("messenger: {page_id: %q, token: %s, %s}", emulators.PageID, emulators.PageToken, meta)) +
		account("sms", "sms", fmt.Sprintf("twilio: {account_sid: %s, auth_token: %s, from: %q}",
			emulators.TwilioAccount, emulators.TwilioToken, emulators.SMSNumber))
}
