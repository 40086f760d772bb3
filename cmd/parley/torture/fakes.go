package torture

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// People and places of this world.
const (
	helpAddress  = "help@acme.test"
	helpPassword = "let-me-in"
	support      = "C0SUPPORT01"
	ann          = "U0ANNLEE001"
	ben          = "U0BENKATZ01"
	zoe          = "U0ZOEGUEST1" // works here, is no agent
)

// FakesOptions shape the emulators of a run.
type FakesOptions struct {
	Env      string // file that gets their addresses, as NAME=value lines
	Seed     uint64 // of faults by chance
	SaveSent bool   // the mail server files what it sends by itself
}

// Fakes is the whole life of the emulators' process: it serves them, and all control
// over them, until ctx ends.
func Fakes(ctx context.Context, o FakesOptions) error {
	mail := mailfake.New(mailfake.Options{Seed: int64(o.Seed >> 1), //nolint:gosec // a seed
		Mailboxes: []mailfake.MailboxConfig{{Address: helpAddress, Password: helpPassword, SaveToSent: o.SaveSent}}})
	if err := mail.Start(ctx); err != nil {
		return err
	}
	slack := newWorkspace(o.Seed)
	if err := slack.Start("127.0.0.1:0"); err != nil {
		return errors.Join(err, mail.Close())
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, slack.Close(), mail.Close())
	}
	control := &http.Server{Handler: mail.Control(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- control.Serve(listener) }()
	err = writeVars(o.Env, []string{
		"SLACK_BOT_TOKEN=" + slack.BotToken(), "SLACK_APP_TOKEN=" + slack.AppToken(), "SLACK_API_URL=" + slack.APIURL(),
		"FAKE_IMAP_ADDR=" + mail.IMAPAddr(), "FAKE_SMTP_ADDR=" + mail.SMTPAddr(),
		"FAKE_MAIL_USERNAME=" + helpAddress, "FAKE_MAIL_PASSWORD=" + helpPassword,
		"FAKE_SLACK_CONTROL=" + slack.URL(), "FAKE_MAIL_CONTROL=http://" + listener.Addr().String(),
	})
	if err == nil {
		<-ctx.Done()
	}
	err = errors.Join(err, control.Close())
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return errors.Join(err, slack.Close(), mail.Close())
}

func newWorkspace(seed uint64) *slackfake.Server {
	s := slackfake.New(slackfake.Options{Seed: int64(seed >> 1), AppName: "parley", Users: []slackfake.User{ //nolint:gosec // a seed
		{ID: ann, Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"},
		{ID: ben, Name: "ben", RealName: "Ben Katz", Email: "ben@acme.test"},
		{ID: zoe, Name: "zoe", RealName: "Zoe Marsh", Email: "zoe@acme.test"},
	}})
	s.AddChannel(slackfake.Channel{ID: support, Name: "support", Members: []string{ann, ben, zoe, s.BotUserID()}})
	return s
}

// writeVars writes a file in one step, readable by the owner alone.
func writeVars(path string, vars []string) error {
	err := os.WriteFile(path+".tmp", []byte(strings.Join(vars, "\n")+"\n"), 0o600)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		return fmt.Errorf("torture: emulators: %w", err)
	}
	return nil
}
