package torture

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"parley/cmd/parley/app"
	"parley/cmd/parley/setup"
	"parley/store"
)

// setUp migrates the database and applies the set-up of this world.
func (s *stage) setUp(ctx context.Context, vars map[string]string) error {
	env := app.Env{DatabaseURL: s.database.url(), Data: s.dir}
	db, err := app.OpenDatabase(ctx, env, slog.New(slog.DiscardHandler), func(string) {})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil {
		return err
	}
	if _, err := store.EnsureSurface(ctx, db.Pool, "slack"); err != nil {
		return err
	}
	text, err := s.config(vars)
	if err != nil {
		return err
	}
	file, err := setup.Parse([]byte(text), os.LookupEnv)
	if err != nil {
		return err
	}
	_, err = setup.Apply(ctx, db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs()})
	return err
}

func (s *stage) config(vars map[string]string) (string, error) {
	imapHost, imapPort, err := net.SplitHostPort(vars["FAKE_IMAP_ADDR"])
	if err != nil {
		return "", fmt.Errorf("torture: FAKE_IMAP_ADDR: %w", err)
	}
	smtpHost, smtpPort, err := net.SplitHostPort(vars["FAKE_SMTP_ADDR"])
	if err != nil {
		return "", fmt.Errorf("torture: FAKE_SMTP_ADDR: %w", err)
	}
	saveSent := ""
	if s.opt.OwnCopies {
		saveSent = "      save_sent: \"on\"\n"
	}
	return fmt.Sprintf(`company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, slack: %s, roles: [admin]}
  - {email: ben@acme.test, name: Ben Katz, slack: %s}
teams:
  - {name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: %s}
accounts:
  - name: support-mail
    kind: email
    team: Support
    hold: %s
    email:
      address: %s
      sender_name: Acme Support
%s      imap: {host: %s, port: %s, security: none, username: %s, password: %s}
      smtp: {host: %s, port: %s, security: none, username: %s, password: %s}
`, ann, ben, support, s.opt.hold(), helpAddress, saveSent, imapHost, imapPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"],
		smtpHost, smtpPort, vars["FAKE_MAIL_USERNAME"], vars["FAKE_MAIL_PASSWORD"]), nil
}
