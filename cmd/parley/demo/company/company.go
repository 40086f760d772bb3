// Package company is Acme, the company whose helpdesk the demo and its stories show, and everything else outside Parley:
//   - emulators of its mail server, Slack, Microsoft 365, phones and the providers of its accounts, and its customers,
//   - proxies between them and Parley, which can be cut,
//   - their clock.
//
// What does not belong here: Parley's process and database, and the demo's page.
package company

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/phone"
	"parley/cmd/parley/lab"
)

// People and places of the company. The ids look like Slack's, so that they can be given in parley.yaml.
const (
	HelpAddress  = lab.HelpAddress
	HelpPassword = lab.HelpPassword
	Support      = lab.Support
	Random       = "C0RANDOM001"
	Ann          = lab.Ann
	Ben          = lab.Ben
	Zoe          = lab.Zoe
	Owner        = "U0OWNER0001" // the workspace's admin
)

// Options shape a Company. The zero value is a mail server and a Slack workspace, at free ports of loopback.
type Options struct {
	Log *slog.Logger
	// Clock is that of the emulators; nil means time.Now.
	Clock func() time.Time
	// TokenClock dates the tokens of Teams; nil means Clock. Parley checks them by the machine's clock, also
	// when Clock is moved.
	TokenClock func() time.Time
	// PublicURL is the address of the Parley that works with this company, such as http://127.0.0.1:8080. Teams and Phones
	// send webhooks there.
	PublicURL string
	// Proxies puts a proxy that can be cut (package proxy) between Parley and Slack, Teams and the mail server. The proxies then
	// listen at SlackAddr, TeamsAddr, IMAPAddr and SMTPAddr, and the emulators at free ports.
	Proxies bool

	// Mail.
	IMAPAddr string // host:port; "" means a free port on loopback
	SMTPAddr string // likewise
	SaveSent bool   // the mail server files what it sends by itself

	// Chats in which agents work.
	SlackAddr string  // host:port; "" means a free port on loopback
	HTTPMode  bool    // Slack's events come as signed requests: see slackfake.Webhooks.Use
	Limits    bool    // Slack and Teams enforce rate limits
	PostRate  float64 // with Limits: Slack's posts per second and channel; 0 means the real one's
	// WorkspaceURL starts Slack's permalinks; "" means https://<domain>.slack.com/. The demo's
	// page gives its own, so that they lead somewhere.
	WorkspaceURL string
	// Patience is how long chats wait for Parley's answer to a person; 0 means as long as the real ones.
	Patience time.Duration
	TeamsOptions

	// Phones adds WhatsApp, Messenger and SMS (emulated Meta and Twilio), and the providers of accounts. Meta sends
	// webhooks once Subscribe was called.
	Phones     bool
	PhoneClock func() time.Time // of the phones; nil means Clock
	GraphAddr  string           // host:port of Meta's Graph API; "" means a free port on loopback
	TwilioAddr string           // likewise of Twilio's API
	OIDCAddr   string           // likewise of the OpenID provider by which people sign in to the site
}

// Company is Acme with its customers: the emulated mail server, chats and phones to which Parley connects. parley demo and parley fakes
// each start one. Env and Config return the settings with which a real Parley works with it.
type Company struct {
	Mail  *mailfake.Server
	Slack *slackfake.Server
	Teams *teamsfake.Server // nil without Options.Teams

	o         Options
	proxies   *proxies                       // nil without Options.Proxies
	home      atomic.Pointer[string]         // the chat in which conversations open: see SetHome
	phones    atomic.Pointer[phone.Exchange] // nil without Options.Phones
	providers *providers                     // nil without Options.Phones
}

// New starts the emulators. Close ends them.
func New(ctx context.Context, o Options) (*Company, error) {
	c := &Company{o: o}
	c.SetHome(o.Home)
	c.Mail = mailfake.New(mailfake.Options{
		Log:        o.Log,
		Clock:      o.Clock,
		CheckToken: c.isTokenAccepted,
		IMAPListen: c.emulatorAddr(o.IMAPAddr),
		SMTPListen: c.emulatorAddr(o.SMTPAddr),
		Mailboxes:  []mailfake.MailboxConfig{{Address: HelpAddress, Password: HelpPassword, SaveToSent: o.SaveSent}},
	})
	c.Slack = slackfake.New(slackfake.Options{
		Log:           o.Log,
		Clock:         o.Clock,
		SignClock:     time.Now,
		Limits:        o.Limits,
		PostPerSecond: o.PostRate,
		AppName:       "Parley",
		WorkspaceURL:  o.WorkspaceURL,
		AckTimeout:    o.Patience,
		TriggerLife:   o.Patience,
		Users: append(lab.SlackPeople(), slackfake.User{
			ID:       Owner,
			Name:     "olga",
			RealName: "Olga Owner",
			Email:    "olga@acme.test",
			Admin:    true,
		}),
	})
	c.makeChannels()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// start starts the emulators, and the proxies if there are any.
func (c *Company) start(ctx context.Context) error {
	if err := c.openProviders(); err != nil {
		return err
	}
	if err := c.Mail.Start(ctx); err != nil {
		return err
	}
	if err := c.Slack.Start(c.emulatorAddr(c.o.SlackAddr)); err != nil {
		return err
	}
	if err := c.openTeams(); err != nil {
		return err
	}
	if c.o.Proxies {
		if err := c.startProxies(ctx); err != nil {
			return err
		}
	}
	return c.openPhones(ctx)
}

const anyPort = "127.0.0.1:0"

// emulatorAddr returns the host:port at which the emulator listens that Parley reaches at addr: there, unless addr is left to
// chance, or a proxy listens there.
func (c *Company) emulatorAddr(addr string) string {
	if c.o.Proxies {
		return anyPort
	}
	return cmp.Or(addr, anyPort)
}

// makeChannels makes the channels support and random.
func (c *Company) makeChannels() {
	people := []string{Ann, Ben, Zoe}
	c.Slack.Admin.AddChannel(slackfake.Channel{
		ID:      Support,
		Name:    "support",
		Members: append(slices.Clone(people), Owner, c.Slack.BotUserID()),
	})
	c.Slack.Admin.AddChannel(slackfake.Channel{ID: Random, Name: "random", Members: people})
}

// Clock is the emulators' clock; nil means the machine's.
func (c *Company) Clock() func() time.Time { return c.o.Clock }

// Reset empties the emulators: everything is as New left it, but cut proxies stay cut.
// Errors: the phones' addresses were taken meanwhile.
func (c *Company) Reset(ctx context.Context) error {
	c.Slack.Reset()
	c.makeChannels()
	if c.Teams != nil {
		c.Teams.Reset()
	}
	c.Mail.Reset()
	return c.openPhones(ctx)
}

// Close ends the emulators.
func (c *Company) Close() error {
	if c.proxies != nil {
		c.proxies.close()
	}
	var err error
	if c.Teams != nil {
		err = c.Teams.Close()
	}
	return errors.Join(err, c.Phones().Close(), c.Slack.Close(), c.Mail.Close(), c.closeProviders())
}

// addressesForParley returns the host:port of Slack, IMAP and SMTP for Parley.
func (c *Company) addressesForParley() (slack, imap, smtp string) {
	if c.proxies != nil {
		return c.proxies.slack.Addr, c.proxies.imap.Addr, c.proxies.smtp.Addr
	}
	return addressOf(c.Slack.URL()), c.Mail.IMAPAddr(), c.Mail.SMTPAddr()
}

// Env returns the variables that point `parley serve` at this company, and those that a
// mail program needs, as NAME=value lines in a fixed order.
func (c *Company) Env() []string {
	slack, imap, smtp := c.addressesForParley()
	var vars []string
	if !c.o.NoSlack {
		vars = lab.SlackEnv(c.Slack, "http://"+slack+"/api/", c.o.HTTPMode)
	}
	return slices.Concat(vars, c.teamsEnv(), c.Phones().Env(), c.providerEnv(), []string{
		"FAKE_IMAP_ADDR=" + imap,
		"FAKE_SMTP_ADDR=" + smtp,
		"FAKE_MAIL_USERNAME=" + HelpAddress,
		"FAKE_MAIL_PASSWORD=" + HelpPassword,
	})
}

// Config returns the parley.yaml that sets Parley up for this company. hold is how long an agent can take a reply
// back before it is sent.
func (c *Company) Config(hold time.Duration) string {
	_, imap, smtp := c.addressesForParley()
	mail := fmt.Sprintf(`  - name: support-mail
    kind: email
    team: Support
    hold: %s
    signature: |
      **Acme Support**
      Monday to Friday, 9 to 17
    email:
      address: %s
      sender_name: Acme Support
%s`, hold, HelpAddress, lab.MailServers(imap, smtp, "none", HelpAddress, HelpPassword))
	return "company: Acme\n" + c.People() + c.Phones().Templates() + "accounts:\n" + mail + c.Phones().Config(hold)
}
