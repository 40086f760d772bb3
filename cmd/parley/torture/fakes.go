package torture

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/child"
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
	Chats    bool   // there are WhatsApp, Messenger and short messages too
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
	mux := http.NewServeMux()
	mux.Handle("/", mail.Control())
	var phones *chats
	var more []string
	if o.Chats {
		if phones, err = openChats(ctx, o.Seed); err != nil {
			return errors.Join(err, listener.Close(), slack.Close(), mail.Close())
		}
		mux.Handle("/_fake/chat/", phones.control())
		more = []string{"WHATSAPP_API_URL=" + phones.graph.URL(), "MESSENGER_API_URL=" + phones.graph.URL(), "TWILIO_API_URL=" + phones.twilio.URL()}
	}
	control := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- control.Serve(listener) }()
	err = child.WriteEnv(o.Env, append([]string{
		"SLACK_BOT_TOKEN=" + slack.BotToken(), "SLACK_APP_TOKEN=" + slack.AppToken(), "SLACK_API_URL=" + slack.APIURL(),
		"SLACK_SIGNING_SECRET=" + slack.SigningSecret(),
		"FAKE_IMAP_ADDR=" + mail.IMAPAddr(), "FAKE_SMTP_ADDR=" + mail.SMTPAddr(),
		"FAKE_MAIL_USERNAME=" + helpAddress, "FAKE_MAIL_PASSWORD=" + helpPassword,
		"FAKE_SLACK_CONTROL=" + slack.URL(), "FAKE_MAIL_CONTROL=http://" + listener.Addr().String(),
	}, more...))
	if err == nil {
		<-ctx.Done()
	}
	err = errors.Join(err, control.Close())
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if phones != nil {
		err = errors.Join(err, phones.close())
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
