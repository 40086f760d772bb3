package emulators

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/child"
	"parley/cmd/parley/lab"
)

// Options say which emulators a run has.
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

// Run is the main function of the emulators' process. It serves the emulators, and the addresses by which a Client controls
// them, until ctx ends.
func Run(ctx context.Context, o Options) error {
	mail := mailfake.New(mailfake.Options{Seed: int64(o.Seed >> 1), //nolint:gosec // a seed
		Mailboxes: []mailfake.MailboxConfig{{Address: lab.HelpAddress, Password: lab.HelpPassword, SaveToSent: o.SaveSent}}})
	if err := mail.Start(ctx); err != nil {
		return err
	}

	office, vars := o.newAgentChat()
	if err := office.Start("127.0.0.1:0"); err != nil {
		return errors.Join(err, mail.Close())
	}

	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, office.Close(), mail.Close())
	}

	mux := http.NewServeMux()
	mux.Handle("/", mail.Control())
	var phones *chatProviders
	var more []string
	if o.Chats {
		if phones, err = openChatProviders(ctx, o.Seed); err != nil {
			return errors.Join(err, listener.Close(), office.Close(), mail.Close())
		}
		phones.addRoutes(mux)
		more = []string{"WHATSAPP_API_URL=" + phones.graph.URL(), "MESSENGER_API_URL=" + phones.graph.URL(), "TWILIO_API_URL=" + phones.twilio.URL()}
	}

	var read *model
	if o.Model {
		if read, err = openModel(ctx, o.Seed); err != nil {
			return errors.Join(err, closeChatProviders(phones), listener.Close(), office.Close(), mail.Close())
		}
		mux.Handle("/_fake/model/", read.newControl(o.Seed))
		more = append(more, read.Env()...)
	}

	control := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- control.Serve(listener) }()
	err = child.WriteEnv(o.EnvFile, append([]string{
		"FAKE_IMAP_ADDR=" + mail.IMAPAddr(), "FAKE_SMTP_ADDR=" + mail.SMTPAddr(),
		"FAKE_MAIL_USERNAME=" + lab.HelpAddress, "FAKE_MAIL_PASSWORD=" + lab.HelpPassword,
		"FAKE_MAIL_CONTROL=http://" + listener.Addr().String(),
	}, append(vars(), more...)...))
	if err == nil {
		<-ctx.Done()
	}

	err = errors.Join(err, control.Close())
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	if read != nil {
		err = errors.Join(err, read.Stop())
	}
	return errors.Join(err, closeChatProviders(phones), office.Close(), mail.Close())
}

// closeChatProviders closes the emulators of phones, if there are any.
func closeChatProviders(c *chatProviders) error {
	if c == nil {
		return nil
	}
	return c.close()
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
		return t, func() []string {
			return append(lab.TeamsEnv(t), "FAKE_TEAMS_CONTROL="+t.URL())
		}
	}
	s := newWorkspace(o)
	return s, func() []string {
		return append(lab.SlackEnv(s, s.APIURL(), false), "SLACK_SIGNING_SECRET="+s.SigningSecret(), "FAKE_SLACK_CONTROL="+s.URL())
	}
}
