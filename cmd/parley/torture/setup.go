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

func (s *session) composeConfig() string {
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}

	t := s.client.Platform().Traits()
	return "company: Acme\n" + lab.Agents(t.Kind == "slack", t.Kind == "teams") + fmt.Sprintf(`teams:
  - {name: %[1]s, members: [ann@acme.test, ben@acme.test], %[2]s_channel: %[3]q}
  - {name: %[4]s, members: [ann@acme.test, ben@acme.test]}
accounts:
  - name: support-mail
    kind: email
    team: %[1]s
    hold: %[5]s
    settings: {collect_floods: off} # all customers are of one domain
    email:
      address: %[6]s
      sender_name: Acme Support
%[7]s%[8]s`, checker.SupportTeam, t.Kind, t.Channel, checker.OtherTeam, s.opt.hold(), lab.HelpAddress, saveSent,
		lab.MailServers(s.network.imap.address(), s.network.smtp.address(), "none", s.vars["FAKE_MAIL_USERNAME"], s.vars["FAKE_MAIL_PASSWORD"])) + s.chatConfig()
}

// chatConfig returns the part of parley.yaml with the chat accounts. A customer keeps one thread (reply_after_resolve):
// the checker expects one.
func (s *session) chatConfig() string {
	if !s.opt.Chats {
		return ""
	}
	return fmt.Sprintf(`  - {name: wa, kind: whatsapp, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     whatsapp: {phone_number_id: %[2]q, waba_id: %[3]q, token: %[4]s, app_secret: %[5]s, verify_token: %[6]s}}
  - {name: page, kind: messenger, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     messenger: {page_id: %[7]q, token: %[8]s, app_secret: %[5]s, verify_token: %[6]s}}
  - {name: sms, kind: sms, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     twilio: {account_sid: %[9]s, auth_token: %[10]s, from: %[11]q}}
`, s.opt.hold(), emulators.WhatsAppNumber, emulators.WhatsAppBusiness, emulators.WhatsAppToken, emulators.AppSecret, emulators.VerifyToken, emulators.PageID, emulators.PageToken,
		emulators.TwilioAccount, emulators.TwilioToken, emulators.SMSNumber, checker.SupportTeam)
}
