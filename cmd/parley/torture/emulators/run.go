package emulators

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
	"parley/cmd/parley/child"
	"parley/cmd/parley/lab"
)

// Options say which emulators a run has. The process of the emulators gets them as JSON.
type Options struct {
	EnvFile  string // the file that gets their addresses, as lines NAME=value
	Seed     uint64 // of faults by chance
	SaveSent bool   // the mail server files what it sends by itself
	Chats    bool   // there are WhatsApp, Messenger and short messages too
	Teams    bool   // there is Microsoft Teams instead of Slack
	Blind    bool   // in Teams the app may not read channels
	Model    bool   // there is a model that reads what customers write
	Limits   bool   // Slack and Teams keep to the limits that they publish

	ShortWaits bool // Slack tries again within seconds to tell Parley of an event
}

// closers close what was opened, the last first.
type closers []func() error

func (c closers) close() error {
	var err error
	for _, closeOne := range slices.Backward(c) {
		err = errors.Join(err, closeOne())
	}
	return err
}

// Run is the main function of the emulators' process. It serves the emulators, and the addresses by which a Client controls
// them, until ctx ends. options are the Options as JSON.
func Run(ctx context.Context, options string) (err error) {
	var o Options
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

	if o.Model {
		model, err := openModel(ctx, o.Seed)
		if err != nil {
			return err
		}
		opened = append(opened, model.Stop)
		control.Handle("/_fake/model/", model.newControl(o.Seed))
		vars = append(vars, model.Env()...)
	}

	return serve(ctx, control, func(url string) error {
		return child.WriteEnv(o.EnvFile, append(vars, "FAKE_MAIL_CONTROL="+url))
	})
}

// serve serves a handler at a loopback address until ctx ends. Once it can be reached it calls announce with its URL.
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

// newAgentChat makes the emulator of the chat, and a function that returns the variables by which Parley finds it. That
// function may be called once the emulator has started.
func (o Options) newAgentChat() (agentChat, func() []string) {
	if o.Teams {
		t := newOrganisation(o)
		return t, func() []string { return append(lab.TeamsEnv(t), "FAKE_TEAMS_CONTROL="+t.URL()) }
	}
	s := newWorkspace(o)
	return s, func() []string {
		return append(lab.SlackEnv(s, s.APIURL(), false), "SLACK_SIGNING_SECRET="+s.SigningSecret(), "FAKE_SLACK_CONTROL="+s.URL())
	}
}
