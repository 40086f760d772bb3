package torture

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"parley/cmd/parley/app"
	"parley/cmd/parley/child"
	"parley/cmd/parley/setup"
	"parley/store"
)

// setUp migrates the database and applies the set-up of this world: by the version that
// the run begins with.
func (s *stage) setUp(ctx context.Context) error {
	text, err := s.config()
	if err != nil {
		return err
	}
	if s.old != nil {
		return s.setUpOld(ctx, text)
	}
	env := app.Env{DatabaseURL: s.database.url(), Data: s.dir}
	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	file, err := setup.Parse([]byte(text), os.LookupEnv)
	if err != nil {
		return err
	}
	_, err = setup.Apply(ctx, db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs()})
	return err
}

// setUpOld lets the earlier version's own sub-commands do it, so that the schema is its
// own too.
func (s *stage) setUpOld(ctx context.Context, text string) error {
	path := filepath.Join(s.dir, "parley.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	env := app.Env{DatabaseURL: s.database.url(), Data: s.dir}
	run := func(args ...string) error {
		cmd := exec.CommandContext(ctx, s.old[0], args...) //nolint:gosec // what we built
		cmd.Env = child.CleanEnv(append([]string{"DATABASE_URL=" + env.DatabaseURL, "PARLEY_DATA=" + s.dir}, s.chatEnv(0)...)...)
		if said, err := cmd.CombinedOutput(); err != nil {
			return errNotSetUp(said, err)
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
	if _, err := store.EnsureSurface(ctx, db.Pool, s.wire.platform().traits().Kind); err != nil {
		return err
	}
	return run("apply", "-f", path)
}

func (s *stage) config() (string, error) {
	vars := s.vars
	imapHost, imapPort, err := net.SplitHostPort(s.network.imap.address())
	if err != nil {
		return "", fmt.Errorf("torture: imap: %w", err)
	}
	smtpHost, smtpPort, err := net.SplitHostPort(s.network.smtp.address())
	if err != nil {
		return "", fmt.Errorf("torture: smtp: %w", err)
	}
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}
	t := s.wire.platform().traits()
	return fmt.Sprintf(`company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, %[1]s: %[2]s, roles: [admin]}
  - {email: ben@acme.test, name: Ben Katz, %[1]s: %[3]s}
teams:
  - {name: %[17]s, members: [ann@acme.test, ben@acme.test], %[1]s_channel: %[4]q}
  - {name: %[16]s, members: [ann@acme.test, ben@acme.test]}
accounts:
  - name: support-mail
    kind: email
    team: %[17]s
    hold: %[5]s
    settings: {collect_floods: off} # all customers are of one domain
    email:
      address: %[6]s
      sender_name: Acme Support
%[7]s      imap: {host: %[8]s, port: %[9]s, security: none, username: %[10]s, password: %[11]s}
      smtp: {host: %[12]s, port: %[13]s, security: none, username: %[14]s, password: %[15]s}
`, t.Kind, t.Ann, t.Ben, t.Channel, s.opt.hold(), helpAddress, saveSent, imapHost, imapPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"],
		smtpHost, smtpPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"], otherTeam, supportTeam) + s.chatConfig(), nil
}

// chatConfig is the part of parley.yaml with the chat accounts. A customer keeps one
// thread: the oracle knows of no other.
func (s *stage) chatConfig() string {
	if !s.opt.Chats {
		return ""
	}
	return fmt.Sprintf(`  - {name: wa, kind: whatsapp, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     whatsapp: {phone_number_id: %[2]q, waba_id: %[3]q, token: %[4]s, app_secret: %[5]s, verify_token: %[6]s}}
  - {name: page, kind: messenger, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     messenger: {page_id: %[7]q, token: %[8]s, app_secret: %[5]s, verify_token: %[6]s}}
  - {name: sms, kind: sms, team: %[12]s, hold: %[1]s, settings: {reply_after_resolve: reopen},
     twilio: {account_sid: %[9]s, auth_token: %[10]s, from: %[11]q}}
`, s.opt.hold(), waNumber, waBusiness, waToken, appSecret, verifyToken, pageID, pageToken,
		twilioAccount, twilioToken, smsNumber, supportTeam)
}
