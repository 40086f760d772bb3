package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/channels/email/mailfake"
	"parley/channels/wire"
	"parley/cmd/parley/lab"
)

// mailboxAddress returns the address of the n-th mailbox.
func mailboxAddress(n int) string { return fmt.Sprintf("help%d@acme.test", n) }

// mailWorld is a World, which is a new database with a Slack emulator, and a mail server in this process.
// parley.yaml has one email account for each mailbox, such as help0@acme.test.
type mailWorld struct {
	*World

	mail *mailfake.Server
	cert string // path of the mail server's certificate; "" means no TLS
}

type mailOptions struct {
	boxes     int  // number of mailboxes
	tls       bool // Parley connects to the mail server by TLS
	viaSocket bool // Slack sends events over Socket Mode instead of webhooks
}

// startMailWorld starts a world with mailboxes, and a Slack emulator without rate limits. The caller closes it.
func startMailWorld(ctx context.Context, b *Rig, o mailOptions) (*mailWorld, error) {
	server := mailfake.Options{TLS: o.tls}
	for n := range o.boxes {
		server.Mailboxes = append(server.Mailboxes, mailfake.MailboxConfig{Address: mailboxAddress(n), Password: lab.HelpPassword})
	}

	m := &mailWorld{mail: mailfake.New(server)}
	if err := m.mail.Start(ctx); err != nil {
		return nil, fmt.Errorf("bench: mail server: %w", err)
	}

	w, err := StartWorld(ctx, b, WorldOptions{
		Slack:  &SlackOptions{Sockets: o.viaSocket},
		Config: func(w *World) string { return w.SlackConfig(mailAccounts(m.mail, o.boxes, o.tls)) },
	})
	if err != nil {
		return nil, errors.Join(err, m.mail.Close())
	}

	m.World = w
	if o.tls {
		m.cert = filepath.Join(w.Dir, "cert.pem")
		if err := os.WriteFile(m.cert, m.mail.CertPEM(), 0o600); err != nil {
			return nil, errors.Join(err, m.close())
		}
	}

	return m, nil
}

// mailAccounts returns the entries of the list accounts in parley.yaml.
func mailAccounts(m *mailfake.Server, boxes int, secure bool) string {
	security, imap, smtp := "none", m.IMAPAddr(), m.SMTPAddr()
	if secure {
		security, imap, smtp = "tls", m.IMAPTLSAddr(), m.SMTPTLSAddr()
	}

	var y strings.Builder
	for n := range boxes {
		fmt.Fprintf(&y, `  - name: mail%[1]d
    kind: email
    team: Team0
    hold: 0s
    settings: {collect_floods: off}
    email:
      address: %[2]s
      sender_name: Acme
%[3]s`, n, mailboxAddress(n), lab.MailServers(imap, smtp, security, mailboxAddress(n), lab.HelpPassword))
	}

	return y.String()
}

func (m *mailWorld) close() error { return errors.Join(m.World.Close(), m.mail.Close()) }

// serve starts a Parley and waits until it watches every mailbox.
func (m *mailWorld) serve(ctx context.Context) (*Child, error) {
	o := ParleyOptions{}
	if m.cert != "" {
		o.Env = []string{"SSL_CERT_FILE=" + m.cert}
	}
	if m.Rig.Opt.CPUProfile != "" {
		o.Args = m.Rig.MeasuredArgs()
	}
	c, err := m.StartParley(ctx, o)
	if err != nil {
		return nil, err
	}
	return c, m.waitUntilWatched(ctx)
}

// waitUntilWatched waits until Parley has connected to every mailbox and looked for new mail.
func (m *mailWorld) waitUntilWatched(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		n, err := lab.Unwatched(ctx, m.Pool)
		if err != nil || n == 0 {
			return err
		}
		if !wire.For(ctx, LookEvery) {
			return fmt.Errorf("bench: mailboxes: %d are not watched", n)
		}
	}
}
