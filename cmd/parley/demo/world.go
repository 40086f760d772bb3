// Package demo wires the emulators together: a mail world and a Slack workspace that
// a real Parley, in another process or the same, works against. It holds the demo's
// page and plays scenarios, which are the end-to-end tests.
//
// What does not belong here: anything that Parley needs in production.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// People and places of the world. The ids look like Slack's, so that they can be
// given in parley.yaml.
const (
	HelpAddress  = "help@acme.test"
	HelpPassword = "let-me-in"
	Support      = "C0SUPPORT01"
	Random       = "C0RANDOM001"
	Ann          = "U0ANNLEE001"
	Ben          = "U0BENKATZ01"
	Zoe          = "U0ZOEGUEST1" // works here, is no agent
	Owner        = "U0OWNER0001" // the workspace's admin
)

// WorldOptions shape a World.
type WorldOptions struct {
	Log       *slog.Logger
	SlackAddr string           // host:port; "" = a free port on loopback
	IMAPAddr  string           // likewise
	SMTPAddr  string           // likewise
	Clock     func() time.Time // of the emulators; nil = time.Now
	Limits    bool             // enforce Slack's rate limits
	PostRate  float64          // with Limits: posts per second and channel; 0 = Slack's
	SaveSent  bool             // the mail server files what it sends by itself
	HTTPMode  bool             // Slack's events come as signed requests: see Slack.UseHTTP
	// WorkspaceURL starts Slack's permalinks; "" = https://<domain>.slack.com/. The demo's
	// page gives its own, so that they lead somewhere.
	WorkspaceURL string
}

// World is everything outside Parley.
type World struct {
	Mail  *mailfake.Server
	Slack *slackfake.Server
	http  bool
}

// NewWorld starts the emulators. Close ends them.
func NewWorld(ctx context.Context, o WorldOptions) (*World, error) {
	w := &World{http: o.HTTPMode}
	w.Mail = mailfake.New(mailfake.Options{Log: o.Log, Clock: o.Clock, IMAPListen: o.IMAPAddr, SMTPListen: o.SMTPAddr,
		Mailboxes: []mailfake.MailboxConfig{{Address: HelpAddress, Password: HelpPassword, SaveToSent: o.SaveSent}}})
	if err := w.Mail.Start(ctx); err != nil {
		return nil, err
	}
	so := slackfake.Options{Log: o.Log, Clock: o.Clock, SignClock: time.Now, Limits: o.Limits, PostPerSecond: o.PostRate,
		AppName: "Parley", WorkspaceURL: o.WorkspaceURL}
	so.Users = []slackfake.User{
		{ID: Ann, Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"},
		{ID: Ben, Name: "ben", RealName: "Ben Katz", Email: "ben@acme.test"},
		{ID: Zoe, Name: "zoe", RealName: "Zoe Marsh", Email: "zoe@acme.test"},
		{ID: Owner, Name: "olga", RealName: "Olga Owner", Email: "olga@acme.test", Admin: true},
	}
	w.Slack = slackfake.New(so)
	members := []string{Ann, Ben, Zoe, Owner, w.Slack.BotUserID()}
	w.Slack.AddChannel(slackfake.Channel{ID: Support, Name: "support", Members: members})
	w.Slack.AddChannel(slackfake.Channel{ID: Random, Name: "random", Members: members[:3]})
	addr := o.SlackAddr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := w.Slack.Start(addr); err != nil {
		return nil, errors.Join(err, w.Mail.Close())
	}
	return w, nil
}

// Close ends the emulators.
func (w *World) Close() error { return errors.Join(w.Slack.Close(), w.Mail.Close()) }

// Env gives the variables that point `parley serve` at this world, and those that a
// mail program needs, as NAME=value lines in a fixed order.
func (w *World) Env() []string {
	vars := []string{"SLACK_BOT_TOKEN=" + w.Slack.BotToken(), "SLACK_API_URL=" + w.Slack.APIURL()}
	if w.http {
		vars = append(vars, "SLACK_SIGNING_SECRET="+w.Slack.SigningSecret())
	} else {
		vars = append(vars, "SLACK_APP_TOKEN="+w.Slack.AppToken())
	}
	return append(vars, "FAKE_IMAP_ADDR="+w.Mail.IMAPAddr(), "FAKE_SMTP_ADDR="+w.Mail.SMTPAddr(),
		"FAKE_MAIL_USERNAME="+HelpAddress, "FAKE_MAIL_PASSWORD="+HelpPassword)
}

// Config gives the parley.yaml that sets Parley up for this world.
func (w *World) Config(hold time.Duration) string {
	imapHost, imapPort, _ := net.SplitHostPort(w.Mail.IMAPAddr())
	smtpHost, smtpPort, _ := net.SplitHostPort(w.Mail.SMTPAddr())
	var b strings.Builder
	fmt.Fprintf(&b, `company: Acme
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
    signature: |
      **Acme Support**
      Monday to Friday, 9 to 17
    email:
      address: %s
      sender_name: Acme Support
      imap: {host: %s, port: %s, security: none, username: %s, password: %s}
      smtp: {host: %s, port: %s, security: none, username: %s, password: %s}
`, Ann, Ben, Support, hold, HelpAddress, imapHost, imapPort, HelpAddress, HelpPassword, smtpHost, smtpPort, HelpAddress, HelpPassword)
	return b.String()
}
