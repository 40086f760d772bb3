package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
)

// EmulatorsOptions select the emulators of a test run. The emulators' process gets them as JSON.
type EmulatorsOptions struct {
	EnvFile  string // path of the file to which the emulators' addresses are written, as lines NAME=value
	Seed     uint64 // of random faults
	SaveSent bool   // the mail server saves what it sends in the Sent folder
	Chats    bool   // adds WhatsApp, Messenger and SMS
	Teams    bool   // Microsoft Teams instead of Slack
	Blind    bool   // in Teams the app has no permission to read channels
	Limits   bool   // Slack and Teams enforce their published rate limits

	ShortWaits bool // Slack repeats a failed notification within seconds instead of minutes
}

// closers is a stack of cleanup functions.
type closers []func() error

// close calls all functions, last first, and joins their errors.
func (c closers) close() error {
	var err error
	for _, closeOne := range slices.Backward(c) {
		err = errors.Join(err, closeOne())
	}
	return err
}

// RunEmulators is the main function of the emulators' process. It starts emulators of the providers that Parley talks to (mail,
// Slack or Teams, …), and an HTTP server by which a Client controls them. Once everything is up it writes the addresses to
// the EnvFile, and serves until ctx ends. options is a JSON object of type Options.
func RunEmulators(ctx context.Context, options string) (err error) {
	var o EmulatorsOptions
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return fmt.Errorf("torture: options of the emulators: %w", err)
	}
	var opened closers
	defer func() { err = errors.Join(err, opened.close()) }()

	mail := mailfake.New(mailfake.Options{
		Seed:      int64(o.Seed >> 1), //nolint:gosec // a seed
		Mailboxes: []mailfake.MailboxConfig{{Address: lab.HelpAddress, Password: lab.HelpPassword, SaveToSent: o.SaveSent}},
	})
	if err := mail.Start(ctx); err != nil {
		return err
	}
	opened = append(opened, mail.Close)

	chat, chatVars := o.newAgentChat()
	if err := chat.Start("127.0.0.1:0"); err != nil {
		return err
	}
	opened = append(opened, chat.Close)

	control := http.NewServeMux()
	control.Handle("/", mail.Control())
	vars := append(chatVars(),
		"FAKE_IMAP_ADDR="+mail.IMAPAddr(),
		"FAKE_SMTP_ADDR="+mail.SMTPAddr(),
		"FAKE_MAIL_USERNAME="+lab.HelpAddress,
		"FAKE_MAIL_PASSWORD="+lab.HelpPassword,
	)

	if o.Chats {
		phones, err := openChatProviders(o.Seed)
		if err != nil {
			return err
		}
		opened = append(opened, phones.close)
		phones.addRoutes(control)
		vars = append(vars, "WHATSAPP_API_URL="+phones.graph.URL(), "MESSENGER_API_URL="+phones.graph.URL(),
			"TWILIO_API_URL="+phones.twilio.URL())
	}

	return serve(ctx, control, func(url string) error {
		return lab.WriteEnv(o.EnvFile, append(vars, "FAKE_MAIL_CONTROL="+url))
	})
}

// serve serves a handler at a free loopback address until ctx ends. Once it listens, it calls announce with its URL.
func serve(ctx context.Context, handler http.Handler, announce func(url string) error) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = announce("http://" + listener.Addr().String())
	if err == nil {
		<-ctx.Done()
	}

	err = errors.Join(err, server.Close())
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// agentChat is the emulator of the chat in which agents work.
type agentChat interface {
	Start(address string) error
	Close() error
}

// newAgentChat returns the emulator of the agents' chat, and a function that returns the environment variables by which
// Parley finds it. The function may be called only after Start.
func (o EmulatorsOptions) newAgentChat() (agentChat, func() []string) {
	if o.Teams {
		t := newOrganisation(o)
		return t, func() []string { return append(lab.TeamsEnv(t), "FAKE_TEAMS_CONTROL="+t.URL()) }
	}
	s := newWorkspace(o)
	return s, func() []string {
		return append(lab.SlackEnv(s, s.APIURL(), false), "SLACK_SIGNING_SECRET="+s.SigningSecret(), "FAKE_SLACK_CONTROL="+s.URL())
	}
}
